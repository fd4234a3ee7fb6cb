/*
 * psprocess.h - the process object, at Windows' offsets
 */
#ifndef VITRINE_PSPROCESS_H
#define VITRINE_PSPROCESS_H

#include "ex.h"
#include "ke.h"
#include "ntpebteb.h"
#include "ntpsapi.h"
#include "ntrtl.h"
#include "quota.h"

typedef struct _HANDLE_TABLE *PHANDLE_TABLE;

/* ---- What Mm counts for a process: guarded by its WorkingSetLock ---- */

typedef struct _MMSUPPORT_INSTANCE {
    UCHAR Reserved1[4];
    ULONG PageFaultCount;
    UCHAR Reserved2[0x80];
    SIZE_T WorkingSetSize; /* pages present */
    UCHAR Reserved3[0x10];
    SIZE_T PeakWorkingSetSize;
    UCHAR Reserved4[0x18];
} MMSUPPORT_INSTANCE, *PMMSUPPORT_INSTANCE;

typedef struct _MMSUPPORT_SHARED {
    UCHAR Reserved1[0x80];
} MMSUPPORT_SHARED, *PMMSUPPORT_SHARED;

typedef struct _MMSUPPORT_FULL {
    MMSUPPORT_INSTANCE Instance;
    MMSUPPORT_SHARED Shared;
} MMSUPPORT_FULL, *PMMSUPPORT_FULL;
C_ASSERT(sizeof(MMSUPPORT_FULL) == 0x140);

/* ---- The process ---- */

typedef struct _SE_AUDIT_PROCESS_CREATION_INFO {
    struct _OBJECT_NAME_INFORMATION *ImageFileName; /* full image path; NULL: none */
} SE_AUDIT_PROCESS_CREATION_INFO;

/* The fields from EntryPoint on are this kernel's own; those before lie where Windows has them. */
struct _EPROCESS {
    KPROCESS Pcb;
    EX_PUSH_LOCK ProcessLock;
    HANDLE UniqueProcessId;
    LIST_ENTRY ActiveProcessLinks; /* PspActiveProcessLock */
    EX_RUNDOWN_REF RundownProtect; /* held by code that looks into the process from outside */
    UCHAR Reserved1[4];
    union {
        volatile ULONG Flags; /* several locks guard its bits: interlocked operations alone */
        struct {
            ULONG : 2;
            ULONG ProcessExiting : 1; /* ProcessLock */
            ULONG ProcessDelete : 1;
            ULONG : 6;
            ULONG AddressSpaceInitialized : 2; /* MI_ADDRESS_SPACE_*: AddressCreationLock */
            ULONG : 1;
            ULONG BreakOnTermination : 1;
        };
    };
    LARGE_INTEGER CreateTime;
    UCHAR Reserved2[0x20];
    SIZE_T PeakVirtualSize;
    SIZE_T VirtualSize; /* bytes: AddressCreationLock */
    UCHAR Reserved3[0x18];
    EX_FAST_REF Token;
    UCHAR Reserved4[8];
    EX_PUSH_LOCK AddressCreationLock;
    UCHAR Reserved5[0x28];
    SIZE_T NumberOfPrivatePages; /* WorkingSetLock */
    UCHAR Reserved6[0x18];
    PVOID SectionObject; /* the image, referenced */
    PVOID SectionBaseAddress;
    ULONG Cookie;
    UCHAR Reserved7[0x14];
    HANDLE InheritedFromUniqueProcessId;
    UCHAR Reserved8[8];
    PPEB Peb;
    UCHAR Reserved9[0x10];
    PEPROCESS_QUOTA_BLOCK QuotaBlock; /* never NULL, constant */
    PHANDLE_TABLE ObjectTable;
    UCHAR Reserved10[0x10];
    PVOID DeviceMap;
    UCHAR Reserved11[0x18];
    UCHAR ImageFileName[15];
    UCHAR PriorityClass;
    UCHAR Reserved12[8];
    SE_AUDIT_PROCESS_CREATION_INFO SeAuditProcessCreationInfo;
    UCHAR Reserved13[0x18];
    LIST_ENTRY ThreadListHead; /* ETHREAD.ThreadListEntry: ProcessLock */
    volatile ULONG ActiveThreads;
    ULONG ImagePathHash;
    ULONG DefaultHardErrorProcessing;
    NTSTATUS LastThreadExitStatus;
    UCHAR Reserved14[0x48];
    SIZE_T CommitCharge; /* private pages promised: AddressCreationLock */
    SIZE_T CommitChargePeak;
    UCHAR Reserved15[0x28];
    MMSUPPORT_FULL Vm;
    UCHAR Reserved16[0x14];
    NTSTATUS ExitStatus;
    RTL_AVL_TREE VadRoot; /* this and the next two: see mm/mip.h */
    PVOID VadHint;
    ULONG64 VadCount;
    UCHAR Reserved17[0x50];
    LARGE_INTEGER ExitTime;
    UCHAR Reserved18[0x1F8];
    PVOID EntryPoint;                    /* of the image, in this address space */
    EX_TIMER_RESOLUTION TimerResolution; /* ex/resolution.c's lock */
    ULONG SessionId;
    EX_PUSH_LOCK WorkingSetLock;
};

#define PS_PROCESS_FLAGS_PROCESS_EXITING 0x4

#endif
