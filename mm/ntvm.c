/*
 * The virtual memory services: capture, find the process, act, return.
 *
 * NtAllocateVirtualMemory, NtFreeVirtualMemory, NtProtectVirtualMemory and NtQueryVirtualMemory;
 * arguments and statuses as documented for the Zw routines of the same names in the WDK.
 */
#include "mip.h"
#include "ntapi.h"
#include "ob.h"
#include "rtlexcept.h"

/* Reads an address and a size that the service will also write. */
static NTSTATUS MiCaptureRegion(PVOID *UserBase, PSIZE_T UserSize, KPROCESSOR_MODE Mode,
                                PVOID *Base, PSIZE_T Size) {
    if (Mode == KernelMode) {
        *Base = *UserBase;
        *Size = *UserSize;
        return STATUS_SUCCESS;
    }
    __try {
        ProbeForWrite(UserBase, sizeof(PVOID), 1);
        ProbeForWrite(UserSize, sizeof(SIZE_T), 1);
        *Base = ReadPointerFromUser(UserBase);
        *Size = ReadULong64FromUser(UserSize);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return STATUS_SUCCESS;
}

/* Writes the rounded region back. What was done stays done if the memory has gone: as in Windows.
 */
static VOID MiReturnRegion(PVOID *UserBase, PSIZE_T UserSize, KPROCESSOR_MODE Mode, PVOID Base,
                           SIZE_T Size) {
    if (Mode == KernelMode) {
        *UserBase = Base;
        *UserSize = Size;
        return;
    }
    __try {
        WriteULong64ToUser(UserSize, Size);
        WritePointerToUser(UserBase, Base);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return;
    }
}

static NTSTATUS MiReferenceProcess(HANDLE Handle, ACCESS_MASK Access, KPROCESSOR_MODE Mode,
                                   PEPROCESS *Process) {
    return ObReferenceObjectByHandle(Handle, Access, PsProcessType, Mode, (PVOID *)Process, NULL);
}

NTSTATUS NTAPI NtAllocateVirtualMemory(_In_ HANDLE ProcessHandle, _Inout_ PVOID *BaseAddress,
                                       _In_ ULONG_PTR ZeroBits, _Inout_ PSIZE_T RegionSize,
                                       _In_ ULONG AllocationType, _In_ ULONG Protect) {
    KPROCESSOR_MODE Mode = ExGetPreviousMode();
    PEPROCESS Process;
    PVOID Base;
    SIZE_T Size;
    NTSTATUS Status = MiCheckAllocationType(ZeroBits, AllocationType, Protect);
    if (NT_SUCCESS(Status)) {
        Status = MiCaptureRegion(BaseAddress, RegionSize, Mode, &Base, &Size);
    }
    if (NT_SUCCESS(Status)) {
        Status = MiCheckAllocationRange(Base, Size, AllocationType);
    }
    if (NT_SUCCESS(Status)) {
        Status = MiReferenceProcess(ProcessHandle, PROCESS_VM_OPERATION, Mode, &Process);
    }
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = MmAllocateVirtualMemory(Process, &Base, ZeroBits, &Size, AllocationType, Protect);
    ObDereferenceObject(Process);
    if (NT_SUCCESS(Status)) {
        MiReturnRegion(BaseAddress, RegionSize, Mode, Base, Size);
    }
    return Status;
}

NTSTATUS NTAPI NtFreeVirtualMemory(_In_ HANDLE ProcessHandle, _Inout_ PVOID *BaseAddress,
                                   _Inout_ PSIZE_T RegionSize, _In_ ULONG FreeType) {
    KPROCESSOR_MODE Mode = ExGetPreviousMode();
    PEPROCESS Process;
    PVOID Base;
    SIZE_T Size;
    NTSTATUS Status;
    if (FreeType != MEM_DECOMMIT && FreeType != MEM_RELEASE) {
        return STATUS_INVALID_PARAMETER_4;
    }
    Status = MiCaptureRegion(BaseAddress, RegionSize, Mode, &Base, &Size);
    if (NT_SUCCESS(Status)) {
        Status = MiReferenceProcess(ProcessHandle, PROCESS_VM_OPERATION, Mode, &Process);
    }
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = MmFreeVirtualMemory(Process, &Base, &Size, FreeType);
    ObDereferenceObject(Process);
    if (NT_SUCCESS(Status)) {
        MiReturnRegion(BaseAddress, RegionSize, Mode, Base, Size);
    }
    return Status;
}

/* The old protection; unlike the region it must be writable. */
static NTSTATUS MiProbeOldProtect(PULONG OldProtect, KPROCESSOR_MODE Mode) {
    if (Mode == KernelMode) {
        return STATUS_SUCCESS;
    }
    __try {
        ProbeForWrite(OldProtect, sizeof(ULONG), 1);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return STATUS_SUCCESS;
}

static VOID MiReturnOldProtect(PULONG OldProtect, ULONG Value, KPROCESSOR_MODE Mode) {
    if (Mode == KernelMode) {
        *OldProtect = Value;
        return;
    }
    __try {
        WriteULongToUser(OldProtect, Value);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return;
    }
}

NTSTATUS NTAPI NtProtectVirtualMemory(_In_ HANDLE ProcessHandle, _Inout_ PVOID *BaseAddress,
                                      _Inout_ PSIZE_T RegionSize, _In_ ULONG NewProtect,
                                      _Out_ PULONG OldProtect) {
    KPROCESSOR_MODE Mode = ExGetPreviousMode();
    ULONG Old = 0;
    PEPROCESS Process;
    PVOID Base;
    SIZE_T Size;
    NTSTATUS Status;
    if (MiMakeProtectionMask(NewProtect) == MM_INVALID_PROTECTION) {
        return STATUS_INVALID_PAGE_PROTECTION;
    }
    Status = MiCaptureRegion(BaseAddress, RegionSize, Mode, &Base, &Size);
    if (NT_SUCCESS(Status)) {
        Status = MiProbeOldProtect(OldProtect, Mode);
    }
    if (NT_SUCCESS(Status)) {
        Status = MiReferenceProcess(ProcessHandle, PROCESS_VM_OPERATION, Mode, &Process);
    }
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = MmProtectVirtualMemory(Process, &Base, &Size, NewProtect, &Old);
    ObDereferenceObject(Process);
    if (NT_SUCCESS(Status)) {
        MiReturnOldProtect(OldProtect, Old, Mode);
        MiReturnRegion(BaseAddress, RegionSize, Mode, Base, Size);
    }
    return Status;
}

/* ---- NtQueryVirtualMemory: each class fills a kernel buffer that the door copies out ---- */

/* What a class returns: at most Length bytes at Buffer, *Used of them. */
typedef NTSTATUS MI_QUERY_ROUTINE(PEPROCESS Process, PVOID Address, PVOID Buffer, SIZE_T Length,
                                  PVOID UserBuffer, PSIZE_T Used);

static NTSTATUS MiQueryBasic(PEPROCESS Process, PVOID Address, PVOID Buffer, SIZE_T Length,
                             PVOID UserBuffer, PSIZE_T Used) {
    UNREFERENCED_PARAMETER(Length);
    UNREFERENCED_PARAMETER(UserBuffer);
    *Used = sizeof(MEMORY_BASIC_INFORMATION);
    return MmQueryVirtualMemory(Process, Address, Buffer);
}

static NTSTATUS MiQueryImage(PEPROCESS Process, PVOID Address, PVOID Buffer, SIZE_T Length,
                             PVOID UserBuffer, PSIZE_T Used) {
    PMEMORY_IMAGE_INFORMATION Info = Buffer;
    PCONTROL_AREA ControlArea = MiReferenceViewAt(Process, Address, &Info->ImageBase);
    NTSTATUS Status = STATUS_INVALID_ADDRESS;
    UNREFERENCED_PARAMETER(Length);
    UNREFERENCED_PARAMETER(UserBuffer);
    if (ControlArea == NULL) {
        return Status;
    }
    if (ControlArea->u.Flags.Image) {
        Info->SizeOfImage = ControlArea->Segment->SizeOfSegment;
        Info->ImageFlags = 0;
        *Used = sizeof(*Info);
        Status = STATUS_SUCCESS;
    }
    MiDereferenceView(ControlArea);
    return Status;
}

/* A UNICODE_STRING and, behind it, the device path of the file that is mapped there. */
static NTSTATUS MiQueryFileName(PEPROCESS Process, PVOID Address, PVOID Buffer, SIZE_T Length,
                                PVOID UserBuffer, PSIZE_T Used) {
    UNICODE_STRING Name = {0}, *Out = Buffer;
    PVOID Base;
    PCONTROL_AREA ControlArea = MiReferenceViewAt(Process, Address, &Base);
    NTSTATUS Status;
    if (ControlArea == NULL) {
        return STATUS_INVALID_ADDRESS;
    }
    Status = MiGetControlAreaFile(ControlArea) == NULL || MiFileOperations->GetFileName == NULL
                 ? STATUS_FILE_INVALID
                 : MiFileOperations->GetFileName(MiGetControlAreaFile(ControlArea), &Name);
    MiDereferenceView(ControlArea);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    *Used = sizeof(UNICODE_STRING) + Name.Length + sizeof(WCHAR);
    if (*Used > Length) {
        Status = STATUS_BUFFER_OVERFLOW;
    } else {
        Out->Length = Name.Length;
        Out->MaximumLength = (USHORT)(Name.Length + sizeof(WCHAR));
        Out->Buffer = (PWSTR)((PUCHAR)UserBuffer + sizeof(UNICODE_STRING));
        RtlCopyMemory(Out + 1, Name.Buffer, Name.Length);
        ((PWSTR)(Out + 1))[Name.Length / sizeof(WCHAR)] = UNICODE_NULL;
    }
    ExFreePool(Name.Buffer);
    return Status;
}

/* Copies the answer out. A file name that does not fit is not copied, but its length is told. */
static NTSTATUS MiReturnQuery(NTSTATUS Status, const VOID *Buffer, SIZE_T Used, PVOID UserBuffer,
                              PSIZE_T ReturnLength, KPROCESSOR_MODE Mode) {
    if (Mode == KernelMode) {
        if (NT_SUCCESS(Status)) {
            RtlCopyMemory(UserBuffer, Buffer, Used);
        }
        if (ReturnLength != NULL) {
            *ReturnLength = Used;
        }
        return Status;
    }
    __try {
        if (NT_SUCCESS(Status)) {
            CopyToUser(UserBuffer, Buffer, Used);
        }
        if (ReturnLength != NULL) {
            WriteULong64ToUser(ReturnLength, Used);
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return Status;
}

static NTSTATUS MiProbeQuery(PVOID Buffer, SIZE_T Length, PSIZE_T ReturnLength,
                             KPROCESSOR_MODE Mode) {
    if (Mode == KernelMode) {
        return STATUS_SUCCESS;
    }
    __try {
        ProbeForWrite(Buffer, Length, 1);
        if (ReturnLength != NULL) {
            ProbeForWrite(ReturnLength, sizeof(SIZE_T), 1);
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return STATUS_SUCCESS;
}

/* A path of 32 K characters is the longest there is. */
#define MI_QUERY_MAXIMUM (sizeof(UNICODE_STRING) + 0x10000)

static NTSTATUS MiRunQuery(MI_QUERY_ROUTINE *Routine, PEPROCESS Process, PVOID Address,
                           PVOID UserBuffer, SIZE_T Length, PSIZE_T ReturnLength,
                           KPROCESSOR_MODE Mode) {
    ULONG64 Small[8] = {0};
    PVOID Buffer = Small;
    SIZE_T Used = 0;
    NTSTATUS Status;
    Length = min(Length, (SIZE_T)MI_QUERY_MAXIMUM);
    if (Routine == MiQueryFileName) {
        Buffer = ExAllocatePool2(POOL_FLAG_PAGED, Length, MI_TAG_IMAGE);
        if (Buffer == NULL) {
            return STATUS_INSUFFICIENT_RESOURCES;
        }
    }
    Status = Routine(Process, Address, Buffer, Length, UserBuffer, &Used);
    if (NT_SUCCESS(Status) || Status == STATUS_BUFFER_OVERFLOW) {
        Status = MiReturnQuery(Status, Buffer, Used, UserBuffer, ReturnLength, Mode);
    }
    if (Buffer != Small) {
        ExFreePoolWithTag(Buffer, MI_TAG_IMAGE);
    }
    return Status;
}

NTSTATUS NTAPI NtQueryVirtualMemory(_In_ HANDLE ProcessHandle, _In_opt_ PVOID BaseAddress,
                                    _In_ MEMORY_INFORMATION_CLASS MemoryInformationClass,
                                    _Out_ PVOID MemoryInformation,
                                    _In_ SIZE_T MemoryInformationLength,
                                    _Out_opt_ PSIZE_T ReturnLength) {
    static const struct {
        MI_QUERY_ROUTINE *Routine;
        SIZE_T Length;
    } Classes[] = {
        [MemoryBasicInformation] = {MiQueryBasic, sizeof(MEMORY_BASIC_INFORMATION)},
        [MemoryMappedFilenameInformation] = {MiQueryFileName, sizeof(UNICODE_STRING)},
        [MemoryImageInformation] = {MiQueryImage, sizeof(MEMORY_IMAGE_INFORMATION)},
    };
    KPROCESSOR_MODE Mode = ExGetPreviousMode();
    ULONG Class = (ULONG)MemoryInformationClass;
    PEPROCESS Process;
    NTSTATUS Status;
    if (Class >= ARRAYSIZE(Classes) || Classes[Class].Routine == NULL) {
        return STATUS_INVALID_INFO_CLASS;
    }
    if (MemoryInformationLength < Classes[Class].Length) {
        return STATUS_INFO_LENGTH_MISMATCH;
    }
    Status = MiProbeQuery(MemoryInformation, MemoryInformationLength, ReturnLength, Mode);
    if (NT_SUCCESS(Status) && !MI_IS_USER_ADDRESS(BaseAddress)) {
        Status = STATUS_INVALID_PARAMETER;
    }
    if (NT_SUCCESS(Status)) {
        Status = MiReferenceProcess(ProcessHandle, PROCESS_QUERY_INFORMATION, Mode, &Process);
    }
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = MiRunQuery(Classes[Class].Routine, Process, BaseAddress, MemoryInformation,
                        MemoryInformationLength, ReturnLength, Mode);
    ObDereferenceObject(Process);
    return Status;
}
