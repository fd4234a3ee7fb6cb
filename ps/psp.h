/*
 * What the files of ps/ share with each other.
 */
#ifndef VITRINE_PSP_H
#define VITRINE_PSP_H

#include "ps.h"
#include "ob.h"
#include "mm.h"
#include "kd.h"
#include "ntrtl.h"
#include "ntmmapi.h"
#include "rtlimage.h"

#include "hal.h"

#define PSP_TAG 'sPsP'

/* ntdll.dll: its section, and where in the image the kernel enters it. */
typedef struct _PSP_SYSTEM_DLL {
    PVOID Section;
    PVOID Base; /* in every process */
    PVOID RtlUserThreadStart;
} PSP_SYSTEM_DLL;
extern PSP_SYSTEM_DLL PspSystemDll;

extern EX_PUSH_LOCK PspActiveProcessLock;

/* cid.c: process and thread ids. */
BOOLEAN PspInitializeCidTable(VOID);
HANDLE PspCreateCid(_In_ PVOID Object);
VOID PspDeleteCid(_In_ HANDLE Id);

/* process.c */
NTSTATUS PspCreateProcess(_In_opt_ EPROCESS *Parent, _In_ PCSTR Name, _Outptr_ EPROCESS **Process);
VOID PspInitializeProcessFields(_Inout_ EPROCESS *Process, _In_ PCSTR Name);
VOID PspProcessDelete(_In_ PVOID Object);
VOID PspExitProcess(_Inout_ EPROCESS *Process);
/* All threads of Process but the current one; the process itself does not end by that. */
VOID PspTerminateOtherThreads(_Inout_ EPROCESS *Process, _In_ NTSTATUS ExitStatus);

/* thread.c */
typedef struct _PSP_THREAD_PARAMETERS {
    EPROCESS *Process;
    PKSTART_ROUTINE StartRoutine; /* system thread: the function */
    PVOID StartContext;
    PCONTEXT Context; /* user thread: what it starts with; NULL for a system thread */
    PTEB Teb;
    PVOID StartAddress;
    PVOID UserStackAllocation; /* freed by the kernel at the thread's end, or NULL */
    BOOLEAN CreateSuspended;
} PSP_THREAD_PARAMETERS;
/* The thread is referenced once for the caller, and once until it has ended. It does not run yet.
 */
NTSTATUS PspCreateThread(_In_ const PSP_THREAD_PARAMETERS *Parameters, _Outptr_ ETHREAD **Thread);
VOID PspReadyThread(_Inout_ ETHREAD *Thread);
VOID PspThreadDelete(_In_ PVOID Object);
BOOLEAN PspInitializeReaper(VOID);
NTSTATUS PspTerminateThread(_Inout_ ETHREAD *Thread, _In_ NTSTATUS ExitStatus);
/* Calls Routine for each thread of Process, which stays referenced meanwhile. */
VOID PspEnumThreads(_Inout_ EPROCESS *Process, _In_ VOID (*Routine)(ETHREAD *Thread, PVOID Context),
                    _In_opt_ PVOID Context);

/* procquota.c: ProcessQuotaLimits. */
VOID PspQueryQuotaLimits(_In_ const EPROCESS *Process, _Out_ PQUOTA_LIMITS Limits);
NTSTATUS PspSetQuotaLimits(_Inout_ EPROCESS *Process, _In_ const QUOTA_LIMITS *Limits);

/* ntprocvar.c, ntthrname.c: answers that vary in size. */
BOOLEAN PspProcessInformationVaries(_In_ PROCESSINFOCLASS Class);
NTSTATUS PspReturnVariable(_Inout_ EPROCESS *Process, _In_ PROCESSINFOCLASS Class,
                           _Out_writes_bytes_(Length) PVOID Buffer, _In_ ULONG Length,
                           _Out_opt_ PULONG ReturnLength);
NTSTATUS PspReturnThreadName(_Inout_ ETHREAD *Thread, _Out_writes_bytes_(Length) PVOID Buffer,
                             _In_ ULONG Length, _Out_opt_ PULONG ReturnLength);
NTSTATUS PspSetThreadName(_Inout_ ETHREAD *Thread, _In_ PCUNICODE_STRING Name);

/* userthread.c: what a thread of user mode needs in its address space. */
typedef struct _PSP_USER_STACK {
    PVOID AllocationBase;
    PVOID Limit;
    PVOID Base; /* its highest address */
} PSP_USER_STACK;
NTSTATUS PspCreateUserStack(_Inout_ EPROCESS *Process, _In_ SIZE_T Reserve, _In_ SIZE_T Commit,
                            _Out_ PSP_USER_STACK *Stack);
NTSTATUS PspCreateTeb(_Inout_ EPROCESS *Process, _In_ const PSP_USER_STACK *Stack,
                      _In_ PCLIENT_ID Cid, _Out_ PTEB *Teb);
VOID PspDeleteUserMemory(_Inout_ EPROCESS *Process, _In_opt_ PVOID Address);
NTSTATUS PspCreateUserThread(_Inout_ EPROCESS *Process, _In_ PVOID StartRoutine,
                             _In_opt_ PVOID Argument, _In_ SIZE_T StackReserve,
                             _In_ SIZE_T StackCommit, _In_ BOOLEAN CreateSuspended,
                             _Outptr_ ETHREAD **Thread);

#endif
