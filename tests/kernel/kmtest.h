/*
 * kmtest.h - tests that run inside the kernel, as a boot driver
 *
 *   KMT_TEST(pool_zeroes) {
 *       KMT_CHECK(Block != NULL);
 *   }
 *
 * DriverEntry runs every test of the image at PASSIVE_LEVEL, in a system thread, and writes to the
 * kernel log "KMTEST ok name" or "KMTEST not ok name: file:line: condition", at the end
 * "KMTEST done: N ok, N not ok". tests/test_kernel.py makes a result of each line. The load option
 * "/KMTEST=pool" leaves only the tests whose names begin with pool.
 */
#ifndef KMTEST_H
#define KMTEST_H

#include "ntdef.h"
#include "ntstatus.h"
#include "ke.h"
#include "mm.h"
#include "kd.h"

#define KMT_TAG 'tmK '

typedef VOID (*KMT_ROUTINE)(VOID);
typedef struct _KMT_ENTRY {
    PCSTR Name;
    KMT_ROUTINE Routine;
} KMT_ENTRY;

/* The linker puts what stands between .kmt$a and .kmt$z side by side: the list of all tests. */
#define KMT_TEST(TestName)                                                                         \
    static VOID Kmt_##TestName(VOID);                                                              \
    __attribute__((section(".kmt$m"), used)) static const KMT_ENTRY KmtEntry_##TestName = {        \
        #TestName, Kmt_##TestName};                                                                \
    static VOID Kmt_##TestName(VOID)

/* KMT_CRASH(name): what ends in a bugcheck. Run instead of the tests by the load option
   "/KMTCRASH=name"; if it comes back, the driver says so and stops by MANUALLY_INITIATED_CRASH1. */
#define KMT_CRASH(CrashName)                                                                       \
    static VOID KmtCrash_##CrashName(VOID);                                                        \
    __attribute__((section(".kmc$m"), used)) static const KMT_ENTRY KmtCrashEntry_##CrashName = {  \
        #CrashName, KmtCrash_##CrashName};                                                         \
    static VOID KmtCrash_##CrashName(VOID)

#define KMT_CHECK(Condition)                                                                       \
    do {                                                                                           \
        if (!(Condition)) {                                                                        \
            KmtFail(__FILE__, __LINE__, #Condition);                                               \
        }                                                                                          \
    } while (0)

/* As KMT_CHECK(Value == Expected), and a failure shows both. */
#define KMT_EQUAL(Value, Expected)                                                                 \
    do {                                                                                           \
        ULONG64 KmtValue = (ULONG64)(Value), KmtExpected = (ULONG64)(Expected);                    \
        if (KmtValue != KmtExpected) {                                                             \
            KmtFailEqual(__FILE__, __LINE__, #Value " == " #Expected, KmtValue, KmtExpected);      \
        }                                                                                          \
    } while (0)

/* The driver object of the tests: what makes devices needs one. */
extern struct _DRIVER_OBJECT *KmtDriver;

/* kmthread.c. TRUE once the thread waits for Reason; once *Value is what is wanted. */
BOOLEAN KmtUntilWaiting(_In_ PKTHREAD Thread, _In_ KWAIT_REASON Reason);
BOOLEAN KmtUntil(_In_ volatile LONG *Value, _In_ LONG Wanted);
VOID KmtNap(_In_ ULONG Milliseconds);

/* Notes that the running test has failed, and why; the first reason is shown. */
VOID KmtFail(_In_ PCSTR File, _In_ ULONG Line, _In_ PCSTR Condition);
VOID KmtFailEqual(_In_ PCSTR File, _In_ ULONG Line, _In_ PCSTR Condition, _In_ ULONG64 Value,
                  _In_ ULONG64 Expected);

/* threads.c: a system thread that runs Routine; a referenced object, NULL if there is none.
   KmtJoin waits for its end and gives the reference back. */
PKTHREAD KmtStart(_In_ PKSTART_ROUTINE Routine, _In_opt_ PVOID Context);
VOID KmtJoin(_In_ PKTHREAD Thread);

#endif
