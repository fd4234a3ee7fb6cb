/*
 * The Section object type and the section services.
 *
 * A Section object is a door to a control area (section.c) with a size and a protection of its own.
 * MmCreateSection stands here too, since it makes the object.
 */
#include "io.h"
#include "mip.h"
#include "ntapi.h"
#include "ob.h"
#include "rtlexcept.h"

POBJECT_TYPE MmSectionObjectType;

/* ---- The object ---- */

static VOID MiSectionDelete(PVOID Object) {
    PSECTION Section = Object;
    if (Section->u1.ControlArea != NULL) {
        MiDereferenceSection(Section->u1.ControlArea);
    }
}

BOOLEAN MmInitializeSectionObjects(VOID) {
    static UNICODE_STRING Name = RTL_CONSTANT_STRING(L"Section");
    OBJECT_TYPE_INITIALIZER Initializer = {
        .Length = sizeof(Initializer),
        .UseDefaultObject = TRUE,
        .InvalidAttributes = OBJ_OPENLINK,
        .GenericMapping = {STANDARD_RIGHTS_READ | SECTION_QUERY | SECTION_MAP_READ,
                           STANDARD_RIGHTS_WRITE | SECTION_MAP_WRITE,
                           STANDARD_RIGHTS_EXECUTE | SECTION_MAP_EXECUTE, SECTION_ALL_ACCESS},
        .ValidAccessMask = STANDARD_RIGHTS_ALL | SECTION_ALL_ACCESS,
        .PoolType = PagedPool,
        .DefaultPagedPoolCharge = sizeof(SECTION),
        .DeleteProcedure = MiSectionDelete,
    };
    return NT_SUCCESS(ObCreateObjectType(&Name, &Initializer, NULL, &MmSectionObjectType));
}

/* The file behind a handle, referenced, if the handle allows what the protection asks for. */
static NTSTATUS MiReferenceFile(HANDLE FileHandle, ULONG PageProtection, KPROCESSOR_MODE Mode,
                                PFILE_OBJECT *FileObject) {
    static const ACCESS_MASK Access[8] = {FILE_READ_DATA,
                                          FILE_READ_DATA,
                                          FILE_EXECUTE,
                                          FILE_EXECUTE | FILE_READ_DATA,
                                          FILE_READ_DATA | FILE_WRITE_DATA,
                                          FILE_READ_DATA,
                                          FILE_EXECUTE | FILE_READ_DATA | FILE_WRITE_DATA,
                                          FILE_EXECUTE | FILE_READ_DATA};
    ULONG Protection = MiMakeProtectionMask(PageProtection);
    return ObReferenceObjectByHandle(FileHandle, Access[Protection & MM_PROTECTION_ACCESS],
                                     IoFileObjectType, Mode, (PVOID *)FileObject, NULL);
}

/* Makes the object around a filled-in body. The body's section reference is taken over. */
static NTSTATUS MiMakeSectionObject(const SECTION *Body, POBJECT_ATTRIBUTES ObjectAttributes,
                                    KPROCESSOR_MODE Mode, PVOID *SectionObject) {
    NTSTATUS Status = ObCreateObject(Mode, MmSectionObjectType, ObjectAttributes, Mode, NULL,
                                     sizeof(SECTION), 0, 0, SectionObject);
    if (!NT_SUCCESS(Status)) {
        MiDereferenceSection(Body->u1.ControlArea);
        return Status;
    }
    *(PSECTION)*SectionObject = *Body;
    return STATUS_SUCCESS;
}

NTSTATUS MmCreateSection(_Out_ PVOID *SectionObject, _In_ ACCESS_MASK DesiredAccess,
                         _In_opt_ POBJECT_ATTRIBUTES ObjectAttributes,
                         _In_opt_ PLARGE_INTEGER MaximumSize, _In_ ULONG SectionPageProtection,
                         _In_ ULONG AllocationAttributes, _In_opt_ HANDLE FileHandle,
                         _In_opt_ PFILE_OBJECT FileObject) {
    KPROCESSOR_MODE Mode = ExGetPreviousMode();
    ULONG64 Size = MaximumSize != NULL ? (ULONG64)MaximumSize->QuadPart : 0;
    PFILE_OBJECT Opened = NULL;
    SECTION Body = {0};
    NTSTATUS Status = MiCheckSectionParameters(SectionPageProtection, AllocationAttributes,
                                               FileHandle != NULL || FileObject != NULL);
    UNREFERENCED_PARAMETER(DesiredAccess);
    if (NT_SUCCESS(Status) && FileObject == NULL && FileHandle != NULL) {
        Status = MiReferenceFile(FileHandle, SectionPageProtection, Mode, &Opened);
        FileObject = Opened;
    }
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status =
        MiCreateControlArea(FileObject, Size, SectionPageProtection, AllocationAttributes, &Body);
    if (Opened != NULL) {
        ObDereferenceObject(Opened);
    }
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    return MiMakeSectionObject(&Body, ObjectAttributes, Mode, SectionObject);
}

/* ---- Services ---- */

static NTSTATUS MiCaptureSize(PLARGE_INTEGER UserSize, KPROCESSOR_MODE Mode, PLARGE_INTEGER Size) {
    Size->QuadPart = 0;
    if (UserSize == NULL) {
        return STATUS_SUCCESS;
    }
    if (Mode == KernelMode) {
        *Size = *UserSize;
        return STATUS_SUCCESS;
    }
    __try {
        Size->QuadPart = (LONGLONG)ReadULong64FromUser(UserSize);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI NtCreateSection(_Out_ PHANDLE SectionHandle, _In_ ACCESS_MASK DesiredAccess,
                               _In_opt_ POBJECT_ATTRIBUTES ObjectAttributes,
                               _In_opt_ PLARGE_INTEGER MaximumSize,
                               _In_ ULONG SectionPageProtection, _In_ ULONG AllocationAttributes,
                               _In_opt_ HANDLE FileHandle) {
    KPROCESSOR_MODE Mode = ExGetPreviousMode();
    LARGE_INTEGER Size;
    PVOID Section;
    HANDLE Handle;
    NTSTATUS Status = ObPrepareHandle(SectionHandle);
    if (NT_SUCCESS(Status)) {
        Status = MiCheckSectionParameters(SectionPageProtection, AllocationAttributes,
                                          FileHandle != NULL);
    }
    if (NT_SUCCESS(Status)) {
        Status = MiCaptureSize(MaximumSize, Mode, &Size);
    }
    if (NT_SUCCESS(Status)) {
        Status = MmCreateSection(&Section, DesiredAccess, ObjectAttributes, &Size,
                                 SectionPageProtection, AllocationAttributes, FileHandle, NULL);
    }
    if (NT_SUCCESS(Status)) {
        Status = ObInsertObject(Section, NULL, DesiredAccess, 0, NULL, &Handle);
    }
    return NT_SUCCESS(Status) ? ObReturnHandle(SectionHandle, Handle, Status, Mode) : Status;
}

NTSTATUS NTAPI NtOpenSection(_Out_ PHANDLE SectionHandle, _In_ ACCESS_MASK DesiredAccess,
                             _In_ POBJECT_ATTRIBUTES ObjectAttributes) {
    return ObOpenObjectHandle(SectionHandle, DesiredAccess, ObjectAttributes, MmSectionObjectType);
}

/* What NtMapViewOfSection takes and gives back by pointers. */
typedef struct _MI_VIEW_ARGUMENTS {
    PVOID Base;
    SIZE_T Size;
    LARGE_INTEGER Offset;
} MI_VIEW_ARGUMENTS;

static NTSTATUS MiCaptureView(PVOID *Base, PLARGE_INTEGER Offset, PSIZE_T Size,
                              KPROCESSOR_MODE Mode, MI_VIEW_ARGUMENTS *View) {
    View->Offset.QuadPart = 0;
    if (Mode == KernelMode) {
        View->Base = *Base;
        View->Size = *Size;
        View->Offset.QuadPart = Offset != NULL ? Offset->QuadPart : 0;
        return STATUS_SUCCESS;
    }
    __try {
        ProbeForWrite(Base, sizeof(PVOID), 1);
        ProbeForWrite(Size, sizeof(SIZE_T), 1);
        View->Base = ReadPointerFromUser(Base);
        View->Size = ReadULong64FromUser(Size);
        if (Offset != NULL) {
            ProbeForWrite(Offset, sizeof(LARGE_INTEGER), 1);
            View->Offset.QuadPart = (LONGLONG)ReadULong64FromUser(Offset);
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return STATUS_SUCCESS;
}

/* The view exists; if the caller's memory has gone, he must find it by himself, as in Windows. */
static VOID MiReturnView(PVOID *Base, PLARGE_INTEGER Offset, PSIZE_T Size, KPROCESSOR_MODE Mode,
                         const MI_VIEW_ARGUMENTS *View) {
    if (Mode == KernelMode) {
        *Base = View->Base;
        *Size = View->Size;
        if (Offset != NULL) {
            *Offset = View->Offset;
        }
        return;
    }
    __try {
        WriteULong64ToUser(Size, View->Size);
        WritePointerToUser(Base, View->Base);
        if (Offset != NULL) {
            WriteULong64ToUser(Offset, (ULONG64)View->Offset.QuadPart);
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return;
    }
}

/* Rights on the section that a view's protection needs. */
static ACCESS_MASK MiSectionAccess(ULONG Win32Protect) {
    static const ACCESS_MASK Access[8] = {SECTION_MAP_READ,
                                          SECTION_MAP_READ,
                                          SECTION_MAP_EXECUTE,
                                          SECTION_MAP_EXECUTE | SECTION_MAP_READ,
                                          SECTION_MAP_WRITE,
                                          SECTION_MAP_READ,
                                          SECTION_MAP_EXECUTE | SECTION_MAP_WRITE,
                                          SECTION_MAP_EXECUTE | SECTION_MAP_READ};
    return Access[MiMakeProtectionMask(Win32Protect) & MM_PROTECTION_ACCESS];
}

NTSTATUS NTAPI NtMapViewOfSection(_In_ HANDLE SectionHandle, _In_ HANDLE ProcessHandle,
                                  _Inout_ PVOID *BaseAddress, _In_ ULONG_PTR ZeroBits,
                                  _In_ SIZE_T CommitSize, _Inout_opt_ PLARGE_INTEGER SectionOffset,
                                  _Inout_ PSIZE_T ViewSize, _In_ SECTION_INHERIT InheritDisposition,
                                  _In_ ULONG AllocationType, _In_ ULONG Win32Protect) {
    KPROCESSOR_MODE Mode = ExGetPreviousMode();
    MI_VIEW_ARGUMENTS View;
    PEPROCESS Process;
    PVOID Section;
    NTSTATUS Status;
    if (InheritDisposition != ViewShare && InheritDisposition != ViewUnmap) {
        return STATUS_INVALID_PARAMETER_8;
    }
    if (MiMakeProtectionMask(Win32Protect) == MM_INVALID_PROTECTION) {
        return STATUS_INVALID_PAGE_PROTECTION;
    }
    Status = MiCaptureView(BaseAddress, SectionOffset, ViewSize, Mode, &View);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = ObReferenceObjectByHandle(ProcessHandle, PROCESS_VM_OPERATION, PsProcessType, Mode,
                                       (PVOID *)&Process, NULL);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = ObReferenceObjectByHandle(SectionHandle, MiSectionAccess(Win32Protect),
                                       MmSectionObjectType, Mode, &Section, NULL);
    if (NT_SUCCESS(Status)) {
        Status =
            MmMapViewOfSection(Section, Process, &View.Base, ZeroBits, CommitSize, &View.Offset,
                               &View.Size, InheritDisposition, AllocationType, Win32Protect);
        ObDereferenceObject(Section);
    }
    ObDereferenceObject(Process);
    if (NT_SUCCESS(Status)) {
        MiReturnView(BaseAddress, SectionOffset, ViewSize, Mode, &View);
    }
    return Status;
}

NTSTATUS NTAPI NtUnmapViewOfSection(_In_ HANDLE ProcessHandle, _In_opt_ PVOID BaseAddress) {
    KPROCESSOR_MODE Mode = ExGetPreviousMode();
    PEPROCESS Process;
    NTSTATUS Status;
    if (Mode == UserMode && !MI_IS_USER_ADDRESS(BaseAddress)) {
        return STATUS_NOT_MAPPED_VIEW;
    }
    Status = ObReferenceObjectByHandle(ProcessHandle, PROCESS_VM_OPERATION, PsProcessType, Mode,
                                       (PVOID *)&Process, NULL);
    if (NT_SUCCESS(Status)) {
        Status = MmUnmapViewOfSection(Process, BaseAddress);
        ObDereferenceObject(Process);
    }
    return Status;
}

/* ---- NtQuerySection ---- */

typedef union _MI_SECTION_ANSWER {
    SECTION_BASIC_INFORMATION Basic;
    SECTION_IMAGE_INFORMATION Image;
} MI_SECTION_ANSWER;

static NTSTATUS MiQuerySection(PSECTION Section, SECTION_INFORMATION_CLASS Class,
                               MI_SECTION_ANSWER *Answer) {
    if (Class == SectionImageInformation) {
        return MmGetImageInformation(Section, &Answer->Image);
    }
    Answer->Basic.BaseAddress = NULL;
    Answer->Basic.AllocationAttributes =
        (Section->u.Flags.Image ? SEC_IMAGE : 0) | (Section->u.Flags.File ? SEC_FILE : 0) |
        (Section->u.Flags.Reserve ? SEC_RESERVE : 0) | (Section->u.Flags.Commit ? SEC_COMMIT : 0);
    Answer->Basic.MaximumSize.QuadPart = (LONGLONG)Section->SizeOfSection;
    return STATUS_SUCCESS;
}

static NTSTATUS MiReturnAnswer(const VOID *Answer, SIZE_T Size, PVOID Buffer, PSIZE_T ReturnLength,
                               KPROCESSOR_MODE Mode) {
    if (Mode == KernelMode) {
        RtlCopyMemory(Buffer, Answer, Size);
        if (ReturnLength != NULL) {
            *ReturnLength = Size;
        }
        return STATUS_SUCCESS;
    }
    __try {
        CopyToUser(Buffer, Answer, Size);
        if (ReturnLength != NULL) {
            WriteULong64ToUser(ReturnLength, Size);
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI NtQuerySection(_In_ HANDLE SectionHandle,
                              _In_ SECTION_INFORMATION_CLASS SectionInformationClass,
                              _Out_ PVOID SectionInformation, _In_ SIZE_T SectionInformationLength,
                              _Out_opt_ PSIZE_T ReturnLength) {
    KPROCESSOR_MODE Mode = ExGetPreviousMode();
    MI_SECTION_ANSWER Answer = {0};
    SIZE_T Size = SectionInformationClass == SectionBasicInformation ? sizeof(Answer.Basic)
                                                                     : sizeof(Answer.Image);
    PVOID Section;
    NTSTATUS Status;
    if (SectionInformationClass != SectionBasicInformation &&
        SectionInformationClass != SectionImageInformation) {
        return STATUS_INVALID_INFO_CLASS;
    }
    if (SectionInformationLength < Size) {
        return STATUS_INFO_LENGTH_MISMATCH;
    }
    Status = ObReferenceObjectByHandle(SectionHandle, SECTION_QUERY, MmSectionObjectType, Mode,
                                       &Section, NULL);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = MiQuerySection(Section, SectionInformationClass, &Answer);
    ObDereferenceObject(Section);
    return NT_SUCCESS(Status)
               ? MiReturnAnswer(&Answer, Size, SectionInformation, ReturnLength, Mode)
               : Status;
}
