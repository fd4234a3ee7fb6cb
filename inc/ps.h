/*
 * Ps: processes and threads.
 *
 * An EPROCESS is an address space, a handle table and a list of threads; an ETHREAD is a stack and
 * a place in the scheduler. Both are objects: a running thread holds a reference on itself and on
 * its process, so neither can go away under it. The executive parts (EPROCESS, ETHREAD) begin with
 * the kernel's parts (KPROCESS, KTHREAD), so one pointer serves for both.
 *
 * Locks: PspActiveProcessLock (the list of all processes) before EPROCESS.ProcessLock (the list of
 * a process's threads, its exit state). Fields that Mm owns are guarded by Mm's locks (mm/mip.h).
 */
#ifndef VITRINE_PS_H
#define VITRINE_PS_H

#include "ke.h"
#include "ex.h"
#include "psprocess.h"
#include "ntrtl.h"
#include "ntpsapi.h"
#include "ntpebteb.h"

typedef struct _OBJECT_TYPE *POBJECT_TYPE;

/* The fields from UserStackAllocation on are this kernel's own; those before lie where Windows has them. */
typedef struct _ETHREAD {
    KTHREAD Tcb;
    LARGE_INTEGER CreateTime;
    LARGE_INTEGER ExitTime;
    UCHAR Reserved1[0x10];
    PVOID StartAddress;
    struct _ETHREAD *ReaperLink; /* the next one to be reaped (PspReapLock) */
    KSPIN_LOCK ActiveTimerListLock;
    LIST_ENTRY ActiveTimerListHead; /* timers with an APC for it: ActiveTimerListLock */
    CLIENT_ID Cid;
    UCHAR Reserved2[0x48];
    PVOID Win32StartAddress;
    UCHAR Reserved3[0x10];
    LIST_ENTRY ThreadListEntry; /* EPROCESS.ProcessLock */
    UCHAR Reserved4[0x18];
    union {
        ULONG CrossThreadFlags; /* changed by interlocked operations once the thread exists */
        struct {
            ULONG Terminated : 1;
            ULONG ThreadInserted : 1;
            ULONG HideFromDebugger : 1;
        };
    };
    UCHAR Reserved5[0x34];
    NTSTATUS ExitStatus;
    UCHAR Reserved6[0xC4];
    PUNICODE_STRING ThreadName; /* in pool, its text behind it: ProcessLock */
    UCHAR Reserved7[0x280];
    PVOID UserStackAllocation; /* freed when the thread ends; NULL where the creator owns it */
    KAPC TerminateApc;
    volatile LONG TerminateQueued;
    KEVENT AlertByThreadId; /* NtAlertThreadByThreadId */
} ETHREAD;

#define PS_CROSS_THREAD_FLAGS_TERMINATED  0x1
#define PS_CROSS_THREAD_FLAGS_HIDEFROMDBG 0x4

#define PsGetCurrentProcess() ((PEPROCESS)KeGetCurrentThread()->ApcState.Process)
#define PsGetCurrentThread()  ((PETHREAD)KeGetCurrentThread())
/* The process that owns Thread, whichever it is attached to. */
#define PsGetThreadProcess(Thread) ((PEPROCESS)(Thread)->Tcb.Process)
#define PsGetCurrentThreadId()     (PsGetCurrentThread()->Cid.UniqueThread)
#define PsGetCurrentProcessId()    (PsGetCurrentThread()->Cid.UniqueProcess)
#define IoGetCurrentProcess()      PsGetCurrentProcess()

extern PVOID PspLoaderInitRoutine; /* ntdll!LdrInitializeThunk */
extern POBJECT_TYPE PsProcessType;
extern POBJECT_TYPE PsThreadType;
extern ULONG64 PsFirstUserTsc; /* how long the boot took: the first thread's way to user mode */
extern PHANDLE_TABLE PspCidTable;
extern PEPROCESS PsInitialSystemProcess;
extern EPROCESS *PsIdleProcess;
extern LIST_ENTRY PsActiveProcessHead;
extern LIST_ENTRY PsLoadedModuleList; /* KLDR_DATA_TABLE_ENTRY.InLoadOrderLinks */

/* Phase 0: the system process and the CID table, on the boot thread. Phase 1: ntdll is known. */
BOOLEAN PsInitSystem(_In_ ULONG Phase, _In_ PLOADER_PARAMETER_BLOCK LoaderBlock);

/* (WDK) PASSIVE_LEVEL. The thread starts at once, in the system process. */
NTSTATUS NTAPI PsCreateSystemThread(_Out_ PHANDLE ThreadHandle, _In_ ULONG DesiredAccess,
                                    _In_opt_ POBJECT_ATTRIBUTES ObjectAttributes,
                                    _In_opt_ HANDLE ProcessHandle, _Out_opt_ PCLIENT_ID ClientId,
                                    _In_ PKSTART_ROUTINE StartRoutine, _In_opt_ PVOID StartContext);
NTSTATUS NTAPI PsTerminateSystemThread(_In_ NTSTATUS ExitStatus);
/* STATUS_INVALID_CID; the object is referenced. */
NTSTATUS NTAPI PsLookupProcessByProcessId(_In_ HANDLE ProcessId, _Outptr_ PEPROCESS *Process);
NTSTATUS NTAPI PsLookupThreadByThreadId(_In_ HANDLE ThreadId, _Outptr_ PETHREAD *Thread);
HANDLE NTAPI PsGetProcessId(_In_ PEPROCESS Process);

/* The loader's images become PsLoadedModuleList: before anything can want to unwind. */
VOID PsInitializeModuleList(_Inout_ PLOADER_PARAMETER_BLOCK LoaderBlock);
/* ntdll.dll, as a section (whose reference Ps takes over) and the address of RtlUserThreadStart.
   The other entry points stand in Ke's variables (KeUserExceptionDispatcher, ...). */
VOID PsSetSystemDll(_In_ PVOID Section, _In_ PVOID RtlUserThreadStart);

/*
 * Starts a program as a process of its own: ntdll and its image mapped, PEB, parameters and first
 * thread made. OpenHandles is called attached to the new process and makes its three standard
 * handles. Process is referenced. Statuses: those of mapping the image, STATUS_NO_MEMORY.
 * PASSIVE_LEVEL.
 */
typedef struct _PS_PROGRAM {
    PVOID Section;                /* the image's; stays the caller's */
    PCUNICODE_STRING ImagePath;   /* C:\dir\hello.exe */
    PCUNICODE_STRING CommandLine; /* what the program sees */
    NTSTATUS (*OpenHandles)(_Out_ PHANDLE Input, _Out_ PHANDLE Output, _Out_ PHANDLE Error);
} PS_PROGRAM;
NTSTATUS PsCreateUserProcess(_In_ const PS_PROGRAM *Program, _Outptr_ PEPROCESS *Process);

/* Ends the current thread or the whole current process with a status; do not return. */
DECLSPEC_NORETURN VOID PspExitThread(_In_ NTSTATUS ExitStatus);
VOID PsTerminateCurrentProcess(_In_ NTSTATUS ExitStatus);
NTSTATUS PsTerminateProcess(_Inout_ PEPROCESS Process, _In_ NTSTATUS ExitStatus);

/*
 * The process, or thread of a process, after the given one; the first after NULL; NULL at the end.
 * Returns a reference and gives back the given one's. PASSIVE_LEVEL.
 */
PEPROCESS PsGetNextProcess(_In_opt_ PEPROCESS Process);
PETHREAD PsGetNextProcessThread(_In_ PEPROCESS Process, _In_opt_ PETHREAD Thread);

#endif
