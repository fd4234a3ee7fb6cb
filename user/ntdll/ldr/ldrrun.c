/*
 * ldrrun.c - who is called when: DllMain and TLS callbacks
 *
 * Attaching runs along InInitializationOrderModuleList, so that a module is called after those it
 * imports from; detaching runs against it. The program itself is not in that list; its TLS
 * callbacks come last on attach and first on detach. All of it happens under the loader's lock:
 * that is why a DllMain must not wait for other threads.
 */

#include "ntdllp.h"

static PLDR_DATA_TABLE_ENTRY LdrpFromInitLink(_In_ PLIST_ENTRY Link) {
    return CONTAINING_RECORD(Link, LDR_DATA_TABLE_ENTRY, InInitializationOrderLinks);
}

static BOOLEAN LdrpCallInitRoutine(_In_ PLDR_DATA_TABLE_ENTRY Entry, _In_ ULONG Reason,
                                   _In_opt_ PVOID Context) {
    if (Entry->EntryPoint == NULL || !(Entry->Flags & LDRP_IMAGE_DLL)) {
        return TRUE;
    }
    return Entry->EntryPoint(Entry->DllBase, Reason, Context);
}

/* LdrpCallDetach - tells one module that it goes (Context NULL), or the process does. */
VOID LdrpCallDetach(_In_ PLDR_DATA_TABLE_ENTRY Entry, _In_opt_ PVOID Context) {
    if (!(Entry->Flags & LDRP_PROCESS_ATTACH_CALLED)) {
        return;
    }
    Entry->Flags &= ~LDRP_PROCESS_ATTACH_CALLED;
    LdrpCallTlsInitializers(Entry, DLL_PROCESS_DETACH);
    LdrpCallInitRoutine(Entry, DLL_PROCESS_DETACH, Context);
}

/* A module that refuses to be attached is told to detach at once. */
static NTSTATUS LdrpCallAttach(_In_ PLDR_DATA_TABLE_ENTRY Entry, _In_opt_ PVOID Context) {
    Entry->Flags |= LDRP_ENTRY_PROCESSED | LDRP_PROCESS_ATTACH_CALLED;
    Entry->DdagNode->State = LdrModulesInitializing;
    LdrpCallTlsInitializers(Entry, DLL_PROCESS_ATTACH);
    if (!LdrpCallInitRoutine(Entry, DLL_PROCESS_ATTACH, Context)) {
        Entry->Flags |= LDRP_PROCESS_ATTACH_FAILED;
        Entry->DdagNode->State = LdrModulesInitError;
        DbgPrint("LDR: %wZ: DllMain failed\n", &Entry->BaseDllName);
        LdrpCallDetach(Entry, Context);
        return STATUS_DLL_INIT_FAILED;
    }
    Entry->DdagNode->State = LdrModulesReadyToRun;
    return STATUS_SUCCESS;
}

/*
 * LdrpRunInitializeRoutines - DllMain(DLL_PROCESS_ATTACH) of every module that has not had it.
 *
 * Context is DllMain's third argument: not NULL for modules that the process starts with. A routine
 * may load further modules, so the list is looked through from the start after each call.
 */
NTSTATUS LdrpRunInitializeRoutines(_In_opt_ PVOID Context) {
    PLIST_ENTRY Head = &NtCurrentPeb()->Ldr->InInitializationOrderModuleList;
    PLIST_ENTRY Link = Head->Flink;
    NTSTATUS Status = STATUS_SUCCESS;

    while (NT_SUCCESS(Status) && Link != Head) {
        PLDR_DATA_TABLE_ENTRY Entry = LdrpFromInitLink(Link);

        if (Entry->Flags & LDRP_ENTRY_PROCESSED) {
            Link = Link->Flink;
        } else {
            Status = LdrpCallAttach(Entry, Context);
            Link = Head->Flink;
        }
    }
    return Status;
}

static VOID LdrpCallForThread(_In_ PLDR_DATA_TABLE_ENTRY Entry, _In_ ULONG Reason) {
    if ((Entry->Flags & LDRP_PROCESS_ATTACH_CALLED) &&
        !(Entry->Flags & LDRP_DONT_CALL_FOR_THREADS)) {
        LdrpCallTlsInitializers(Entry, Reason);
        LdrpCallInitRoutine(Entry, Reason, NULL);
    }
}

/* LdrpInitializeThread - a new thread: its TLS, then DLL_THREAD_ATTACH all along. */
NTSTATUS LdrpInitializeThread(VOID) {
    PLIST_ENTRY Head = &NtCurrentPeb()->Ldr->InInitializationOrderModuleList;
    PLIST_ENTRY Link;
    NTSTATUS Status;

    RtlEnterCriticalSection(&LdrpLoaderLock);
    Status = LdrpAllocateThreadTls();
    if (NT_SUCCESS(Status)) {
        for (Link = Head->Flink; Link != Head; Link = Link->Flink) {
            LdrpCallForThread(LdrpFromInitLink(Link), DLL_THREAD_ATTACH);
        }
        LdrpCallTlsInitializers(LdrpImageEntry, DLL_THREAD_ATTACH);
    }
    RtlLeaveCriticalSection(&LdrpLoaderLock);
    return Status;
}

/*
 * LdrShutdownThread - the current thread is about to end: DLL_THREAD_DETACH in reverse, then its
 * thread-local storage is freed.
 */
NTSTATUS NTAPI LdrShutdownThread(VOID) {
    PLIST_ENTRY Head = &NtCurrentPeb()->Ldr->InInitializationOrderModuleList;
    PLIST_ENTRY Link;

    RtlEnterCriticalSection(&LdrpLoaderLock);
    LdrpCallTlsInitializers(LdrpImageEntry, DLL_THREAD_DETACH);
    for (Link = Head->Blink; Link != Head; Link = Link->Blink) {
        LdrpCallForThread(LdrpFromInitLink(Link), DLL_THREAD_DETACH);
    }
    LdrpFreeThreadTls();
    RtlLeaveCriticalSection(&LdrpLoaderLock);
    return STATUS_SUCCESS;
}

/*
 * LdrShutdownProcess - the process is about to end, and the current thread is the only one left:
 * DLL_PROCESS_DETACH in reverse. Does nothing the second time, or before the process was
 * initialised.
 */
NTSTATUS NTAPI LdrShutdownProcess(VOID) {
    PPEB_LDR_DATA Ldr = NtCurrentPeb()->Ldr;
    PLIST_ENTRY Head, Link;

    if (Ldr == NULL || !Ldr->Initialized || Ldr->ShutdownInProgress) {
        return STATUS_SUCCESS;
    }
    Ldr->ShutdownInProgress = TRUE;
    Ldr->ShutdownThreadId = NtCurrentTeb()->ClientId.UniqueThread;
    Head = &Ldr->InInitializationOrderModuleList;
    LdrpCallTlsInitializers(LdrpImageEntry, DLL_PROCESS_DETACH);
    for (Link = Head->Blink; Link != Head; Link = Link->Blink) {
        LdrpCallDetach(LdrpFromInitLink(Link), Ldr);
    }
    return STATUS_SUCCESS;
}

/* RtlDllShutdownInProgress - TRUE once LdrShutdownProcess has begun. */
BOOLEAN NTAPI RtlDllShutdownInProgress(VOID) {
    return NtCurrentPeb()->Ldr->ShutdownInProgress;
}
