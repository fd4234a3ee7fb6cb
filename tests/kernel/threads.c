/* threads.c - threads for the tests to use */
#include "kmtest.h"
#include "ob.h"
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
