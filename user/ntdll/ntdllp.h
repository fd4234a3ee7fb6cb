/*
 * ntdllp.h - what the files of ntdll share among themselves
 *
 * Under the name of each file stand the functions that other files of ntdll call; what programs
 * call is in sdk/ (ntrtl.h, ntapi.h) under the names of the SDK.
 */

#pragma once

/* A host test has no gs to find a PEB by: it brings functions of its own. */
#if defined(NTOS_HOST)
#include <ntpebteb.h>
PPEB NtCurrentPeb(VOID);
PTEB NtCurrentTeb(VOID);
#define NTOS_USER
#endif

#include <ntdef.h>
#include <ntstatus.h>
#include <ntimage.h>
#include <ntcontext.h>
#include <ntpebteb.h>
#include <ntkuser.h>
#include <ntrtl.h>
#include <ntrtlpath.h>
#include <ntrtlenv.h>
#include <ntrtltable.h>
#include <ntrtlver.h>
#include <ntapi.h>
#include <rtlimage.h>
#include <stdarg.h>

/* Loader lists: further bits of LDR_DATA_TABLE_ENTRY.Flags, as Windows 10 has them. */
#define LDRP_PROCESS_STATIC_IMPORT 0x00000020
#define LDRP_IN_LEGACY_LISTS       0x00000040
#define LDRP_IN_INDEXES            0x00000080

/* A module that is never unloaded: LDR_DDAG_NODE.LoadCount. */
#define LDRP_PINNED 0xFFFFFFFFu

/* Longest path of a module, in characters; NT's own limit of a UNICODE_STRING is 32767. */
#define LDRP_MAX_PATH 520

/* One edge of the dependency graph, in the list of the node that depends on the other. */
typedef struct _LDRP_DEPENDENCY {
    SINGLE_LIST_ENTRY DependencyLink;
    PLDR_DDAG_NODE DependencyNode;
    SINGLE_LIST_ENTRY IncomingDependencyLink;
    PLDR_DDAG_NODE ParentDependencyNode;
} LDRP_DEPENDENCY, *PLDRP_DEPENDENCY;

/* ldrinit.c */
extern RTL_CRITICAL_SECTION LdrpLoaderLock;
extern PLDR_DATA_TABLE_ENTRY LdrpImageEntry;
extern PLDR_DATA_TABLE_ENTRY LdrpNtDllEntry;
VOID NTAPI LdrpInitialize(_In_ PCONTEXT Context, _In_ PVOID NtDllBase);

/* ldrlist.c */
NTSTATUS LdrpAllocateEntry(_In_ PVOID Base, _In_ ULONG Size, _In_ PCUNICODE_STRING FullName,
                           _Out_ PLDR_DATA_TABLE_ENTRY *Entry);
VOID LdrpFreeEntry(_In_ PLDR_DATA_TABLE_ENTRY Entry);
VOID LdrpInsertEntry(_In_ PLDR_DATA_TABLE_ENTRY Entry);
VOID LdrpRemoveEntry(_In_ PLDR_DATA_TABLE_ENTRY Entry);
VOID LdrpInsertInitOrder(_In_ PLDR_DATA_TABLE_ENTRY Entry);
PLDR_DATA_TABLE_ENTRY LdrpFindByBaseName(_In_ PCUNICODE_STRING Name);
PLDR_DATA_TABLE_ENTRY LdrpFindByFullName(_In_ PCUNICODE_STRING Name);
PLDR_DATA_TABLE_ENTRY LdrpFindByBase(_In_ PVOID Base);
PLDR_DATA_TABLE_ENTRY LdrpFindByAddress(_In_ PVOID Address);
NTSTATUS LdrpRecordDependency(_In_ PLDR_DATA_TABLE_ENTRY From, _In_ PLDR_DATA_TABLE_ENTRY To);
VOID LdrpReference(_In_ PLDR_DATA_TABLE_ENTRY Entry);

/* ldrindex.c */
VOID LdrpIndexInsert(_In_ PVOID Base, _In_ ULONG Size);
VOID LdrpIndexRemove(_In_ PVOID Base);

/* ldrmap.c */
NTSTATUS LdrpMapDll(_In_ PCUNICODE_STRING Name, _Out_ PLDR_DATA_TABLE_ENTRY *Entry);
VOID LdrpUnmapDll(_In_ PLDR_DATA_TABLE_ENTRY Entry);
NTSTATUS LdrpRelocateImage(_In_ PVOID Base, _In_ ULONG Size);

/* ldrsnap.c */
NTSTATUS LdrpSnapImports(_In_ PLDR_DATA_TABLE_ENTRY Entry);
NTSTATUS LdrpLoadModule(_In_ PCUNICODE_STRING Name, _In_opt_ PLDR_DATA_TABLE_ENTRY Importer,
                        _Out_ PLDR_DATA_TABLE_ENTRY *Entry);
PLDR_DATA_TABLE_ENTRY LdrpFindLoaded(_In_ PCUNICODE_STRING Name);
NTSTATUS LdrpResolveExport(_In_ PLDR_DATA_TABLE_ENTRY Entry, _In_opt_ PCSTR Name, _In_ ULONG Hint,
                           _In_ ULONG Ordinal, _Out_ PVOID *Address);

/* ldrtls.c */
NTSTATUS LdrpAllocateThreadTls(VOID);
VOID LdrpFreeThreadTls(VOID);
NTSTATUS LdrpHandleTlsData(_In_ PLDR_DATA_TABLE_ENTRY Entry);
VOID LdrpReleaseTlsData(_In_ PLDR_DATA_TABLE_ENTRY Entry);
VOID LdrpCallTlsInitializers(_In_ PLDR_DATA_TABLE_ENTRY Entry, _In_ ULONG Reason);

/* ldrrun.c */
NTSTATUS LdrpRunInitializeRoutines(_In_opt_ PVOID Context);
VOID LdrpCallDetach(_In_ PLDR_DATA_TABLE_ENTRY Entry, _In_opt_ PVOID Context);
NTSTATUS LdrpInitializeThread(VOID);

/* ldrunload.c */
VOID LdrpUnloadModule(_In_ PLDR_DATA_TABLE_ENTRY Entry);
VOID LdrpDereference(_In_ PLDR_DATA_TABLE_ENTRY Entry);

/* waitaddr.c, srwlock.c */
#define RTL_CONDITION_VARIABLE_LOCKMODE_SHARED 1
#define RTL_RUN_ONCE_CHECK_ONLY                1
#define RTL_RUN_ONCE_ASYNC                     2
#define RTL_RUN_ONCE_INIT_FAILED               4
typedef ULONG(NTAPI *PRTL_RUN_ONCE_INIT_FN)(PRTL_RUN_ONCE RunOnce, PVOID Parameter, PVOID *Context);
NTSTATUS NTAPI RtlWaitOnAddress(_In_ volatile VOID *Address, _In_ PVOID Compare, _In_ SIZE_T Size,
                                _In_opt_ PLARGE_INTEGER Timeout);
VOID NTAPI RtlWakeAddressSingle(_In_ PVOID Address);
VOID NTAPI RtlWakeAddressAll(_In_ PVOID Address);

VOID NTAPI RtlAcquireSRWLockExclusive(_Inout_ PRTL_SRWLOCK Lock);
VOID NTAPI RtlReleaseSRWLockExclusive(_Inout_ PRTL_SRWLOCK Lock);
VOID NTAPI RtlAcquireSRWLockShared(_Inout_ PRTL_SRWLOCK Lock);
VOID NTAPI RtlReleaseSRWLockShared(_Inout_ PRTL_SRWLOCK Lock);
VOID NTAPI RtlWakeConditionVariable(_Inout_ PRTL_CONDITION_VARIABLE Variable);
VOID NTAPI RtlWakeAllConditionVariable(_Inout_ PRTL_CONDITION_VARIABLE Variable);
NTSTATUS NTAPI RtlSleepConditionVariableSRW(_Inout_ PRTL_CONDITION_VARIABLE Variable,
                                            _Inout_ PRTL_SRWLOCK Lock,
                                            _In_opt_ PLARGE_INTEGER Timeout, _In_ ULONG Flags);

/* heap.c */
NTSTATUS RtlpInitializeProcessHeap(VOID);

/* path/curdir.c */
VOID RtlpOpenFirstDirectory(VOID);

/* process.c: the environment and the parameters, under the PEB's lock */
VOID RtlpInitializePebLocks(VOID);

/* Exported functions that sdk/ntrtl.h, which is shared with the kernel, does not name. */
#define LDR_ADDREF_DLL_PIN                       0x00000001
#define LDR_GET_DLL_HANDLE_EX_UNCHANGED_REFCOUNT 0x00000001
#define LDR_GET_DLL_HANDLE_EX_PIN                0x00000002

#ifndef GetExceptionCode
#define GetExceptionCode()        ((NTSTATUS)_exception_code())
#define GetExceptionInformation() ((PEXCEPTION_POINTERS)_exception_info())
#endif

/* crt/ */
size_t strlen(const char *String);
char *strcat(char *Destination, const char *Source);
int _vsnprintf(char *Buffer, size_t Count, const char *Format, va_list Arguments);

typedef LONG(NTAPI *PTOP_LEVEL_EXCEPTION_FILTER)(PEXCEPTION_POINTERS Pointers);

NTSTATUS NTAPI RtlInitializeCriticalSectionEx(_Out_ PRTL_CRITICAL_SECTION Section,
                                              _In_ ULONG SpinCount, _In_ ULONG Flags);
VOID NTAPI RtlAcquirePebLock(VOID);
VOID NTAPI RtlReleasePebLock(VOID);
VOID NTAPI RtlSetLastWin32ErrorAndNtStatusFromNtStatus(_In_ NTSTATUS Status);
VOID NTAPI RtlUserThreadStart(_In_ PUSER_THREAD_START_ROUTINE StartRoutine, _In_ PVOID Argument);
NTSTATUS NTAPI LdrGetDllHandleEx(_In_ ULONG Flags, _In_opt_ PWSTR DllPath,
                                 _In_opt_ PULONG DllCharacteristics, _In_ PUNICODE_STRING DllName,
                                 _Out_opt_ PVOID *DllHandle);
NTSTATUS NTAPI LdrShutdownThread(VOID);
NTSTATUS NTAPI LdrShutdownProcess(VOID);
VOID NTAPI DbgBreakPoint(VOID);

/* debug.c, dispatch.asm */
NTSTATUS NTAPI DebugService(_In_ ULONG Service, _In_ PCVOID Buffer, _In_ ULONG Length,
                            _In_ ULONG ComponentId, _In_ ULONG Level);

#define LdrpHeap() (NtCurrentPeb()->ProcessHeap)
