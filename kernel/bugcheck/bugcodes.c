/*
 * bugcodes.c - names of bugcheck codes
 */

#include "ntdef.h"
#include "bugcodes.h"
#include "bugcheckp.h"

static const struct {
    ULONG Code;
    PCSTR Name;
} KiBugCodes[] = {
#define BUGCHECK_ROW(Name, Value) {(ULONG)Value, #Name},
    BUGCHECK_CODES(BUGCHECK_ROW)
#undef BUGCHECK_ROW
};

PCSTR KiBugCheckName(ULONG Code) {
    for (ULONG Index = 0; Index < RTL_NUMBER_OF(KiBugCodes); Index += 1) {
        if (KiBugCodes[Index].Code == Code) {
            return KiBugCodes[Index].Name;
        }
    }
    return "UNKNOWN_BUGCHECK_CODE";
}
