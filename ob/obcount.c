/*
 * obcount.c - handle counts
 *
 * HandleCount is how many handles there are to an object, in all processes. Types with
 * MaintainHandleCount want to know besides how many each process has: that stands in the handle
 * header, one entry there while a single process has handles, else in an array of its own. An
 * exclusive object may have handles in one process only.
 *
 * Most objects need neither, and then one interlocked operation does it. The others use the
 * object's lock.
 */
#include "obp.h"

#define DATABASE_SIZE(n)                                                                           \
    (sizeof(OBJECT_HANDLE_COUNT_DATABASE) + ((n) - 1) * sizeof(OBJECT_HANDLE_COUNT_ENTRY))
#define DATABASE_GROWTH 4

/* A larger array, with a copy of what there was; NULL without memory. */
static POBJECT_HANDLE_COUNT_ENTRY ObpGrowDatabase(POBJECT_HEADER Header,
                                                  POBJECT_HEADER_HANDLE_INFO Info) {
    BOOLEAN Single = (Header->Flags & OB_FLAG_SINGLE_HANDLE_ENTRY) != 0;
    ULONG OldCount = Single ? 1 : Info->HandleCountDataBase->CountEntries;
    POBJECT_HANDLE_COUNT_DATABASE New = ExAllocatePool2(
        POOL_FLAG_PAGED, DATABASE_SIZE(OldCount + DATABASE_GROWTH), OBP_TAG_HANDLE_COUNT);
    if (New == NULL) {
        return NULL;
    }
    New->CountEntries = OldCount + DATABASE_GROWTH;
    if (Single) {
        New->HandleCountEntries[0] = Info->SingleEntry;
        Header->Flags &= (UCHAR)~OB_FLAG_SINGLE_HANDLE_ENTRY;
    } else {
        memcpy(New->HandleCountEntries, Info->HandleCountDataBase->HandleCountEntries,
               OldCount * sizeof(OBJECT_HANDLE_COUNT_ENTRY));
        ExFreePoolWithTag(Info->HandleCountDataBase, OBP_TAG_HANDLE_COUNT);
    }
    Info->HandleCountDataBase = New;
    return &New->HandleCountEntries[OldCount];
}

/* The entry of Process; if there is none and Add, a new one; NULL if there is none. */
static POBJECT_HANDLE_COUNT_ENTRY ObpFindProcessCount(POBJECT_HEADER Header, PEPROCESS Process,
                                                      BOOLEAN Add) {
    POBJECT_HEADER_HANDLE_INFO Info = OBJECT_HEADER_TO_HANDLE_INFO(Header);
    POBJECT_HANDLE_COUNT_ENTRY Free = NULL, Entries;
    ULONG Count;
    if ((Header->Flags & OB_FLAG_SINGLE_HANDLE_ENTRY) != 0) {
        Entries = &Info->SingleEntry;
        Count = 1;
    } else {
        Entries = Info->HandleCountDataBase->HandleCountEntries;
        Count = Info->HandleCountDataBase->CountEntries;
    }
    for (ULONG i = 0; i < Count; i++) {
        if (Entries[i].HandleCount != 0 && Entries[i].Process == Process) {
            return &Entries[i];
        }
        if (Entries[i].HandleCount == 0 && Free == NULL) {
            Free = &Entries[i];
        }
    }
    if (!Add) {
        return NULL;
    }
    return Free != NULL ? Free : ObpGrowDatabase(Header, Info);
}

/* May Process have a handle to this exclusive object? Under the object's lock. */
static BOOLEAN ObpCheckExclusive(POBJECT_HEADER Header, PEPROCESS Process) {
    POBJECT_HEADER_PROCESS_INFO Info = ObpOptionalHeader(Header, OB_INFOMASK_PROCESS_INFO);
    if (Info == NULL || (Header->HandleCount != 0 && Info->ExclusiveProcess != Process)) {
        return FALSE;
    }
    Info->ExclusiveProcess = Process;
    return TRUE;
}

static NTSTATUS ObpCountUnderLock(POBJECT_HEADER Header, PEPROCESS Process) {
    NTSTATUS Status = STATUS_SUCCESS;
    ObpLockObject(Header);
    if ((Header->Flags & OB_FLAG_EXCLUSIVE_OBJECT) != 0 && !ObpCheckExclusive(Header, Process)) {
        Status = STATUS_ACCESS_DENIED;
    } else if ((Header->InfoMask & OB_INFOMASK_HANDLE) != 0) {
        POBJECT_HANDLE_COUNT_ENTRY Entry = ObpFindProcessCount(Header, Process, TRUE);
        if (Entry == NULL) {
            Status = STATUS_INSUFFICIENT_RESOURCES;
        } else {
            Entry->Process = Process;
            Entry->HandleCount++;
        }
    }
    if (NT_SUCCESS(Status)) {
        InterlockedIncrement64(&Header->HandleCount);
    }
    ObpUnlockObject(Header);
    return Status;
}

/* Takes one handle off the counts; returns how many Process had, and the system. */
static ULONGLONG ObpUncount(POBJECT_HEADER Header, PEPROCESS Process, PULONGLONG ProcessCount) {
    *ProcessCount = 0;
    if (ObpCountsSimply(Header)) {
        return (ULONGLONG)InterlockedDecrement64(&Header->HandleCount) + 1;
    }
    KeEnterCriticalRegion();
    ObpLockObject(Header);
    if ((Header->InfoMask & OB_INFOMASK_HANDLE) != 0) {
        POBJECT_HANDLE_COUNT_ENTRY Entry = ObpFindProcessCount(Header, Process, FALSE);
        ASSERT(Entry != NULL);
        if (Entry != NULL) {
            *ProcessCount = Entry->HandleCount;
            Entry->HandleCount--;
        }
    }
    ULONGLONG SystemCount = (ULONGLONG)InterlockedDecrement64(&Header->HandleCount) + 1;
    POBJECT_HEADER_PROCESS_INFO Info = ObpOptionalHeader(Header, OB_INFOMASK_PROCESS_INFO);
    if (SystemCount == 1 && Info != NULL) {
        Info->ExclusiveProcess = NULL;
    }
    ObpUnlockObject(Header);
    KeLeaveCriticalRegion();
    return SystemCount;
}

/*
 * Counts a handle that is about to be made, and asks the type's open procedure.
 * STATUS_ACCESS_DENIED (exclusive), STATUS_INVALID_PARAMETER (exclusive, where the object is not),
 * STATUS_INSUFFICIENT_RESOURCES, the procedure's.
 */
NTSTATUS ObpIncrementHandleCount(_In_ OB_OPEN_REASON OpenReason, _In_opt_ PEPROCESS Process,
                                 _In_ PVOID Object, _Inout_ PACCESS_MASK Access,
                                 _In_ KPROCESSOR_MODE AccessMode, _In_ ULONG Attributes) {
    POBJECT_HEADER Header = OBJECT_TO_OBJECT_HEADER(Object);
    POBJECT_TYPE Type = ObpGetObjectType(Header);
    if ((Attributes & OBJ_EXCLUSIVE) != 0 && (Header->Flags & OB_FLAG_EXCLUSIVE_OBJECT) == 0) {
        return STATUS_INVALID_PARAMETER;
    }
    NTSTATUS Status = STATUS_SUCCESS;
    if (!ObpCountsSimply(Header)) {
        Status = ObpCountUnderLock(Header, Process);
        if (!NT_SUCCESS(Status)) {
            return Status;
        }
    } else {
        InterlockedIncrement64(&Header->HandleCount);
    }
    InterlockedIncrement(&ObpCountsOf(Type)->Handles);
    if (Type->TypeInfo.OpenProcedure != NULL) {
        Status = Type->TypeInfo.OpenProcedure(OpenReason, AccessMode, Process, Object, Access,
                                              (ULONG)Header->HandleCount);
        if (!NT_SUCCESS(Status)) {
            ULONGLONG ProcessCount;
            ObpUncount(Header, Process, &ProcessCount);
            InterlockedDecrement(&ObpCountsOf(Type)->Handles);
        }
    }
    return Status;
}

/* A handle has gone: tells the type, and takes the name away with the last handle. */
VOID ObpDecrementHandleCount(_In_opt_ PEPROCESS Process, _In_ POBJECT_HEADER Header) {
    POBJECT_TYPE Type = ObpGetObjectType(Header);
    ULONGLONG ProcessCount;
    ULONGLONG SystemCount = ObpUncount(Header, Process, &ProcessCount);
    InterlockedDecrement(&ObpCountsOf(Type)->Handles);
    if (Type->TypeInfo.CloseProcedure != NULL) {
        Type->TypeInfo.CloseProcedure(Process, Header->Body, ProcessCount, SystemCount);
    }
    if (SystemCount == 1 && (Header->InfoMask & OB_INFOMASK_NAME) != 0) {
        ObpDeleteNameCheck(Header->Body);
    }
}
