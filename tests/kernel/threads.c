/* threads.c - threads for the tests to use */
#include "kmtest.h"
#include "ob.h"
#include "mm.h"
#include "ps.h"

PKTHREAD KmtStart(PKSTART_ROUTINE Routine, PVOID Context) {
    HANDLE Handle;
    PVOID Thread = NULL;
    if (NT_SUCCESS(
            PsCreateSystemThread(&Handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, Routine, Context))) {
        ObReferenceObjectByHandle(Handle, THREAD_ALL_ACCESS, NULL, KernelMode, &Thread, NULL);
        ObCloseHandle(Handle, KernelMode);
    }
    return Thread;
}

VOID KmtJoin(PKTHREAD Thread) {
    KeWaitForSingleObject(Thread, Executive, KernelMode, FALSE, NULL);
    ObDereferenceObject(Thread);
}

/* The lower end of a stack that has hardly been used is as MmCreateKernelStack filled it. */
KMT_TEST(thread_stack_is_poisoned) {
    PUCHAR Stack = MmCreateKernelStack(FALSE, 0);
    KMT_CHECK(Stack != NULL);
    if (Stack != NULL) {
        ULONG Other = 0;
        for (PUCHAR At = Stack - KERNEL_STACK_SIZE; At < Stack; At++) {
            Other += *At != KERNEL_STACK_POISON;
        }
        KMT_EQUAL(Other, 0);
        MmDeleteKernelStack(Stack, FALSE);
    }
}
