/*
 * The basic types of NT, as the SDK and the WDK define them.
 *
 * This header is compiled for three targets: the kernel and user mode (x64 Windows, LLP64) and the
 * host tests and the UEFI loader (x64 Linux, LP64). `long` differs between them, so no type here is
 * made of it.
 */
#ifndef VITRINE_NTDEF_H
#define VITRINE_NTDEF_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* Annotations: direction and IRQL, read by people. */
#define _In_
#define _In_opt_
#define _In_z_
#define _In_reads_(n)
#define _In_reads_opt_(n)
#define _In_reads_bytes_(n)
#define _In_reads_bytes_opt_(n)
#define _Out_
#define _Out_opt_
#define _Out_writes_(n)
#define _Out_writes_opt_(n)
#define _Out_writes_bytes_(n)
#define _Out_writes_bytes_opt_(n)
#define _Inout_
#define _Inout_opt_
#define _Outptr_
#define _Outptr_opt_
#define _IRQL_requires_(irql)
#define _IRQL_requires_max_(irql)
#define _IRQL_requires_min_(irql)
#define _Success_(expr)
#define _Must_inspect_result_
#define _Printf_format_string_

#define NTAPI
#define CONST             const
#define FORCEINLINE       static inline __attribute__((always_inline))
#define DECLSPEC_NORETURN __attribute__((noreturn))
#define DECLSPEC_ALIGN(n) __attribute__((aligned(n)))
/*
 * A function for the rare case: out of line, and it gives nearly every register back as it was, so
 * that the common way, which leads around the call, has nothing to save.
 */
#ifdef NTOS_KERNEL
#define DECLSPEC_RARE __attribute__((noinline, cold, preserve_most))
#else
#define DECLSPEC_RARE __attribute__((noinline))
#endif
#define C_ASSERT(e) _Static_assert(e, #e)
#ifndef static_assert
#define static_assert _Static_assert
#endif
#define UNREFERENCED_PARAMETER(p) ((void)(p))
#define ANYSIZE_ARRAY             1

/* Inside filters and handlers; the compiler knows these. */
#define GetExceptionCode()        ((NTSTATUS)_exception_code())
#define GetExceptionInformation() ((PEXCEPTION_POINTERS)_exception_info())
#define AbnormalTermination()     _abnormal_termination()

/* The checked build says DBG=1; everything else is free. */
#ifndef DBG
#define DBG 0
#endif

typedef void VOID;
typedef void *PVOID;
typedef const void *PCVOID;
typedef char CHAR, *PCHAR, *PSTR;
typedef const char *PCSTR;
typedef const char *PCSZ;
typedef signed char SCHAR, *PSCHAR;
typedef unsigned char UCHAR, *PUCHAR;
typedef unsigned char BYTE, *PBYTE;
typedef unsigned char BOOLEAN, *PBOOLEAN;
typedef int BOOL;
typedef short SHORT, *PSHORT, CSHORT;
typedef unsigned short USHORT, *PUSHORT;
typedef unsigned short WORD;
typedef int INT, *PINT;
typedef unsigned int UINT, *PUINT;
typedef int LONG, *PLONG;
typedef unsigned int ULONG, *PULONG;
typedef unsigned int DWORD;
typedef long long LONGLONG, *PLONGLONG;
typedef unsigned long long ULONGLONG, *PULONGLONG;
typedef long long LONG64, *PLONG64;
typedef unsigned long long ULONG64, *PULONG64;
typedef unsigned long long DWORD64;
typedef int LONG32;
typedef unsigned int ULONG32;
typedef long long LONG_PTR, *PLONG_PTR;
typedef unsigned long long ULONG_PTR, *PULONG_PTR;
typedef long long INT_PTR;
typedef unsigned long long UINT_PTR;
typedef unsigned long long SIZE_T, *PSIZE_T;
typedef long long SSIZE_T;
typedef wchar_t WCHAR, *PWCHAR, *PWSTR;
typedef const wchar_t *PCWSTR, *PCWCH;
typedef UCHAR KIRQL, *PKIRQL;
typedef CHAR KPROCESSOR_MODE;
typedef LONG KPRIORITY;
typedef ULONG64 KAFFINITY, *PKAFFINITY;
typedef ULONG ACCESS_MASK, *PACCESS_MASK;
typedef LONG NTSTATUS, *PNTSTATUS;
typedef void *HANDLE, **PHANDLE;
typedef ULONG64 PFN_NUMBER, *PPFN_NUMBER;
typedef ULONG LCID;
typedef USHORT LANGID;
typedef USHORT RTL_ATOM, *PRTL_ATOM;

C_ASSERT(sizeof(WCHAR) == 2);
C_ASSERT(sizeof(ULONG) == 4 && sizeof(PVOID) == 8);

#define TRUE                     1
#define FALSE                    0
#define MAXULONG                 0xFFFFFFFFu
#define MAXLONG                  0x7FFFFFFF
#define MAXUSHORT                0xFFFF
#define MAXULONG64               0xFFFFFFFFFFFFFFFFull
#define MAXLONGLONG              0x7FFFFFFFFFFFFFFFll
#define MINLONG                  ((LONG)0x80000000)
#define UNICODE_NULL             ((WCHAR)0)
#define UNICODE_STRING_MAX_BYTES ((USHORT)65534)
#define OBJ_NAME_PATH_SEPARATOR  ((WCHAR)'\\')

#define NT_SUCCESS(s)     ((NTSTATUS)(s) >= 0)
#define NT_INFORMATION(s) (((ULONG)(s) >> 30) == 1)
#define NT_WARNING(s)     (((ULONG)(s) >> 30) == 2)
#define NT_ERROR(s)       (((ULONG)(s) >> 30) == 3)

#define ARRAYSIZE(a)                            (sizeof(a) / sizeof((a)[0]))
#define RTL_NUMBER_OF(a)                        ARRAYSIZE(a)
#define FIELD_OFFSET(type, field)               ((LONG)offsetof(type, field))
#define UFIELD_OFFSET(type, field)              ((ULONG)offsetof(type, field))
#define RTL_FIELD_SIZE(type, field)             (sizeof(((type *)0)->field))
#define CONTAINING_RECORD(address, type, field) ((type *)((PCHAR)(address) - offsetof(type, field)))
#define LOWORD(v)                               ((USHORT)(v))
#define HIWORD(v)                               ((USHORT)((ULONG)(v) >> 16))
#define min(a, b)                               (((a) < (b)) ? (a) : (b))
#define max(a, b)                               (((a) > (b)) ? (a) : (b))
#define ALIGN_DOWN_BY(v, a)                     ((ULONG_PTR)(v) & ~((ULONG_PTR)(a) - 1))
#define ALIGN_UP_BY(v, a)                       ALIGN_DOWN_BY((ULONG_PTR)(v) + (a) - 1, a)

#define PAGE_SHIFT        12
#define PAGE_SIZE         0x1000u
#define LARGE_PAGE_SIZE   0x200000u
#define BYTE_OFFSET(va)   ((ULONG)((ULONG_PTR)(va) & (PAGE_SIZE - 1)))
#define PAGE_ALIGN(va)    ((PVOID)((ULONG_PTR)(va) & ~(ULONG_PTR)(PAGE_SIZE - 1)))
#define BYTES_TO_PAGES(n) (((SIZE_T)(n) + PAGE_SIZE - 1) >> PAGE_SHIFT)
#define ROUND_TO_PAGES(n) (((ULONG_PTR)(n) + PAGE_SIZE - 1) & ~(ULONG_PTR)(PAGE_SIZE - 1))

typedef union _LARGE_INTEGER {
    struct {
        ULONG LowPart;
        LONG HighPart;
    };
    struct {
        ULONG LowPart;
        LONG HighPart;
    } u;
    LONGLONG QuadPart;
} LARGE_INTEGER, *PLARGE_INTEGER;

typedef union _ULARGE_INTEGER {
    struct {
        ULONG LowPart;
        ULONG HighPart;
    };
    struct {
        ULONG LowPart;
        ULONG HighPart;
    } u;
    ULONGLONG QuadPart;
} ULARGE_INTEGER, *PULARGE_INTEGER;

typedef LARGE_INTEGER PHYSICAL_ADDRESS, *PPHYSICAL_ADDRESS;

typedef struct _LUID {
    ULONG LowPart;
    LONG HighPart;
} LUID, *PLUID;

typedef struct _GUID {
    ULONG Data1;
    USHORT Data2;
    USHORT Data3;
    UCHAR Data4[8];
} GUID, *PGUID;

typedef struct _LIST_ENTRY {
    struct _LIST_ENTRY *Flink;
    struct _LIST_ENTRY *Blink;
} LIST_ENTRY, *PLIST_ENTRY;

typedef struct _SINGLE_LIST_ENTRY {
    struct _SINGLE_LIST_ENTRY *Next;
} SINGLE_LIST_ENTRY, *PSINGLE_LIST_ENTRY;

typedef struct _STRING {
    USHORT Length;
    USHORT MaximumLength;
    PCHAR Buffer;
} STRING, *PSTRING, ANSI_STRING, *PANSI_STRING, OEM_STRING, *POEM_STRING, UTF8_STRING,
    *PUTF8_STRING;
typedef const STRING *PCSTRING;
typedef const ANSI_STRING *PCANSI_STRING;
typedef const OEM_STRING *PCOEM_STRING;

typedef struct _UNICODE_STRING {
    USHORT Length;
    USHORT MaximumLength;
    PWSTR Buffer;
} UNICODE_STRING, *PUNICODE_STRING;
typedef const UNICODE_STRING *PCUNICODE_STRING;

#define RTL_CONSTANT_STRING(s) {sizeof(s) - sizeof((s)[0]), sizeof(s), (void *)(s)}

typedef struct _OBJECT_ATTRIBUTES {
    ULONG Length;
    HANDLE RootDirectory;
    PUNICODE_STRING ObjectName;
    ULONG Attributes;
    PVOID SecurityDescriptor;
    PVOID SecurityQualityOfService;
} OBJECT_ATTRIBUTES, *POBJECT_ATTRIBUTES;
typedef const OBJECT_ATTRIBUTES *PCOBJECT_ATTRIBUTES;
C_ASSERT(sizeof(OBJECT_ATTRIBUTES) == 0x30);

#define OBJ_INHERIT                       0x00000002u
#define OBJ_PERMANENT                     0x00000010u
#define OBJ_EXCLUSIVE                     0x00000020u
#define OBJ_CASE_INSENSITIVE              0x00000040u
#define OBJ_OPENIF                        0x00000080u
#define OBJ_OPENLINK                      0x00000100u
#define OBJ_KERNEL_HANDLE                 0x00000200u
#define OBJ_FORCE_ACCESS_CHECK            0x00000400u
#define OBJ_IGNORE_IMPERSONATED_DEVICEMAP 0x00000800u
#define OBJ_DONT_REPARSE                  0x00001000u
#define OBJ_VALID_ATTRIBUTES              0x00001FF2u

#define InitializeObjectAttributes(p, n, a, r, s)                                                  \
    do {                                                                                           \
        (p)->Length = sizeof(OBJECT_ATTRIBUTES);                                                   \
        (p)->RootDirectory = (r);                                                                  \
        (p)->ObjectName = (PUNICODE_STRING)(n);                                                    \
        (p)->Attributes = (a);                                                                     \
        (p)->SecurityDescriptor = (s);                                                             \
        (p)->SecurityQualityOfService = NULL;                                                      \
    } while (0)

typedef struct _CLIENT_ID {
    HANDLE UniqueProcess;
    HANDLE UniqueThread;
} CLIENT_ID, *PCLIENT_ID;

typedef struct _IO_STATUS_BLOCK {
    union {
        NTSTATUS Status;
        PVOID Pointer;
    };
    ULONG_PTR Information;
} IO_STATUS_BLOCK, *PIO_STATUS_BLOCK;

typedef struct _GENERIC_MAPPING {
    ACCESS_MASK GenericRead;
    ACCESS_MASK GenericWrite;
    ACCESS_MASK GenericExecute;
    ACCESS_MASK GenericAll;
} GENERIC_MAPPING, *PGENERIC_MAPPING;

typedef struct _TIME_FIELDS {
    SHORT Year;
    SHORT Month;
    SHORT Day;
    SHORT Hour;
    SHORT Minute;
    SHORT Second;
    SHORT Milliseconds;
    SHORT Weekday;
} TIME_FIELDS, *PTIME_FIELDS;

#define DELETE                   0x00010000u
#define READ_CONTROL             0x00020000u
#define WRITE_DAC                0x00040000u
#define WRITE_OWNER              0x00080000u
#define SYNCHRONIZE              0x00100000u
#define STANDARD_RIGHTS_REQUIRED 0x000F0000u
#define STANDARD_RIGHTS_READ     READ_CONTROL
#define STANDARD_RIGHTS_WRITE    READ_CONTROL
#define STANDARD_RIGHTS_EXECUTE  READ_CONTROL
#define STANDARD_RIGHTS_ALL      0x001F0000u
#define SPECIFIC_RIGHTS_ALL      0x0000FFFFu
#define ACCESS_SYSTEM_SECURITY   0x01000000u
#define MAXIMUM_ALLOWED          0x02000000u
#define GENERIC_ALL              0x10000000u
#define GENERIC_EXECUTE          0x20000000u
#define GENERIC_WRITE            0x40000000u
#define GENERIC_READ             0x80000000u

enum { KernelMode = 0, UserMode = 1, MaximumMode = 2 };
typedef CHAR MODE;

typedef enum _EVENT_TYPE { NotificationEvent, SynchronizationEvent } EVENT_TYPE;
typedef enum _TIMER_TYPE { NotificationTimer, SynchronizationTimer } TIMER_TYPE;
typedef enum _WAIT_TYPE { WaitAll, WaitAny, WaitNotification, WaitDequeue, WaitDpc } WAIT_TYPE;

#define MAXIMUM_WAIT_OBJECTS  64
#define MAXIMUM_SUSPEND_COUNT 127

#define NtCurrentProcess() ((HANDLE)(LONG_PTR) - 1)
#define NtCurrentThread()  ((HANDLE)(LONG_PTR) - 2)
#define ZwCurrentProcess() NtCurrentProcess()
#define ZwCurrentThread()  NtCurrentThread()

typedef struct _GROUP_AFFINITY {
    KAFFINITY Mask;
    USHORT Group;
    USHORT Reserved[3];
} GROUP_AFFINITY, *PGROUP_AFFINITY;

#endif
