/*
 * The system service table.
 *
 * ssdt.asm, generated from sdk/services.tbl, holds for each number where in the image its service
 * is. At start-up the table takes the form that Windows gives it in memory, and that debuggers
 * know: the distance from the table to the service, shifted left by 4, with the number of stack
 * arguments below.
 */
#include "ki.h"

extern LONG KiServiceTable[];
extern UCHAR KiArgumentTable[];
extern ULONG KiServiceLimit;
extern UCHAR __ImageBase[]; /* the linker: where the image begins */

VOID KeCompactServiceTable(VOID) {
    for (ULONG i = 0; i < KiServiceLimit; i++) {
        LONG_PTR Target = (LONG_PTR)__ImageBase + KiServiceTable[i];
        KiServiceTable[i] = (LONG)((Target - (LONG_PTR)KiServiceTable) * 16 + KiArgumentTable[i]);
    }
}

/* What services.tbl marks with "-". */
NTSTATUS KiNotImplementedService(VOID) {
    return STATUS_NOT_IMPLEMENTED;
}
