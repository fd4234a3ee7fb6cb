/*
 * host.h - a test program is one file of TESTs
 *
 * The first line of a test file names the sources to link: `// sources: rtl/string/string.c ...`. Each
 * TEST registers itself; main, defined here, runs all in the order of the file and prints TAP. A
 * test stops at its first failed CHECK.
 */
#ifndef _HOST_H_
#define _HOST_H_

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include "ntdef.h"
#include "ntrtl.h"
#include "ntstatus.h"

typedef struct _HOST_TEST {
    const char *Name;
    void (*Run)(void);
} HOST_TEST;

static HOST_TEST HostTests[200];
static int HostTestCount;
static jmp_buf HostFailed;
static char HostReason[300];

#define TEST(Name)                                                                                 \
    static void HostRun_##Name(void);                                                              \
    __attribute__((constructor)) static void HostAdd_##Name(void) {                                \
        HostTests[HostTestCount++] = (HOST_TEST){#Name, HostRun_##Name};                           \
    }                                                                                              \
    static void HostRun_##Name(void)

#define CHECK(Condition)                                                                           \
    do {                                                                                           \
        if (!(Condition)) {                                                                        \
            snprintf(HostReason, sizeof(HostReason), "%s:%d: %s", __FILE__, __LINE__, #Condition); \
            longjmp(HostFailed, 1);                                                                \
        }                                                                                          \
    } while (0)

#define CHECK_EQ(Actual, Expected)                                                                 \
    do {                                                                                           \
        long long HostActual = (long long)(Actual);                                                \
        long long HostExpected = (long long)(Expected);                                            \
        if (HostActual != HostExpected) {                                                          \
            snprintf(HostReason, sizeof(HostReason),                                               \
                     "%s:%d: %s is %lld (%#llx), not %lld (%#llx)", __FILE__, __LINE__, #Actual,   \
                     HostActual, HostActual, HostExpected, HostExpected);                          \
            longjmp(HostFailed, 1);                                                                \
        }                                                                                          \
    } while (0)

int main(void) {
    volatile int Failures = 0;

    printf("1..%d\n", HostTestCount);
    for (volatile int Index = 0; Index < HostTestCount; Index++) {
        if (setjmp(HostFailed) == 0) {
            HostTests[Index].Run();
            printf("ok %d - %s\n", Index + 1, HostTests[Index].Name);
        } else {
            printf("not ok %d - %s: %s\n", Index + 1, HostTests[Index].Name, HostReason);
            Failures++;
        }
    }
    return Failures != 0;
}

#endif
