/*
 * nt.h - what the conformance programs share: prototypes that mingw's winternl.h lacks, and output
 *
 * Each program imports ntdll.dll only, begins at Start() and writes one text that is the same on
 * Windows, Wine and Vitrine: no addresses, no times, nothing that depends on the machine.
 * expected/ holds what Wine gave (`make oracle`).
 */
#ifndef CONFORMANCE_NT_H
#define CONFORMANCE_NT_H

#define WIN32_NO_STATUS
#include <windows.h>
#undef WIN32_NO_STATUS
#include <winternl.h>
#include <ntstatus.h>
#include <stdarg.h>

#define NTSYS       __declspec(dllimport)
#define SELF        ((HANDLE)(LONG_PTR) - 1)
#define SELF_THREAD ((HANDLE)(LONG_PTR) - 2)
#define PAGE        0x1000

/* --- system services --- */

NTSYS NTSTATUS NTAPI NtTerminateProcess(HANDLE Process, NTSTATUS Status);
NTSYS NTSTATUS NTAPI NtAllocateVirtualMemory(HANDLE, PVOID *, ULONG_PTR, PSIZE_T, ULONG, ULONG);
NTSYS NTSTATUS NTAPI NtFreeVirtualMemory(HANDLE, PVOID *, PSIZE_T, ULONG);
NTSYS NTSTATUS NTAPI NtProtectVirtualMemory(HANDLE, PVOID *, PSIZE_T, ULONG, PULONG);
NTSYS NTSTATUS NTAPI NtQueryVirtualMemory(HANDLE, PVOID, int, PVOID, SIZE_T, PSIZE_T);
NTSYS NTSTATUS NTAPI NtDelayExecution(BOOLEAN Alertable, PLARGE_INTEGER Interval);
NTSYS NTSTATUS NTAPI NtYieldExecution(void);
NTSYS NTSTATUS NTAPI NtTestAlert(void);
NTSYS NTSTATUS NTAPI NtQueryPerformanceCounter(PLARGE_INTEGER Counter, PLARGE_INTEGER Frequency);
NTSYS NTSTATUS NTAPI NtCreateEvent(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES, int, BOOLEAN);
NTSYS NTSTATUS NTAPI NtOpenEvent(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES);
NTSYS NTSTATUS NTAPI NtSetEvent(HANDLE, PLONG);
NTSYS NTSTATUS NTAPI NtResetEvent(HANDLE, PLONG);
NTSYS NTSTATUS NTAPI NtClearEvent(HANDLE);
NTSYS NTSTATUS NTAPI NtTerminateThread(HANDLE, NTSTATUS);
NTSYS NTSTATUS NTAPI NtCreateSection(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES, PLARGE_INTEGER,
                                     ULONG, ULONG, HANDLE);
NTSYS NTSTATUS NTAPI NtMapViewOfSection(HANDLE, HANDLE, PVOID *, ULONG_PTR, SIZE_T, PLARGE_INTEGER,
                                        PSIZE_T, int, ULONG, ULONG);
NTSYS NTSTATUS NTAPI NtUnmapViewOfSection(HANDLE, PVOID);
NTSYS NTSTATUS NTAPI NtReadFile(HANDLE, HANDLE, PIO_APC_ROUTINE, PVOID, PIO_STATUS_BLOCK, PVOID,
                                ULONG, PLARGE_INTEGER, PULONG);
NTSYS NTSTATUS NTAPI NtWriteFile(HANDLE, HANDLE, PIO_APC_ROUTINE, PVOID, PIO_STATUS_BLOCK,
                                 const void *, ULONG, PLARGE_INTEGER, PULONG);
NTSYS NTSTATUS NTAPI NtFlushBuffersFile(HANDLE, PIO_STATUS_BLOCK);
NTSYS NTSTATUS NTAPI NtContinue(PCONTEXT, BOOLEAN);
NTSYS NTSTATUS NTAPI NtRaiseException(PEXCEPTION_RECORD, PCONTEXT, BOOLEAN);

/* --- the loader and the run-time library --- */

typedef NTSTATUS(NTAPI *PUSER_THREAD_START_ROUTINE)(PVOID Parameter);
typedef struct _TIME_FIELDS_ {
    SHORT Year, Month, Day, Hour, Minute, Second, Milliseconds, Weekday;
} TIME_FIELDS_;

NTSYS NTSTATUS NTAPI LdrLoadDll(PCWSTR, PULONG, PUNICODE_STRING, PHANDLE);
NTSYS NTSTATUS NTAPI LdrUnloadDll(HANDLE);
NTSYS NTSTATUS NTAPI LdrGetDllHandle(PCWSTR, PVOID, PUNICODE_STRING, PHANDLE);
NTSYS NTSTATUS NTAPI LdrGetProcedureAddress(PVOID, PANSI_STRING, ULONG, PVOID *);
NTSYS NTSTATUS NTAPI RtlCreateUserThread(HANDLE, PSECURITY_DESCRIPTOR, BOOLEAN, ULONG, SIZE_T,
                                         SIZE_T, PVOID, PVOID, PHANDLE, CLIENT_ID *);
NTSYS void NTAPI RtlExitUserThread(NTSTATUS);
NTSYS PVOID NTAPI RtlAllocateHeap(PVOID, ULONG, SIZE_T);
NTSYS PVOID NTAPI RtlReAllocateHeap(PVOID, ULONG, PVOID, SIZE_T);
NTSYS SIZE_T NTAPI RtlSizeHeap(PVOID, ULONG, const void *);
NTSYS BOOLEAN NTAPI RtlFreeHeap(PVOID, ULONG, PVOID);
NTSYS PVOID NTAPI RtlAddVectoredExceptionHandler(ULONG, PVECTORED_EXCEPTION_HANDLER);
NTSYS ULONG NTAPI RtlRemoveVectoredExceptionHandler(PVOID);
NTSYS void NTAPI RtlRaiseException(PEXCEPTION_RECORD);
NTSYS void NTAPI RtlRaiseStatus(NTSTATUS);
NTSYS PIMAGE_NT_HEADERS NTAPI RtlImageNtHeader(PVOID);
NTSYS void NTAPI RtlTimeToTimeFields(const LARGE_INTEGER *, TIME_FIELDS_ *);
NTSYS BOOLEAN NTAPI RtlTimeFieldsToTime(TIME_FIELDS_ *, PLARGE_INTEGER);
NTSYS void NTAPI RtlSecondsSince1970ToTime(ULONG, PLARGE_INTEGER);
NTSYS int __cdecl _vsnprintf(char *, size_t, const char *, va_list);
NTSYS void *__cdecl memset(void *, int, size_t);
NTSYS void *__cdecl memcpy(void *, const void *, size_t);
NTSYS size_t __cdecl strlen(const char *);

/* --- the process's own structures, by their documented offsets --- */

#define AT(Base, Offset, Type) (*(Type *)((ULONG_PTR)(Base) + (Offset)))

static inline PVOID TebPointer(void) {
    return (PVOID)__readgsqword(0x30);
}
static inline PVOID PebPointer(void) {
    return (PVOID)__readgsqword(0x60);
}
static inline PVOID Parameters(void) {
    return AT(PebPointer(), 0x20, PVOID);
}
static inline HANDLE StandardInput(void) {
    return AT(Parameters(), 0x20, HANDLE);
}
static inline HANDLE StandardOutput(void) {
    return AT(Parameters(), 0x28, HANDLE);
}
static inline PVOID ProcessHeap(void) {
    return AT(PebPointer(), 0x30, PVOID);
}

/* Was the program asked, by its last argument, for what Wine does otherwise than Windows? */
static inline BOOL LastArgumentIs(const WCHAR *Wanted) {
    UNICODE_STRING *Line = &AT(Parameters(), 0x70, UNICODE_STRING);
    ULONG Length = Line->Length / sizeof(WCHAR), Tail = 0;
    while (Wanted[Tail] != 0) {
        Tail++;
    }
    if (Length <= Tail || Line->Buffer[Length - Tail - 1] != L' ') {
        return FALSE;
    }
    for (ULONG i = 0; i < Tail; i++) {
        if (Line->Buffer[Length - Tail + i] != Wanted[i]) {
            return FALSE;
        }
    }
    return TRUE;
}

/* --- output and end --- */

static inline void Emit(const void *Bytes, ULONG Length) {
    IO_STATUS_BLOCK Io;
    NtWriteFile(StandardOutput(), NULL, NULL, NULL, &Io, Bytes, Length, NULL, NULL);
}

static void Print(const char *Format, ...) {
    char Text[1024];
    va_list Args;
    va_start(Args, Format);
    int Length = _vsnprintf(Text, sizeof(Text), Format, Args);
    va_end(Args);
    Emit(Text, Length < 0 ? sizeof(Text) : (ULONG)Length);
}

static inline DECLSPEC_NORETURN void Exit(NTSTATUS Status) {
    NtTerminateProcess(SELF, Status);
    __builtin_unreachable();
}

static inline const char *YesNo(BOOL Value) {
    return Value ? "yes" : "no";
}

static inline void Check(const char *What, BOOL Value) {
    Print("%s: %s\n", What, YesNo(Value));
}

static inline void ShowStatus(const char *What, NTSTATUS Status) {
    Print("%s: %08x\n", What, (unsigned)Status);
}

/* For requests that Wine refuses with another status than Windows: documented.c has the statuses.
 */
static inline void ShowFailure(const char *What, NTSTATUS Status) {
    Print("%s: %s\n", What, NT_SUCCESS(Status) ? "succeeds" : "fails");
}

void Start(void);

#endif
