/*
 * thread.c - threads from their first instruction to their last
 *
 * A new thread goes through LdrInitializeThunk (ldrinit.c) and then starts in RtlUserThreadStart,
 * whose frame is the outermost of every user stack: its exception filter is the one that is asked
 * last. (In Windows kernel32 steps in between; a program that imports only ntdll does not see it.)
 */

#include "ntdllp.h"

static PTOP_LEVEL_EXCEPTION_FILTER RtlpTopLevelFilter;

/*
 * RtlSetUnhandledExceptionFilter - who is asked about an exception that nobody handled. Its answer
 * is an EXCEPTION_... value, as of any filter.
 */
VOID NTAPI RtlSetUnhandledExceptionFilter(_In_opt_ PTOP_LEVEL_EXCEPTION_FILTER Filter) {
    __atomic_store_n(&RtlpTopLevelFilter, Filter, __ATOMIC_RELEASE);
}

/*
 * The last filter. Without one of the program's own the exception goes on unhandled, so that the
 * kernel gives it its second chance: a debugger's, then the end of the process.
 */
static LONG RtlpUnhandledExceptionFilter(_In_ PEXCEPTION_POINTERS Pointers) {
    PTOP_LEVEL_EXCEPTION_FILTER Filter = __atomic_load_n(&RtlpTopLevelFilter, __ATOMIC_ACQUIRE);

    return Filter != NULL ? Filter(Pointers) : EXCEPTION_CONTINUE_SEARCH;
}

/*
 * RtlUserThreadStart - runs StartRoutine(Argument) and ends the thread with what it returns.
 *
 * Every thread begins here; the kernel puts the two arguments into rcx and rdx.
 */
VOID NTAPI RtlUserThreadStart(_In_ PUSER_THREAD_START_ROUTINE StartRoutine, _In_ PVOID Argument) {
    __try {
        RtlExitUserThread(StartRoutine(Argument));
    } __except (RtlpUnhandledExceptionFilter(GetExceptionInformation())) {
        NtTerminateProcess(NtCurrentProcess(), GetExceptionCode());
    }
}

/*
 * RtlExitUserThread - ends the current thread, and with the last thread the process. Does not
 * return.
 */
DECLSPEC_NORETURN VOID NTAPI RtlExitUserThread(_In_ NTSTATUS ExitStatus) {
    ULONG Last = 0;
    NTSTATUS Status;

    Status =
        NtQueryInformationThread(NtCurrentThread(), ThreadAmILastThread, &Last, sizeof(Last), NULL);
    if (NT_SUCCESS(Status) && Last) {
        RtlExitUserProcess(ExitStatus);
    }
    LdrShutdownThread();
    NtTerminateThread(NtCurrentThread(), ExitStatus);
    __builtin_trap();
}

/*
 * RtlCreateUserThread - a thread of Process that calls StartAddress(Parameter).
 *
 * MaximumStackSize, CommittedStackSize: 0 for what the program's header says. ThreadHandle and
 * ClientId may be NULL. Statuses of NtCreateThreadEx.
 */
NTSTATUS NTAPI RtlCreateUserThread(_In_ HANDLE Process, _In_opt_ PVOID Security,
                                   _In_ BOOLEAN CreateSuspended, _In_ ULONG ZeroBits,
                                   _In_opt_ SIZE_T MaximumStackSize,
                                   _In_opt_ SIZE_T CommittedStackSize, _In_ PVOID StartAddress,
                                   _In_opt_ PVOID Parameter, _Out_opt_ PHANDLE ThreadHandle,
                                   _Out_opt_ PCLIENT_ID ClientId) {
    OBJECT_ATTRIBUTES Attributes;
    PS_ATTRIBUTE_LIST List = {0};
    CLIENT_ID NewId = {0};
    HANDLE Thread;
    NTSTATUS Status;

    InitializeObjectAttributes(&Attributes, NULL, 0, NULL, Security);
    List.TotalLength = sizeof(List);
    List.Attributes[0].Attribute = PS_ATTRIBUTE_CLIENT_ID;
    List.Attributes[0].Size = sizeof(NewId);
    List.Attributes[0].ValuePtr = &NewId;
    Status = NtCreateThreadEx(&Thread, THREAD_ALL_ACCESS, &Attributes, Process, StartAddress,
                              Parameter, CreateSuspended ? THREAD_CREATE_FLAGS_CREATE_SUSPENDED : 0,
                              ZeroBits, CommittedStackSize, MaximumStackSize, &List);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    if (ClientId != NULL) {
        *ClientId = NewId;
    }
    if (ThreadHandle != NULL) {
        *ThreadHandle = Thread;
    } else {
        NtClose(Thread);
    }
    return STATUS_SUCCESS;
}

/*
 * KiRaiseUserExceptionDispatcher - the kernel returns from a service to here when the service wants
 * an exception raised in its caller (a bad handle while being debugged, for one). TEB.ExceptionCode
 * says which; if it is handled, the service returns it as its status.
 */
NTSTATUS NTAPI KiRaiseUserExceptionDispatcher(VOID) {
    EXCEPTION_RECORD Record = {0};

    Record.ExceptionCode = NtCurrentTeb()->ExceptionCode;
    RtlRaiseException(&Record);
    return Record.ExceptionCode;
}
