/*
 * threading.h - prototypes and helpers of the programs about threads, alerts, APCs and locks
 */
#include "nt.h"

typedef void(NTAPI *APC_ROUTINE)(PVOID First, PVOID Second, PVOID Third);
typedef void(NTAPI *TIMER_APC)(PVOID Context, ULONG Low, LONG High);

NTSYS NTSTATUS NTAPI NtOpenProcess(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES, CLIENT_ID *);
NTSYS NTSTATUS NTAPI NtOpenThread(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES, CLIENT_ID *);
NTSYS NTSTATUS NTAPI NtSuspendThread(HANDLE, PULONG);
NTSYS NTSTATUS NTAPI NtResumeThread(HANDLE, PULONG);
NTSYS NTSTATUS NTAPI NtAlertThread(HANDLE);
NTSYS NTSTATUS NTAPI NtAlertResumeThread(HANDLE, PULONG);
NTSYS NTSTATUS NTAPI NtQueueApcThread(HANDLE, APC_ROUTINE, PVOID, PVOID, PVOID);
NTSYS NTSTATUS NTAPI NtSetInformationThread(HANDLE, int, const void *, ULONG);
NTSYS NTSTATUS NTAPI NtAlertThreadByThreadId(HANDLE);
NTSYS NTSTATUS NTAPI NtWaitForAlertByThreadId(PVOID, const LARGE_INTEGER *);
NTSYS NTSTATUS NTAPI NtCreateKeyedEvent(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES, ULONG);
NTSYS NTSTATUS NTAPI NtOpenKeyedEvent(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES);
NTSYS NTSTATUS NTAPI NtWaitForKeyedEvent(HANDLE, const void *, BOOLEAN, const LARGE_INTEGER *);
NTSYS NTSTATUS NTAPI NtReleaseKeyedEvent(HANDLE, const void *, BOOLEAN, const LARGE_INTEGER *);
NTSYS NTSTATUS NTAPI NtCreateTimer(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES, int);
NTSYS NTSTATUS NTAPI NtOpenTimer(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES);
NTSYS NTSTATUS NTAPI NtSetTimer(HANDLE, const LARGE_INTEGER *, TIMER_APC, PVOID, BOOLEAN, ULONG,
                                BOOLEAN *);
NTSYS NTSTATUS NTAPI NtCancelTimer(HANDLE, BOOLEAN *);
NTSYS NTSTATUS NTAPI NtQueryTimer(HANDLE, int, PVOID, ULONG, PULONG);
NTSYS NTSTATUS NTAPI NtWaitForMultipleObjects(ULONG, const HANDLE *, int, BOOLEAN,
                                              const LARGE_INTEGER *);
NTSYS NTSTATUS NTAPI NtDuplicateObject(HANDLE, HANDLE, HANDLE, PHANDLE, ACCESS_MASK, ULONG, ULONG);

NTSYS void NTAPI RtlInitializeSRWLock(RTL_SRWLOCK *);
NTSYS void NTAPI RtlAcquireSRWLockExclusive(RTL_SRWLOCK *);
NTSYS void NTAPI RtlAcquireSRWLockShared(RTL_SRWLOCK *);
NTSYS void NTAPI RtlReleaseSRWLockExclusive(RTL_SRWLOCK *);
NTSYS void NTAPI RtlReleaseSRWLockShared(RTL_SRWLOCK *);
NTSYS BOOLEAN NTAPI RtlTryAcquireSRWLockExclusive(RTL_SRWLOCK *);
NTSYS BOOLEAN NTAPI RtlTryAcquireSRWLockShared(RTL_SRWLOCK *);
NTSYS void NTAPI RtlInitializeConditionVariable(RTL_CONDITION_VARIABLE *);
NTSYS NTSTATUS NTAPI RtlSleepConditionVariableCS(RTL_CONDITION_VARIABLE *, RTL_CRITICAL_SECTION *,
                                                 const LARGE_INTEGER *);
NTSYS NTSTATUS NTAPI RtlSleepConditionVariableSRW(RTL_CONDITION_VARIABLE *, RTL_SRWLOCK *,
                                                  const LARGE_INTEGER *, ULONG);
NTSYS void NTAPI RtlWakeConditionVariable(RTL_CONDITION_VARIABLE *);
NTSYS void NTAPI RtlWakeAllConditionVariable(RTL_CONDITION_VARIABLE *);
NTSYS NTSTATUS NTAPI RtlWaitOnAddress(const void *, const void *, SIZE_T, const LARGE_INTEGER *);
NTSYS void NTAPI RtlWakeAddressSingle(const void *);
NTSYS void NTAPI RtlWakeAddressAll(const void *);
NTSYS void NTAPI RtlRunOnceInitialize(RTL_RUN_ONCE *);
NTSYS NTSTATUS NTAPI RtlRunOnceBeginInitialize(RTL_RUN_ONCE *, ULONG, PVOID *);
NTSYS NTSTATUS NTAPI RtlRunOnceComplete(RTL_RUN_ONCE *, ULONG, PVOID);
NTSYS NTSTATUS NTAPI RtlRunOnceExecuteOnce(RTL_RUN_ONCE *, PRTL_RUN_ONCE_INIT_FN, PVOID, PVOID *);
NTSYS NTSTATUS NTAPI RtlInitializeCriticalSection(RTL_CRITICAL_SECTION *);
NTSYS NTSTATUS NTAPI RtlEnterCriticalSection(RTL_CRITICAL_SECTION *);
NTSYS NTSTATUS NTAPI RtlLeaveCriticalSection(RTL_CRITICAL_SECTION *);
NTSYS NTSTATUS NTAPI RtlDeleteCriticalSection(RTL_CRITICAL_SECTION *);

#define MILLISECONDS(n) (&(LARGE_INTEGER){.QuadPart = -(LONGLONG)(n) * 10000})
#define KERNEL_POINTER  ((PVOID)0xFFFFF80000000000ull)

static HANDLE MyThreadId(void) {
    return AT(TebPointer(), 0x48, HANDLE);
}

static HANDLE MyProcessId(void) {
    return AT(TebPointer(), 0x40, HANDLE);
}

static void Sleep1(ULONG Milliseconds) {
    NtDelayExecution(FALSE, MILLISECONDS(Milliseconds));
}

/*
 * Until a thread waits in the kernel: one that has said that it is about to, and waits for nothing
 * else before. Wine does not tell the states of threads (0, which such a thread cannot have): there
 * it gets time.
 */
static void UntilItWaits(HANDLE Id) {
    static UCHAR List[0x10000] __attribute__((aligned(8)));
    for (;;) {
        ULONG State = 0;
        NtQuerySystemInformation(5, List, sizeof(List), NULL);
        for (ULONG At = 0, Next = 1; Next != 0; At += Next) {
            Next = AT(List, At, ULONG);
            for (ULONG i = 0; i < AT(List, At + 4, ULONG); i++) {
                ULONG Thread = At + 0x100 + 0x50 * i;
                State =
                    AT(List, Thread + 0x30, HANDLE) == Id ? AT(List, Thread + 0x44, ULONG) : State;
            }
        }
        Sleep1(State == 0 ? 100 : 1);
        if (State == 0 || State == 5) {
            return;
        }
    }
}

static HANDLE Begin(PUSER_THREAD_START_ROUTINE Routine, PVOID Parameter, BOOLEAN Suspended) {
    HANDLE Thread = NULL;
    NTSTATUS Status =
        RtlCreateUserThread(SELF, NULL, Suspended, 0, 0, 0, Routine, Parameter, &Thread, NULL);
    if (Status) {
        ShowStatus("create", Status);
    }
    return Thread;
}

static ULONG EndOf(HANDLE Thread) {
    ULONG64 Info[6] = {0x77};
    NtWaitForSingleObject(Thread, FALSE, NULL);
    NtQueryInformationThread(Thread, 0, Info, sizeof(Info), NULL);
    NtClose(Thread);
    return (ULONG)Info[0];
}

static HANDLE ThreadIdOf(HANDLE Thread) {
    ULONG64 Info[6] = {0};
    NtQueryInformationThread(Thread, 0, Info, sizeof(Info), NULL);
    return (HANDLE)Info[3];
}

static HANDLE EventOf(int Type) {
    HANDLE Event = NULL;
    NtCreateEvent(&Event, EVENT_ALL_ACCESS, NULL, Type, FALSE);
    return Event;
}

/* A handle to the same object with less access. */
static HANDLE Weaker(HANDLE Handle, ACCESS_MASK Access) {
    HANDLE Other = NULL;
    NtDuplicateObject(SELF, Handle, SELF, &Other, Access, 0, 0);
    return Other;
}

/* A handle that is no handle any more. */
static HANDLE Stale(void) {
    HANDLE Event = EventOf(0);
    NtClose(Event);
    return Event;
}
