/* ntapi.h - the native services: one prototype per Nt function, as user mode calls it and as the
 * kernel defines it. The table that numbers them is services.tbl.
 *
 * In the kernel a pointer here may be any user's: nothing behind it is read or written except by
 * the user-mode accessors.
 *
 * Sources: WDK (Zw* pages), winternl.h documentation, phnt.
 */
#ifndef _NTAPI_H_
#define _NTAPI_H_

#include "ntdef.h"
#include "ntcontext.h"
#include "ntexapi.h"
#include "ntioapi.h"
#include "ntmmapi.h"
#include "ntobapi.h"
#include "ntpsapi.h"
#include "ntstatus.h"

/* ---- Time and scheduling ---- */

NTSTATUS NTAPI NtDelayExecution(_In_ BOOLEAN Alertable, _In_ PLARGE_INTEGER DelayInterval);
NTSTATUS NTAPI NtYieldExecution(VOID);
NTSTATUS NTAPI NtTestAlert(VOID);
NTSTATUS NTAPI NtQuerySystemTime(_Out_ PLARGE_INTEGER SystemTime);
NTSTATUS NTAPI NtQueryPerformanceCounter(_Out_ PLARGE_INTEGER PerformanceCounter,
                                         _Out_opt_ PLARGE_INTEGER PerformanceFrequency);
NTSTATUS NTAPI NtContinue(_In_ PCONTEXT ContextRecord, _In_ BOOLEAN TestAlert);
NTSTATUS NTAPI NtRaiseException(_In_ PEXCEPTION_RECORD ExceptionRecord, _In_ PCONTEXT ContextRecord,
                                _In_ BOOLEAN FirstChance);

/* ---- Waiting ---- */

NTSTATUS NTAPI NtWaitForSingleObject(_In_ HANDLE Handle, _In_ BOOLEAN Alertable,
                                     _In_opt_ PLARGE_INTEGER Timeout);
NTSTATUS NTAPI NtWaitForMultipleObjects(_In_ ULONG Count, _In_reads_(Count) PHANDLE Handles,
                                        _In_ WAIT_TYPE WaitType, _In_ BOOLEAN Alertable,
                                        _In_opt_ PLARGE_INTEGER Timeout);
NTSTATUS NTAPI NtSignalAndWaitForSingleObject(_In_ HANDLE SignalHandle, _In_ HANDLE WaitHandle,
                                              _In_ BOOLEAN Alertable,
                                              _In_opt_ PLARGE_INTEGER Timeout);
NTSTATUS NTAPI NtAlertThread(_In_ HANDLE ThreadHandle);
NTSTATUS NTAPI NtAlertResumeThread(_In_ HANDLE ThreadHandle, _Out_opt_ PULONG PreviousSuspendCount);
NTSTATUS NTAPI NtAlertThreadByThreadId(_In_ HANDLE ThreadId);
NTSTATUS NTAPI NtWaitForAlertByThreadId(_In_opt_ PVOID Address, _In_opt_ PLARGE_INTEGER Timeout);

/* ---- Objects and handles ---- */

NTSTATUS NTAPI NtClose(_In_ HANDLE Handle);
NTSTATUS NTAPI NtDuplicateObject(_In_ HANDLE SourceProcessHandle, _In_ HANDLE SourceHandle,
                                 _In_opt_ HANDLE TargetProcessHandle,
                                 _Out_opt_ PHANDLE TargetHandle, _In_ ACCESS_MASK DesiredAccess,
                                 _In_ ULONG HandleAttributes, _In_ ULONG Options);
NTSTATUS NTAPI NtQueryObject(_In_opt_ HANDLE Handle,
                             _In_ OBJECT_INFORMATION_CLASS ObjectInformationClass,
                             _Out_opt_ PVOID ObjectInformation, _In_ ULONG ObjectInformationLength,
                             _Out_opt_ PULONG ReturnLength);
NTSTATUS NTAPI NtSetInformationObject(_In_ HANDLE Handle,
                                      _In_ OBJECT_INFORMATION_CLASS ObjectInformationClass,
                                      _In_ PVOID ObjectInformation,
                                      _In_ ULONG ObjectInformationLength);
NTSTATUS NTAPI NtCompareObjects(_In_ HANDLE FirstObjectHandle, _In_ HANDLE SecondObjectHandle);
NTSTATUS NTAPI NtMakeTemporaryObject(_In_ HANDLE Handle);
NTSTATUS NTAPI NtMakePermanentObject(_In_ HANDLE Handle);
NTSTATUS NTAPI NtCreateDirectoryObject(_Out_ PHANDLE DirectoryHandle,
                                       _In_ ACCESS_MASK DesiredAccess,
                                       _In_ POBJECT_ATTRIBUTES ObjectAttributes);
NTSTATUS NTAPI NtCreateDirectoryObjectEx(_Out_ PHANDLE DirectoryHandle,
                                         _In_ ACCESS_MASK DesiredAccess,
                                         _In_ POBJECT_ATTRIBUTES ObjectAttributes,
                                         _In_ HANDLE ShadowDirectoryHandle, _In_ ULONG Flags);
NTSTATUS NTAPI NtOpenDirectoryObject(_Out_ PHANDLE DirectoryHandle, _In_ ACCESS_MASK DesiredAccess,
                                     _In_ POBJECT_ATTRIBUTES ObjectAttributes);
NTSTATUS NTAPI NtQueryDirectoryObject(_In_ HANDLE DirectoryHandle, _Out_opt_ PVOID Buffer,
                                      _In_ ULONG Length, _In_ BOOLEAN ReturnSingleEntry,
                                      _In_ BOOLEAN RestartScan, _Inout_ PULONG Context,
                                      _Out_opt_ PULONG ReturnLength);
NTSTATUS NTAPI NtCreateSymbolicLinkObject(_Out_ PHANDLE LinkHandle, _In_ ACCESS_MASK DesiredAccess,
                                          _In_ POBJECT_ATTRIBUTES ObjectAttributes,
                                          _In_ PUNICODE_STRING LinkTarget);
NTSTATUS NTAPI NtOpenSymbolicLinkObject(_Out_ PHANDLE LinkHandle, _In_ ACCESS_MASK DesiredAccess,
                                        _In_ POBJECT_ATTRIBUTES ObjectAttributes);
NTSTATUS NTAPI NtQuerySymbolicLinkObject(_In_ HANDLE LinkHandle, _Inout_ PUNICODE_STRING LinkTarget,
                                         _Out_opt_ PULONG ReturnedLength);

/* ---- Events ---- */

NTSTATUS NTAPI NtCreateEvent(_Out_ PHANDLE EventHandle, _In_ ACCESS_MASK DesiredAccess,
                             _In_opt_ POBJECT_ATTRIBUTES ObjectAttributes,
                             _In_ EVENT_TYPE EventType, _In_ BOOLEAN InitialState);
NTSTATUS NTAPI NtOpenEvent(_Out_ PHANDLE EventHandle, _In_ ACCESS_MASK DesiredAccess,
                           _In_ POBJECT_ATTRIBUTES ObjectAttributes);
NTSTATUS NTAPI NtSetEvent(_In_ HANDLE EventHandle, _Out_opt_ PLONG PreviousState);
NTSTATUS NTAPI NtSetEventBoostPriority(_In_ HANDLE EventHandle);
NTSTATUS NTAPI NtClearEvent(_In_ HANDLE EventHandle);
NTSTATUS NTAPI NtResetEvent(_In_ HANDLE EventHandle, _Out_opt_ PLONG PreviousState);
NTSTATUS NTAPI NtPulseEvent(_In_ HANDLE EventHandle, _Out_opt_ PLONG PreviousState);
NTSTATUS NTAPI NtQueryEvent(_In_ HANDLE EventHandle,
                            _In_ EVENT_INFORMATION_CLASS EventInformationClass,
                            _Out_ PVOID EventInformation, _In_ ULONG EventInformationLength,
                            _Out_opt_ PULONG ReturnLength);

/* ---- Mutants, semaphores ---- */

NTSTATUS NTAPI NtCreateMutant(_Out_ PHANDLE MutantHandle, _In_ ACCESS_MASK DesiredAccess,
                              _In_opt_ POBJECT_ATTRIBUTES ObjectAttributes,
                              _In_ BOOLEAN InitialOwner);
NTSTATUS NTAPI NtOpenMutant(_Out_ PHANDLE MutantHandle, _In_ ACCESS_MASK DesiredAccess,
                            _In_ POBJECT_ATTRIBUTES ObjectAttributes);
NTSTATUS NTAPI NtReleaseMutant(_In_ HANDLE MutantHandle, _Out_opt_ PLONG PreviousCount);
NTSTATUS NTAPI NtQueryMutant(_In_ HANDLE MutantHandle,
                             _In_ MUTANT_INFORMATION_CLASS MutantInformationClass,
                             _Out_ PVOID MutantInformation, _In_ ULONG MutantInformationLength,
                             _Out_opt_ PULONG ReturnLength);
NTSTATUS NTAPI NtCreateSemaphore(_Out_ PHANDLE SemaphoreHandle, _In_ ACCESS_MASK DesiredAccess,
                                 _In_opt_ POBJECT_ATTRIBUTES ObjectAttributes,
                                 _In_ LONG InitialCount, _In_ LONG MaximumCount);
NTSTATUS NTAPI NtOpenSemaphore(_Out_ PHANDLE SemaphoreHandle, _In_ ACCESS_MASK DesiredAccess,
                               _In_ POBJECT_ATTRIBUTES ObjectAttributes);
NTSTATUS NTAPI NtReleaseSemaphore(_In_ HANDLE SemaphoreHandle, _In_ LONG ReleaseCount,
                                  _Out_opt_ PLONG PreviousCount);
NTSTATUS NTAPI NtQuerySemaphore(_In_ HANDLE SemaphoreHandle,
                                _In_ SEMAPHORE_INFORMATION_CLASS SemaphoreInformationClass,
                                _Out_ PVOID SemaphoreInformation,
                                _In_ ULONG SemaphoreInformationLength,
                                _Out_opt_ PULONG ReturnLength);

/* ---- Timers ---- */

NTSTATUS NTAPI NtCreateTimer(_Out_ PHANDLE TimerHandle, _In_ ACCESS_MASK DesiredAccess,
                             _In_opt_ POBJECT_ATTRIBUTES ObjectAttributes,
                             _In_ TIMER_TYPE TimerType);
NTSTATUS NTAPI NtOpenTimer(_Out_ PHANDLE TimerHandle, _In_ ACCESS_MASK DesiredAccess,
                           _In_ POBJECT_ATTRIBUTES ObjectAttributes);
NTSTATUS NTAPI NtSetTimer(_In_ HANDLE TimerHandle, _In_ PLARGE_INTEGER DueTime,
                          _In_opt_ PTIMER_APC_ROUTINE TimerApcRoutine, _In_opt_ PVOID TimerContext,
                          _In_ BOOLEAN ResumeTimer, _In_opt_ LONG Period,
                          _Out_opt_ PBOOLEAN PreviousState);
NTSTATUS NTAPI NtSetTimerEx(_In_ HANDLE TimerHandle,
                            _In_ TIMER_SET_INFORMATION_CLASS TimerSetInformationClass,
                            _Inout_ PVOID TimerSetInformation,
                            _In_ ULONG TimerSetInformationLength);
NTSTATUS NTAPI NtCancelTimer(_In_ HANDLE TimerHandle, _Out_opt_ PBOOLEAN CurrentState);
NTSTATUS NTAPI NtQueryTimer(_In_ HANDLE TimerHandle,
                            _In_ TIMER_INFORMATION_CLASS TimerInformationClass,
                            _Out_ PVOID TimerInformation, _In_ ULONG TimerInformationLength,
                            _Out_opt_ PULONG ReturnLength);

/* ---- Keyed events ---- */

NTSTATUS NTAPI NtCreateKeyedEvent(_Out_ PHANDLE KeyedEventHandle, _In_ ACCESS_MASK DesiredAccess,
                                  _In_opt_ POBJECT_ATTRIBUTES ObjectAttributes, _In_ ULONG Flags);
NTSTATUS NTAPI NtOpenKeyedEvent(_Out_ PHANDLE KeyedEventHandle, _In_ ACCESS_MASK DesiredAccess,
                                _In_ POBJECT_ATTRIBUTES ObjectAttributes);
NTSTATUS NTAPI NtReleaseKeyedEvent(_In_opt_ HANDLE KeyedEventHandle, _In_ PVOID KeyValue,
                                   _In_ BOOLEAN Alertable, _In_opt_ PLARGE_INTEGER Timeout);
NTSTATUS NTAPI NtWaitForKeyedEvent(_In_opt_ HANDLE KeyedEventHandle, _In_ PVOID KeyValue,
                                   _In_ BOOLEAN Alertable, _In_opt_ PLARGE_INTEGER Timeout);

/* ---- I/O completion ---- */

NTSTATUS NTAPI NtCreateIoCompletion(_Out_ PHANDLE IoCompletionHandle,
                                    _In_ ACCESS_MASK DesiredAccess,
                                    _In_opt_ POBJECT_ATTRIBUTES ObjectAttributes,
                                    _In_opt_ ULONG Count);
NTSTATUS NTAPI NtOpenIoCompletion(_Out_ PHANDLE IoCompletionHandle, _In_ ACCESS_MASK DesiredAccess,
                                  _In_ POBJECT_ATTRIBUTES ObjectAttributes);
NTSTATUS NTAPI
NtQueryIoCompletion(_In_ HANDLE IoCompletionHandle,
                    _In_ IO_COMPLETION_INFORMATION_CLASS IoCompletionInformationClass,
                    _Out_ PVOID IoCompletionInformation, _In_ ULONG IoCompletionInformationLength,
                    _Out_opt_ PULONG ReturnLength);
NTSTATUS NTAPI NtSetIoCompletion(_In_ HANDLE IoCompletionHandle, _In_opt_ PVOID KeyContext,
                                 _In_opt_ PVOID ApcContext, _In_ NTSTATUS IoStatus,
                                 _In_ ULONG_PTR IoStatusInformation);
NTSTATUS NTAPI NtRemoveIoCompletion(_In_ HANDLE IoCompletionHandle, _Out_ PVOID *KeyContext,
                                    _Out_ PVOID *ApcContext, _Out_ PIO_STATUS_BLOCK IoStatusBlock,
                                    _In_opt_ PLARGE_INTEGER Timeout);
NTSTATUS NTAPI NtRemoveIoCompletionEx(_In_ HANDLE IoCompletionHandle,
                                      _Out_ PFILE_IO_COMPLETION_INFORMATION IoCompletionInformation,
                                      _In_ ULONG Count, _Out_ PULONG NumEntriesRemoved,
                                      _In_opt_ PLARGE_INTEGER Timeout, _In_ BOOLEAN Alertable);

/* ---- Atoms ---- */

NTSTATUS NTAPI NtAddAtom(_In_opt_ PCWSTR AtomName, _In_ ULONG Length, _Out_opt_ PRTL_ATOM Atom);
NTSTATUS NTAPI NtAddAtomEx(_In_opt_ PCWSTR AtomName, _In_ ULONG Length, _Out_opt_ PRTL_ATOM Atom,
                           _In_ ULONG Flags);
NTSTATUS NTAPI NtFindAtom(_In_opt_ PCWSTR AtomName, _In_ ULONG Length, _Out_opt_ PRTL_ATOM Atom);
NTSTATUS NTAPI NtDeleteAtom(_In_ RTL_ATOM Atom);
NTSTATUS NTAPI NtQueryInformationAtom(_In_ RTL_ATOM Atom,
                                      _In_ ATOM_INFORMATION_CLASS AtomInformationClass,
                                      _Out_ PVOID AtomInformation, _In_ ULONG AtomInformationLength,
                                      _Out_opt_ PULONG ReturnLength);

/* ---- Virtual memory ---- */

NTSTATUS NTAPI NtAllocateVirtualMemory(_In_ HANDLE ProcessHandle, _Inout_ PVOID *BaseAddress,
                                       _In_ ULONG_PTR ZeroBits, _Inout_ PSIZE_T RegionSize,
                                       _In_ ULONG AllocationType, _In_ ULONG Protect);
NTSTATUS NTAPI NtFreeVirtualMemory(_In_ HANDLE ProcessHandle, _Inout_ PVOID *BaseAddress,
                                   _Inout_ PSIZE_T RegionSize, _In_ ULONG FreeType);
NTSTATUS NTAPI NtProtectVirtualMemory(_In_ HANDLE ProcessHandle, _Inout_ PVOID *BaseAddress,
                                      _Inout_ PSIZE_T RegionSize, _In_ ULONG NewProtect,
                                      _Out_ PULONG OldProtect);
NTSTATUS NTAPI NtQueryVirtualMemory(_In_ HANDLE ProcessHandle, _In_opt_ PVOID BaseAddress,
                                    _In_ MEMORY_INFORMATION_CLASS MemoryInformationClass,
                                    _Out_ PVOID MemoryInformation,
                                    _In_ SIZE_T MemoryInformationLength,
                                    _Out_opt_ PSIZE_T ReturnLength);
NTSTATUS NTAPI NtReadVirtualMemory(_In_ HANDLE ProcessHandle, _In_opt_ PVOID BaseAddress,
                                   _Out_ PVOID Buffer, _In_ SIZE_T BufferSize,
                                   _Out_opt_ PSIZE_T NumberOfBytesRead);
NTSTATUS NTAPI NtWriteVirtualMemory(_In_ HANDLE ProcessHandle, _In_opt_ PVOID BaseAddress,
                                    _In_ PVOID Buffer, _In_ SIZE_T BufferSize,
                                    _Out_opt_ PSIZE_T NumberOfBytesWritten);
NTSTATUS NTAPI NtFlushVirtualMemory(_In_ HANDLE ProcessHandle, _Inout_ PVOID *BaseAddress,
                                    _Inout_ PSIZE_T RegionSize, _Out_ PIO_STATUS_BLOCK IoStatus);
NTSTATUS NTAPI NtLockVirtualMemory(_In_ HANDLE ProcessHandle, _Inout_ PVOID *BaseAddress,
                                   _Inout_ PSIZE_T RegionSize, _In_ ULONG MapType);
NTSTATUS NTAPI NtUnlockVirtualMemory(_In_ HANDLE ProcessHandle, _Inout_ PVOID *BaseAddress,
                                     _Inout_ PSIZE_T RegionSize, _In_ ULONG MapType);
NTSTATUS NTAPI NtFlushInstructionCache(_In_ HANDLE ProcessHandle, _In_opt_ PVOID BaseAddress,
                                       _In_ SIZE_T Length);

/* ---- Sections ---- */

NTSTATUS NTAPI NtCreateSection(_Out_ PHANDLE SectionHandle, _In_ ACCESS_MASK DesiredAccess,
                               _In_opt_ POBJECT_ATTRIBUTES ObjectAttributes,
                               _In_opt_ PLARGE_INTEGER MaximumSize,
                               _In_ ULONG SectionPageProtection, _In_ ULONG AllocationAttributes,
                               _In_opt_ HANDLE FileHandle);
NTSTATUS NTAPI NtOpenSection(_Out_ PHANDLE SectionHandle, _In_ ACCESS_MASK DesiredAccess,
                             _In_ POBJECT_ATTRIBUTES ObjectAttributes);
NTSTATUS NTAPI NtMapViewOfSection(_In_ HANDLE SectionHandle, _In_ HANDLE ProcessHandle,
                                  _Inout_ PVOID *BaseAddress, _In_ ULONG_PTR ZeroBits,
                                  _In_ SIZE_T CommitSize, _Inout_opt_ PLARGE_INTEGER SectionOffset,
                                  _Inout_ PSIZE_T ViewSize, _In_ SECTION_INHERIT InheritDisposition,
                                  _In_ ULONG AllocationType, _In_ ULONG Win32Protect);
NTSTATUS NTAPI NtUnmapViewOfSection(_In_ HANDLE ProcessHandle, _In_opt_ PVOID BaseAddress);
NTSTATUS NTAPI NtUnmapViewOfSectionEx(_In_ HANDLE ProcessHandle, _In_opt_ PVOID BaseAddress,
                                      _In_ ULONG Flags);
NTSTATUS NTAPI NtQuerySection(_In_ HANDLE SectionHandle,
                              _In_ SECTION_INFORMATION_CLASS SectionInformationClass,
                              _Out_ PVOID SectionInformation, _In_ SIZE_T SectionInformationLength,
                              _Out_opt_ PSIZE_T ReturnLength);
NTSTATUS NTAPI NtExtendSection(_In_ HANDLE SectionHandle, _Inout_ PLARGE_INTEGER NewSectionSize);
NTSTATUS NTAPI NtAreMappedFilesTheSame(_In_ PVOID File1MappedAsAnImage,
                                       _In_ PVOID File2MappedAsFile);

/* ---- Processes ---- */

NTSTATUS NTAPI NtTerminateProcess(_In_opt_ HANDLE ProcessHandle, _In_ NTSTATUS ExitStatus);
NTSTATUS NTAPI NtOpenProcess(_Out_ PHANDLE ProcessHandle, _In_ ACCESS_MASK DesiredAccess,
                             _In_ POBJECT_ATTRIBUTES ObjectAttributes,
                             _In_opt_ PCLIENT_ID ClientId);
NTSTATUS NTAPI NtQueryInformationProcess(_In_ HANDLE ProcessHandle,
                                         _In_ PROCESSINFOCLASS ProcessInformationClass,
                                         _Out_ PVOID ProcessInformation,
                                         _In_ ULONG ProcessInformationLength,
                                         _Out_opt_ PULONG ReturnLength);
NTSTATUS NTAPI NtSetInformationProcess(_In_ HANDLE ProcessHandle,
                                       _In_ PROCESSINFOCLASS ProcessInformationClass,
                                       _In_ PVOID ProcessInformation,
                                       _In_ ULONG ProcessInformationLength);
NTSTATUS NTAPI NtSuspendProcess(_In_ HANDLE ProcessHandle);
NTSTATUS NTAPI NtResumeProcess(_In_ HANDLE ProcessHandle);

/* ---- Threads ---- */

NTSTATUS NTAPI NtCreateThreadEx(_Out_ PHANDLE ThreadHandle, _In_ ACCESS_MASK DesiredAccess,
                                _In_opt_ POBJECT_ATTRIBUTES ObjectAttributes,
                                _In_ HANDLE ProcessHandle, _In_ PVOID StartRoutine,
                                _In_opt_ PVOID Argument, _In_ ULONG CreateFlags,
                                _In_ SIZE_T ZeroBits, _In_ SIZE_T StackSize,
                                _In_ SIZE_T MaximumStackSize,
                                _In_opt_ PPS_ATTRIBUTE_LIST AttributeList);
NTSTATUS NTAPI NtOpenThread(_Out_ PHANDLE ThreadHandle, _In_ ACCESS_MASK DesiredAccess,
                            _In_ POBJECT_ATTRIBUTES ObjectAttributes, _In_opt_ PCLIENT_ID ClientId);
NTSTATUS NTAPI NtGetNextProcess(_In_opt_ HANDLE ProcessHandle, _In_ ACCESS_MASK DesiredAccess,
                                _In_ ULONG HandleAttributes, _In_ ULONG Flags,
                                _Out_ PHANDLE NewProcessHandle);
NTSTATUS NTAPI NtGetNextThread(_In_ HANDLE ProcessHandle, _In_opt_ HANDLE ThreadHandle,
                               _In_ ACCESS_MASK DesiredAccess, _In_ ULONG HandleAttributes,
                               _In_ ULONG Flags, _Out_ PHANDLE NewThreadHandle);
NTSTATUS NTAPI NtSuspendProcess(_In_ HANDLE ProcessHandle);
NTSTATUS NTAPI NtResumeProcess(_In_ HANDLE ProcessHandle);
NTSTATUS NTAPI NtGetContextThread(_In_ HANDLE ThreadHandle, _Inout_ PCONTEXT ThreadContext);
NTSTATUS NTAPI NtSetContextThread(_In_ HANDLE ThreadHandle, _In_ PCONTEXT ThreadContext);
NTSTATUS NTAPI NtTerminateThread(_In_opt_ HANDLE ThreadHandle, _In_ NTSTATUS ExitStatus);
NTSTATUS NTAPI NtSuspendThread(_In_ HANDLE ThreadHandle, _Out_opt_ PULONG PreviousSuspendCount);
NTSTATUS NTAPI NtResumeThread(_In_ HANDLE ThreadHandle, _Out_opt_ PULONG PreviousSuspendCount);
NTSTATUS NTAPI NtGetContextThread(_In_ HANDLE ThreadHandle, _Inout_ PCONTEXT ThreadContext);
NTSTATUS NTAPI NtSetContextThread(_In_ HANDLE ThreadHandle, _In_ PCONTEXT ThreadContext);
NTSTATUS NTAPI NtQueueApcThread(_In_ HANDLE ThreadHandle, _In_ PPS_APC_ROUTINE ApcRoutine,
                                _In_opt_ PVOID ApcArgument1, _In_opt_ PVOID ApcArgument2,
                                _In_opt_ PVOID ApcArgument3);
NTSTATUS NTAPI NtQueryInformationThread(_In_ HANDLE ThreadHandle,
                                        _In_ THREADINFOCLASS ThreadInformationClass,
                                        _Out_ PVOID ThreadInformation,
                                        _In_ ULONG ThreadInformationLength,
                                        _Out_opt_ PULONG ReturnLength);
NTSTATUS NTAPI NtSetInformationThread(_In_ HANDLE ThreadHandle,
                                      _In_ THREADINFOCLASS ThreadInformationClass,
                                      _In_ PVOID ThreadInformation,
                                      _In_ ULONG ThreadInformationLength);

/* ---- Files ---- */

NTSTATUS NTAPI NtCreateFile(_Out_ PHANDLE FileHandle, _In_ ACCESS_MASK DesiredAccess,
                            _In_ POBJECT_ATTRIBUTES ObjectAttributes,
                            _Out_ PIO_STATUS_BLOCK IoStatusBlock,
                            _In_opt_ PLARGE_INTEGER AllocationSize, _In_ ULONG FileAttributes,
                            _In_ ULONG ShareAccess, _In_ ULONG CreateDisposition,
                            _In_ ULONG CreateOptions, _In_opt_ PVOID EaBuffer, _In_ ULONG EaLength);
NTSTATUS NTAPI NtOpenFile(_Out_ PHANDLE FileHandle, _In_ ACCESS_MASK DesiredAccess,
                          _In_ POBJECT_ATTRIBUTES ObjectAttributes,
                          _Out_ PIO_STATUS_BLOCK IoStatusBlock, _In_ ULONG ShareAccess,
                          _In_ ULONG OpenOptions);
NTSTATUS NTAPI NtReadFile(_In_ HANDLE FileHandle, _In_opt_ HANDLE Event,
                          _In_opt_ PIO_APC_ROUTINE ApcRoutine, _In_opt_ PVOID ApcContext,
                          _Out_ PIO_STATUS_BLOCK IoStatusBlock, _Out_ PVOID Buffer,
                          _In_ ULONG Length, _In_opt_ PLARGE_INTEGER ByteOffset,
                          _In_opt_ PULONG Key);
NTSTATUS NTAPI NtWriteFile(_In_ HANDLE FileHandle, _In_opt_ HANDLE Event,
                           _In_opt_ PIO_APC_ROUTINE ApcRoutine, _In_opt_ PVOID ApcContext,
                           _Out_ PIO_STATUS_BLOCK IoStatusBlock, _In_ PVOID Buffer,
                           _In_ ULONG Length, _In_opt_ PLARGE_INTEGER ByteOffset,
                           _In_opt_ PULONG Key);
NTSTATUS NTAPI NtDeviceIoControlFile(_In_ HANDLE FileHandle, _In_opt_ HANDLE Event,
                                     _In_opt_ PIO_APC_ROUTINE ApcRoutine, _In_opt_ PVOID ApcContext,
                                     _Out_ PIO_STATUS_BLOCK IoStatusBlock, _In_ ULONG IoControlCode,
                                     _In_opt_ PVOID InputBuffer, _In_ ULONG InputBufferLength,
                                     _Out_opt_ PVOID OutputBuffer, _In_ ULONG OutputBufferLength);
NTSTATUS NTAPI NtQueryInformationFile(_In_ HANDLE FileHandle, _Out_ PIO_STATUS_BLOCK IoStatusBlock,
                                      _Out_ PVOID FileInformation, _In_ ULONG Length,
                                      _In_ FILE_INFORMATION_CLASS FileInformationClass);
NTSTATUS NTAPI NtSetInformationFile(_In_ HANDLE FileHandle, _Out_ PIO_STATUS_BLOCK IoStatusBlock,
                                    _In_ PVOID FileInformation, _In_ ULONG Length,
                                    _In_ FILE_INFORMATION_CLASS FileInformationClass);
NTSTATUS NTAPI NtQueryVolumeInformationFile(_In_ HANDLE FileHandle,
                                            _Out_ PIO_STATUS_BLOCK IoStatusBlock,
                                            _Out_ PVOID FsInformation, _In_ ULONG Length,
                                            _In_ FS_INFORMATION_CLASS FsInformationClass);
NTSTATUS NTAPI NtQueryAttributesFile(_In_ POBJECT_ATTRIBUTES ObjectAttributes,
                                     _Out_ PFILE_BASIC_INFORMATION FileInformation);
NTSTATUS NTAPI NtQueryFullAttributesFile(_In_ POBJECT_ATTRIBUTES ObjectAttributes,
                                         _Out_ PFILE_NETWORK_OPEN_INFORMATION FileInformation);
NTSTATUS NTAPI NtQueryDirectoryFile(_In_ HANDLE FileHandle, _In_opt_ HANDLE Event,
                                    _In_opt_ PIO_APC_ROUTINE ApcRoutine, _In_opt_ PVOID ApcContext,
                                    _Out_ PIO_STATUS_BLOCK IoStatusBlock,
                                    _Out_ PVOID FileInformation, _In_ ULONG Length,
                                    _In_ FILE_INFORMATION_CLASS FileInformationClass,
                                    _In_ BOOLEAN ReturnSingleEntry,
                                    _In_opt_ PUNICODE_STRING FileName, _In_ BOOLEAN RestartScan);
NTSTATUS NTAPI NtFlushBuffersFile(_In_ HANDLE FileHandle, _Out_ PIO_STATUS_BLOCK IoStatusBlock);
NTSTATUS NTAPI NtCancelIoFile(_In_ HANDLE FileHandle, _Out_ PIO_STATUS_BLOCK IoStatusBlock);

/* ---- The system ---- */

NTSTATUS NTAPI NtQuerySystemInformation(_In_ SYSTEM_INFORMATION_CLASS SystemInformationClass,
                                        _Out_opt_ PVOID SystemInformation,
                                        _In_ ULONG SystemInformationLength,
                                        _Out_opt_ PULONG ReturnLength);
NTSTATUS NTAPI NtSystemDebugControl(_In_ SYSDBG_COMMAND Command, _In_opt_ PVOID InputBuffer,
                                    _In_ ULONG InputBufferLength, _Out_opt_ PVOID OutputBuffer,
                                    _In_ ULONG OutputBufferLength, _Out_opt_ PULONG ReturnLength);
NTSTATUS NTAPI NtRaiseHardError(_In_ NTSTATUS ErrorStatus, _In_ ULONG NumberOfParameters,
                                _In_ ULONG UnicodeStringParameterMask,
                                _In_opt_ PULONG_PTR Parameters, _In_ ULONG ValidResponseOptions,
                                _Out_ PULONG Response);
NTSTATUS NTAPI NtShutdownSystem(_In_ SHUTDOWN_ACTION Action);
ULONG NTAPI NtGetCurrentProcessorNumber(VOID);
NTSTATUS NTAPI NtQueryTimerResolution(_Out_ PULONG MaximumTime, _Out_ PULONG MinimumTime,
                                      _Out_ PULONG CurrentTime);
NTSTATUS NTAPI NtSetTimerResolution(_In_ ULONG DesiredTime, _In_ BOOLEAN SetResolution,
                                    _Out_ PULONG ActualTime);

#endif /* _NTAPI_H_ */
