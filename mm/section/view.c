/*
 * Views: sections in address spaces.
 *
 * A view is a VAD with the prototype PTEs it begins at. No page table is made here: the pages come
 * with the faults. An image always maps whole, at the address it was linked for if that is free,
 * else anywhere, and then its loader must relocate it (STATUS_IMAGE_NOT_AT_BASE).
 *
 * Pages that a view can make private, copy-on-write ones, are charged to its process when it is
 * mapped.
 */
#include "io.h" /* FILE_OBJECT: a structure only, nothing of io/ is called */
#include "kd.h"
#include "mip.h"

static BOOLEAN MiIsCopyOnWrite(ULONG Protection) {
    return Protection != MM_NOACCESS && (Protection & MM_WRITECOPY) == MM_WRITECOPY;
}

/* Inserts the VAD of a view; the view reference on the control area goes with it. */
static NTSTATUS MiInsertView(PEPROCESS Process, PCONTROL_AREA ControlArea, ULONG_PTR First,
                             ULONG_PTR Pages, ULONG64 FirstPte, const MMVAD *Kind, SIZE_T Charge) {
    PSEGMENT Segment = ControlArea->Segment;
    PMMVAD Vad;
    NTSTATUS Status = MiAllocateVad(Process, sizeof(*Vad), (PVOID *)&Vad);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    if (!MiChargeCommitment(Charge)) {
        MiFreeVad(Process, Vad);
        return STATUS_COMMITMENT_LIMIT;
    }
    *Vad = *Kind;
    MiSetVadRange(&Vad->Core, First, First + Pages - 1);
    Vad->FirstPrototypePte = Segment->PrototypePte + FirstPte;
    Vad->LastContiguousPte = Segment->PrototypePte + Segment->TotalNumberOfPtes - 1;
    Vad->Subsection = MiFindSubsection(Segment, Vad->FirstPrototypePte);
    NT_ASSERT(Vad->Subsection != NULL);
    MiReferenceView(ControlArea);
    MiInsertProcessVad(Process, &Vad->Core);
    MiChargeProcess(Process, &Vad->Core, (SSIZE_T)Charge);
    return STATUS_SUCCESS;
}

/* Pages of an image that can become private. */
static SIZE_T MiCountImageCharge(PSEGMENT Segment) {
    SIZE_T Count = 0;
    for (ULONG i = 0; i < Segment->NumberOfSubsections; i++) {
        if (MiIsCopyOnWrite(Segment->Subsections[i].u.SubsectionFlags.Protection)) {
            Count += Segment->Subsections[i].PtesInSubsection;
        }
    }
    return Count;
}

/* Can a view of so many pages be put at Base? */
static BOOLEAN MiIsRangeFree(PEPROCESS Process, PVOID Base, ULONG64 Pages) {
    ULONG_PTR First = MI_VA_TO_VPN(Base);
    return MiIsPlaceForVad(Base, Pages << PAGE_SHIFT) &&
           MiCheckForConflictingVad(&Process->VadRoot, First, First + Pages - 1) == NULL;
}

/* Is the image's own base usable and free? */
static BOOLEAN MiIsPreferredBaseFree(PEPROCESS Process, PSEGMENT Segment, ULONG_PTR *First) {
    PVOID Base = Segment->BasedAddress;
    *First = MI_VA_TO_VPN(Base);
    return ((ULONG_PTR)Base & (X64K - 1)) == 0 &&
           MiIsRangeFree(Process, Base, Segment->TotalNumberOfPtes);
}

VOID MiTellDebugger(_In_ PEPROCESS Process, _In_ PCONTROL_AREA ControlArea, _In_ PVOID BaseAddress,
                    _In_ BOOLEAN Mapped) {
    PCUNICODE_STRING Name = &MiGetControlAreaFile(ControlArea)->FileName;
    if (Mapped) {
        DbgLoadImageSymbols(Name, BaseAddress, (ULONG_PTR)Process->UniqueProcessId);
    } else {
        DbgUnLoadImageSymbols(Name, BaseAddress, (ULONG_PTR)Process->UniqueProcessId);
    }
}

static NTSTATUS MiMapImageView(PEPROCESS Process, PSECTION Section, PVOID *BaseAddress,
                               ULONG_PTR ZeroBits, PSIZE_T ViewSize, BOOLEAN TopDown) {
    PCONTROL_AREA ControlArea = Section->u1.ControlArea;
    PSEGMENT Segment = ControlArea->Segment;
    MMVAD Kind = {.Core.u.VadFlags = {.VadType = VadImageMap, .Protection = MM_EXECUTE_WRITECOPY},
                  .SectionProtection = MM_EXECUTE_WRITECOPY};
    ULONG_PTR Pages = Segment->TotalNumberOfPtes;
    ULONG_PTR First = MI_VA_TO_VPN(*BaseAddress);
    NTSTATUS Status = STATUS_SUCCESS;
    if (*BaseAddress != NULL) {
        if (!MiIsRangeFree(Process, *BaseAddress, Pages)) {
            return STATUS_CONFLICTING_ADDRESSES;
        }
    } else if (!MiIsPreferredBaseFree(Process, Segment, &First)) {
        Status = MiSelectAddress(Process, Pages << PAGE_SHIFT, ZeroBits, TopDown, &First);
    }
    if (NT_SUCCESS(Status)) {
        Status =
            MiInsertView(Process, ControlArea, First, Pages, 0, &Kind, MiCountImageCharge(Segment));
    }
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    *BaseAddress = MI_VPN_TO_VA(First);
    *ViewSize = Pages << PAGE_SHIFT;
    MiTellDebugger(Process, ControlArea, *BaseAddress, TRUE);
    return *BaseAddress == Segment->BasedAddress ? STATUS_SUCCESS : STATUS_IMAGE_NOT_AT_BASE;
}

/* Where a data view begins and how large it is; *Offset is rounded down to 64 KiB. */
static NTSTATUS MiMeasureDataView(PSECTION Section, PULONG64 Offset, PSIZE_T ViewSize) {
    if (*Offset >= Section->SizeOfSection) {
        return STATUS_INVALID_VIEW_SIZE;
    }
    if (*ViewSize == 0) {
        *Offset = ALIGN_DOWN_BY(*Offset, X64K);
        *ViewSize = Section->SizeOfSection - *Offset;
    } else {
        ULONG64 Start = ALIGN_DOWN_BY(*Offset, X64K);
        if (*ViewSize > ROUND_TO_PAGES(Section->SizeOfSection) - *Offset) {
            return STATUS_INVALID_VIEW_SIZE;
        }
        *ViewSize += *Offset - Start;
        *Offset = Start;
    }
    return STATUS_SUCCESS;
}

static NTSTATUS MiMapDataView(PEPROCESS Process, PSECTION Section, PVOID *BaseAddress,
                              ULONG_PTR ZeroBits, PULONG64 Offset, PSIZE_T ViewSize,
                              BOOLEAN TopDown, BOOLEAN Inherit, ULONG Protection) {
    MMVAD Kind = {.Core.u.VadFlags.Protection = Protection,
                  .u2.VadFlags2.Inherit = Inherit,
                  .SectionProtection = MiMakeProtectionMask(Section->InitialPageProtection)};
    ULONG_PTR First, Pages;
    NTSTATUS Status = MiMeasureDataView(Section, Offset, ViewSize);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Pages = BYTES_TO_PAGES(*ViewSize);
    First = MI_VA_TO_VPN(*BaseAddress);
    if (*BaseAddress == NULL) {
        Status = MiSelectAddress(Process, *ViewSize, ZeroBits, TopDown, &First);
    } else if (!MiIsRangeFree(Process, *BaseAddress, Pages)) {
        Status = STATUS_CONFLICTING_ADDRESSES;
    }
    if (NT_SUCCESS(Status)) {
        Status = MiInsertView(Process, Section->u1.ControlArea, First, Pages, *Offset >> PAGE_SHIFT,
                              &Kind, MiIsCopyOnWrite(Protection) ? Pages : 0);
    }
    if (NT_SUCCESS(Status)) {
        *BaseAddress = MI_VPN_TO_VA(First);
        *ViewSize = Pages << PAGE_SHIFT;
    }
    return Status;
}

/* A view may not allow more than its section: no write to a read-only one, no code in data. */
static BOOLEAN MiIsViewProtectionAllowed(ULONG Section, ULONG View) {
    ULONG SectionAccess = Section & MM_PROTECTION_ACCESS;
    ULONG ViewAccess = View & MM_PROTECTION_ACCESS;
    BOOLEAN Writable = ViewAccess == MM_READWRITE || ViewAccess == MM_EXECUTE_READWRITE;
    if (View == MM_NOACCESS) {
        return TRUE;
    }
    if (Writable && SectionAccess != MM_READWRITE && SectionAccess != MM_EXECUTE_READWRITE) {
        return FALSE;
    }
    return !(ViewAccess & MM_EXECUTE) || (SectionAccess & MM_EXECUTE);
}

static NTSTATUS MiCheckView(PSECTION Section, PVOID Base, SIZE_T Size, ULONG64 Offset,
                            ULONG_PTR ZeroBits, ULONG AllocationType, ULONG Protection) {
    ULONG SectionProtection = MiMakeProtectionMask(Section->InitialPageProtection);
    if (!NT_SUCCESS(MiCheckZeroBits(ZeroBits))) {
        return STATUS_INVALID_PARAMETER_4;
    }
    if (AllocationType & ~(ULONG)(MEM_TOP_DOWN | MEM_RESERVE | SEC_NOCACHE)) {
        return STATUS_INVALID_PARAMETER_9;
    }
    if (Protection == MM_INVALID_PROTECTION) {
        return STATUS_INVALID_PAGE_PROTECTION;
    }
    if (!MiIsUserRange(Base, Size)) { /* the size asked for; what is mapped is asked again */
        return STATUS_INVALID_PARAMETER_3;
    }
    if (((ULONG_PTR)Base | Offset) & (X64K - 1)) {
        return STATUS_MAPPED_ALIGNMENT;
    }
    return Section->u.Flags.Image || MiIsViewProtectionAllowed(SectionProtection, Protection)
               ? STATUS_SUCCESS
               : STATUS_SECTION_PROTECTION;
}

NTSTATUS MmMapViewOfSection(_In_ PVOID SectionObject, _Inout_ PEPROCESS Process,
                            _Inout_ PVOID *BaseAddress, _In_ ULONG_PTR ZeroBits,
                            _In_ SIZE_T CommitSize, _Inout_opt_ PLARGE_INTEGER SectionOffset,
                            _Inout_ PSIZE_T ViewSize, _In_ SECTION_INHERIT InheritDisposition,
                            _In_ ULONG AllocationType, _In_ ULONG Win32Protect) {
    PSECTION Section = SectionObject;
    ULONG64 Offset = SectionOffset != NULL ? (ULONG64)SectionOffset->QuadPart : 0;
    ULONG Protection = MiMakeProtectionMask(Win32Protect);
    BOOLEAN TopDown = (AllocationType & MEM_TOP_DOWN) != 0;
    KAPC_STATE ApcState;
    NTSTATUS Status =
        MiCheckView(Section, *BaseAddress, *ViewSize, Offset, ZeroBits, AllocationType, Protection);
    UNREFERENCED_PARAMETER(CommitSize);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    MiAttachProcess(Process, &ApcState);
    MiLockAddressSpace(Process);
    if (Process->AddressSpaceInitialized == MI_ADDRESS_SPACE_DELETED) {
        Status = STATUS_PROCESS_IS_TERMINATING;
    } else if (Section->u.Flags.Image) {
        Status = MiMapImageView(Process, Section, BaseAddress, ZeroBits, ViewSize, TopDown);
    } else {
        Status = MiMapDataView(Process, Section, BaseAddress, ZeroBits, &Offset, ViewSize, TopDown,
                               InheritDisposition == ViewShare, Protection);
    }
    MiUnlockAddressSpace(Process);
    MiDetachProcess(Process, &ApcState);
    if (NT_SUCCESS(Status) && SectionOffset != NULL) {
        SectionOffset->QuadPart = Section->u.Flags.Image ? 0 : (LONGLONG)Offset;
    }
    return Status;
}

NTSTATUS MmUnmapViewOfSection(_Inout_ PEPROCESS Process, _In_ PVOID BaseAddress) {
    NTSTATUS Status = STATUS_NOT_MAPPED_VIEW;
    KAPC_STATE ApcState;
    PMMVAD_SHORT Vad;
    if (!MI_IS_USER_ADDRESS(BaseAddress)) {
        return STATUS_NOT_MAPPED_VIEW;
    }
    MiAttachProcess(Process, &ApcState);
    MiLockAddressSpace(Process);
    Vad = MiLocateVad(&Process->VadRoot, MI_VA_TO_VPN(BaseAddress));
    if (Vad != NULL && !Vad->u.VadFlags.PrivateMemory) {
        MiDeleteVad(Process, Vad);
        Status = STATUS_SUCCESS;
    }
    MiUnlockAddressSpace(Process);
    MiDetachProcess(Process, &ApcState);
    return Status;
}

NTSTATUS MmGetImageInformation(_In_ PVOID SectionObject,
                               _Out_ PSECTION_IMAGE_INFORMATION ImageInformation) {
    PSEGMENT Segment = ((PSECTION)SectionObject)->u1.ControlArea->Segment;
    if (Segment->u2.ImageInformation == NULL) {
        return STATUS_SECTION_NOT_IMAGE;
    }
    *ImageInformation = Segment->u2.ImageInformation->ExportedImageInformation;
    return STATUS_SUCCESS;
}

PFILE_OBJECT MmGetFileObjectForSection(_In_ PVOID SectionObject) {
    return MiGetControlAreaFile(((PSECTION)SectionObject)->u1.ControlArea);
}
