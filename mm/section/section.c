/*
 * Sections: memory that can be mapped more than once.
 *
 *   SECTION (object) --+
 *   SECTION (object) --+--> CONTROL_AREA --> SEGMENT --> array of prototype PTEs
 *   VAD (view) --------+         |              |
 *   VAD (view) --------+         +--> file      +--> SUBSECTIONs: runs with one protection
 *
 * The control area stands for the thing mapped: an image file, a data file, or a piece of memory.
 * Section objects and views each hold a reference to it; the last one deletes it. All sections over
 * one file share one control area for its image and one for its data, found through the file's
 * SECTION_OBJECT_POINTERS. A prototype PTE is what the PTEs of all views have in common: still in
 * the file, not touched yet, or a page, which stays until the segment goes.
 *
 * Sections over files are read-only or copy-on-write: there is nothing that writes pages back.
 */
#include "io.h" /* SECTION_OBJECT_POINTERS: a structure only, nothing of io/ is called */
#include "mip.h"

EX_PUSH_LOCK MiSectionLock;
const MM_FILE_OPERATIONS *MiFileOperations;

#define MI_MAXIMUM_SECTION (1ULL << 40)

VOID MmRegisterFileOperations(_In_ const MM_FILE_OPERATIONS *Operations) {
    MiFileOperations = Operations;
}

static VOID MiLockSections(VOID) {
    KeEnterCriticalRegion();
    ExAcquirePushLockExclusive(&MiSectionLock);
}

static VOID MiUnlockSections(VOID) {
    ExReleasePushLockExclusive(&MiSectionLock);
    KeLeaveCriticalRegion();
}

/* ---- Segments ---- */

/*
 * Makes a segment with its control area, subsections (not filled in) and prototype PTEs (all 0),
 * referencing the file; charged to the process that is the first to ask for the file's section.
 * STATUS_INSUFFICIENT_RESOURCES, STATUS_QUOTA_EXCEEDED.
 */
NTSTATUS MiCreateSegment(_In_opt_ PFILE_OBJECT FileObject, _In_ ULONG64 Ptes,
                         _In_ ULONG Subsections, _Out_ PSEGMENT *Segment) {
    SIZE_T Size = sizeof(SEGMENT) + sizeof(CONTROL_AREA) + Subsections * sizeof(SUBSECTION);
    PSEGMENT New;
    NTSTATUS Status =
        MmAllocatePoolWithQuota(NULL, POOL_FLAG_NON_PAGED, Size, MI_TAG_SEGMENT, (PVOID *)&New);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = MmAllocatePoolWithQuota(NULL, POOL_FLAG_PAGED, Ptes * sizeof(MMPTE), MI_TAG_SEGMENT,
                                     (PVOID *)&New->PrototypePte);
    if (!NT_SUCCESS(Status)) {
        ExFreePoolWithTag(New, MI_TAG_SEGMENT);
        return Status;
    }
    New->ControlArea = (PCONTROL_AREA)(New + 1);
    New->Subsections = (PSUBSECTION)(New->ControlArea + 1);
    New->NumberOfSubsections = Subsections;
    New->TotalNumberOfPtes = (ULONG)Ptes;
    New->SizeOfSegment = Ptes << PAGE_SHIFT;
    New->ControlArea->Segment = New;
    New->ControlArea->FilePointer.Object = FileObject;
    if (FileObject != NULL) {
        MiFileOperations->Reference(FileObject);
    }
    *Segment = New;
    return STATUS_SUCCESS;
}

/* Frees a segment that nobody refers to: its pages, its file, itself. */
VOID MiDeleteSegment(_In_ PSEGMENT Segment) {
    PFILE_OBJECT FileObject = MiGetControlAreaFile(Segment->ControlArea);
    for (ULONG64 i = 0; i < Segment->TotalNumberOfPtes; i++) {
        MMPTE Pte = Segment->PrototypePte[i];
        if (Pte.u.Hard.Valid) {
            BOOLEAN Last = MiDecrementShareCount(Pte.u.Hard.PageFrameNumber);
            NT_ASSERT(Last);
            UNREFERENCED_PARAMETER(Last);
        }
    }
    MiReturnCommitment(Segment->NumberOfCommittedPages);
    if (FileObject != NULL) {
        MiFileOperations->Dereference(FileObject);
    }
    if (Segment->u2.ImageInformation != NULL) {
        ExFreePoolWithTag(Segment->u2.ImageInformation, MI_TAG_IMAGE);
    }
    ExFreePoolWithTag(Segment->PrototypePte, MI_TAG_SEGMENT);
    ExFreePoolWithTag(Segment, MI_TAG_SEGMENT);
}

/* ---- References ---- */

/* The caller knows that the control area has a view already, which cannot go away meanwhile. */
VOID MiReferenceView(_Inout_ PCONTROL_AREA ControlArea) {
    InterlockedIncrement64(&ControlArea->NumberOfMappedViews);
}

/* Where a file keeps its control area for images, or for data; NULL if it has no such place. */
static PCONTROL_AREA *MiSectionPointer(PFILE_OBJECT FileObject, BOOLEAN Image) {
    PSECTION_OBJECT_POINTERS Pointers = NULL;
    if (FileObject != NULL && MiFileOperations->GetSectionObjectPointers != NULL) {
        Pointers = MiFileOperations->GetSectionObjectPointers(FileObject);
    }
    if (Pointers == NULL) {
        return NULL;
    }
    return (PCONTROL_AREA *)(Image ? &Pointers->ImageSectionObject : &Pointers->DataSectionObject);
}

/* Gives back one reference of the kind counted by *Count; deletes what nobody refers to. */
static VOID MiDereferenceControlArea(PCONTROL_AREA ControlArea, volatile ULONG64 *Count) {
    BOOLEAN Delete;
    MiLockSections();
    InterlockedDecrement64(Count);
    Delete = ControlArea->NumberOfMappedViews == 0 && ControlArea->NumberOfSectionReferences == 0;
    PCONTROL_AREA *Slot =
        Delete ? MiSectionPointer(MiGetControlAreaFile(ControlArea), ControlArea->u.Flags.Image)
               : NULL;
    if (Slot != NULL) {
        *Slot = NULL;
    }
    MiUnlockSections();
    if (Delete) {
        MiDeleteSegment(ControlArea->Segment);
    }
}

VOID MiDereferenceView(_Inout_ PCONTROL_AREA ControlArea) {
    MiDereferenceControlArea(ControlArea, &ControlArea->NumberOfMappedViews);
}

VOID MiDereferenceSection(_Inout_ PCONTROL_AREA ControlArea) {
    MiDereferenceControlArea(ControlArea, &ControlArea->NumberOfSectionReferences);
}

/* ---- Making pages resident ---- */

PSUBSECTION MiFindSubsection(_In_ PSEGMENT Segment, _In_ PMMPTE ProtoPte) {
    for (ULONG i = 0; i < Segment->NumberOfSubsections; i++) {
        PSUBSECTION Subsection = &Segment->Subsections[i];
        if (ProtoPte >= Subsection->SubsectionBase &&
            ProtoPte < Subsection->SubsectionBase + Subsection->PtesInSubsection) {
            return Subsection;
        }
    }
    return NULL;
}

/* Fills a page from the file: Length bytes, then zeroes. */
static NTSTATUS MiReadPage(PCONTROL_AREA ControlArea, PFN_NUMBER Page, ULONG64 Offset,
                           SIZE_T Length) {
    PUCHAR Va = MiMapPhysicalPage(Page);
    NTSTATUS Status;
    if (Va == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Status = MiFileOperations->ReadFile(MiGetControlAreaFile(ControlArea), Offset, Va, Length);
    RtlZeroMemory(Va + Length, PAGE_SIZE - Length);
    MiUnmapPhysicalPage(Va);
    if (NT_SUCCESS(Status) || Status == STATUS_INSUFFICIENT_RESOURCES) {
        return Status;
    }
    return STATUS_IN_PAGE_ERROR;
}

/* Makes one page for an invalid prototype PTE. SegmentLock held. */
static NTSTATUS MiFillPrototype(PCONTROL_AREA ControlArea, PMMPTE ProtoPte) {
    ULONG Protection = MiGetPteProtection(*ProtoPte);
    PSUBSECTION Subsection = MiFindSubsection(ControlArea->Segment, ProtoPte);
    PFN_NUMBER Page;
    NTSTATUS Status = STATUS_SUCCESS;
    if (!ProtoPte->u.Soft.Prototype) { /* no file data: demand zero */
        Page = MiAllocateZeroedPage(ProtoPte);
    } else {
        ULONG64 Start = (ULONG64)(ProtoPte - Subsection->SubsectionBase) << PAGE_SHIFT;
        ULONG64 Length = min(MiFileBytes(Subsection) - Start, (ULONG64)PAGE_SIZE);
        Page = MiAllocatePage(ProtoPte);
        if (Page != 0) {
            Status = MiReadPage(ControlArea, Page, MiStartingOffset(Subsection) + Start, Length);
        }
    }
    if (Page == 0) {
        return STATUS_NO_MEMORY;
    }
    if (!NT_SUCCESS(Status)) {
        MiFreePage(Page);
        return Status;
    }
    MI_PFN_ELEMENT(Page)->OriginalPte = *ProtoPte;
    MI_PFN_ELEMENT(Page)->u4.PrototypePte = 1;
    MiWritePte(ProtoPte, MiMakeValidUserPte(Page, Protection));
    return STATUS_SUCCESS;
}

/*
 * Makes the page behind a prototype PTE resident; success also if somebody else has. The caller
 * holds a reference to the control area, and no WorkingSetLock. STATUS_NO_MEMORY,
 * STATUS_INSUFFICIENT_RESOURCES, STATUS_IN_PAGE_ERROR.
 */
NTSTATUS MiMakePrototypeResident(_In_ PCONTROL_AREA ControlArea, _In_ PMMPTE ProtoPte) {
    PEX_PUSH_LOCK Lock = &ControlArea->Segment->SegmentLock;
    NTSTATUS Status = STATUS_SUCCESS;
    KeEnterCriticalRegion();
    ExAcquirePushLockExclusive(Lock);
    if (!ProtoPte->u.Hard.Valid) {
        Status = MiFillPrototype(ControlArea, ProtoPte);
    }
    ExReleasePushLockExclusive(Lock);
    KeLeaveCriticalRegion();
    return Status;
}

/* Commits pages of a SEC_RESERVE section that are not. STATUS_COMMITMENT_LIMIT. */
NTSTATUS MiCommitPrototypes(_In_ PCONTROL_AREA ControlArea, _In_ PMMPTE First, _In_ PMMPTE Last) {
    PSEGMENT Segment = ControlArea->Segment;
    ULONG_PTR Needed = 0;
    NTSTATUS Status = STATUS_COMMITMENT_LIMIT;
    KeEnterCriticalRegion();
    ExAcquirePushLockExclusive(&Segment->SegmentLock);
    for (PMMPTE Proto = First; Proto <= Last; Proto++) {
        Needed += Proto->u.Long == 0;
    }
    if (MiChargeCommitment(Needed)) {
        Segment->NumberOfCommittedPages += Needed;
        for (PMMPTE Proto = First; Proto <= Last; Proto++) {
            if (Proto->u.Long == 0) {
                MiWritePte(Proto,
                           MiMakeSoftwarePte(Segment->Subsections[0].u.SubsectionFlags.Protection));
            }
        }
        Status = STATUS_SUCCESS;
    }
    ExReleasePushLockExclusive(&Segment->SegmentLock);
    KeLeaveCriticalRegion();
    return Status;
}

/* ---- Creation ---- */

#define MI_SECTION_ATTRIBUTES                                                                      \
    (SEC_IMAGE | SEC_RESERVE | SEC_COMMIT | SEC_NOCACHE | SEC_FILE | 0x00200000 /* SEC_BASED */)

NTSTATUS MiCheckSectionParameters(_In_ ULONG PageProtection, _In_ ULONG AllocationAttributes,
                                  _In_ BOOLEAN FileGiven) {
    ULONG Kind = AllocationAttributes & (SEC_IMAGE | SEC_RESERVE | SEC_COMMIT);
    ULONG Protection = MiMakeProtectionMask(PageProtection);
    if ((AllocationAttributes & ~(ULONG)MI_SECTION_ATTRIBUTES) != 0 || Kind == 0 ||
        (Kind & (Kind - 1)) != 0 ||
        ((Kind == SEC_IMAGE) && (AllocationAttributes & ~(ULONG)SEC_IMAGE_NO_EXECUTE) != 0)) {
        return STATUS_INVALID_PARAMETER_6;
    }
    if (Protection == MM_INVALID_PROTECTION || Protection >= MM_NOCACHE) {
        return STATUS_INVALID_PAGE_PROTECTION;
    }
    if (Kind == SEC_IMAGE && !FileGiven) {
        return STATUS_INVALID_FILE_FOR_SECTION;
    }
    return STATUS_SUCCESS;
}

/* A data segment: all of it one subsection. FileBytes of it come from the file. */
static NTSTATUS MiCreateDataSegment(PFILE_OBJECT FileObject, ULONG64 Size, ULONG64 FileBytes,
                                    ULONG Protection, BOOLEAN Commit, PSEGMENT *Segment) {
    ULONG64 Ptes = BYTES_TO_PAGES(Size);
    ULONG64 FilePtes = BYTES_TO_PAGES(FileBytes);
    BOOLEAN Charge = FileObject == NULL && Commit;
    PSUBSECTION Subsection;
    NTSTATUS Status;
    if (Charge && !MiChargeCommitment(Ptes)) {
        return STATUS_COMMITMENT_LIMIT;
    }
    Status = MiCreateSegment(FileObject, Ptes, 1, Segment);
    if (!NT_SUCCESS(Status)) {
        MiReturnCommitment(Charge ? Ptes : 0);
        return Status;
    }
    (*Segment)->NumberOfCommittedPages = Charge ? Ptes : 0;
    Subsection = (*Segment)->Subsections;
    *Subsection = (SUBSECTION){.ControlArea = (*Segment)->ControlArea,
                               .SubsectionBase = (*Segment)->PrototypePte,
                               .PtesInSubsection = (ULONG)Ptes,
                               .u.SubsectionFlags.Protection = (USHORT)Protection};
    MiSetFileRange(Subsection, 0, FileBytes);
    for (ULONG64 i = 0; i < Ptes && Commit; i++) {
        ULONG64 Pte = MiMakeSoftwarePte(Protection);
        MiWritePte(&Subsection->SubsectionBase[i], i < FilePtes ? Pte | MM_PTE_PROTOTYPE : Pte);
    }
    return STATUS_SUCCESS;
}

/* A section of memory without a file. */
static NTSTATUS MiCreatePagefileSection(ULONG64 Size, ULONG Protection, ULONG Attributes,
                                        PSEGMENT *Segment) {
    NTSTATUS Status;
    if (Size == 0) {
        return STATUS_INVALID_PARAMETER_4;
    }
    if (Size > MI_MAXIMUM_SECTION) {
        return STATUS_SECTION_TOO_BIG;
    }
    Status =
        MiCreateDataSegment(NULL, Size, 0, Protection, (Attributes & SEC_RESERVE) == 0, Segment);
    if (NT_SUCCESS(Status)) {
        (*Segment)->ControlArea->u.Flags.Commit = (Attributes & SEC_RESERVE) == 0;
        (*Segment)->ControlArea->u.Flags.Reserve = (Attributes & SEC_RESERVE) != 0;
    }
    return Status;
}

static NTSTATUS MiCreateFileSegment(PFILE_OBJECT FileObject, BOOLEAN Image, PSEGMENT *Segment) {
    ULONG64 FileSize;
    NTSTATUS Status;
    if (Image) {
        return MiCreateImageSegment(FileObject, Segment);
    }
    Status = MiFileOperations->QueryFileSize(FileObject, &FileSize);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    if (FileSize == 0) {
        return STATUS_MAPPED_FILE_SIZE_ZERO;
    }
    if (FileSize > MI_MAXIMUM_SECTION) {
        return STATUS_SECTION_TOO_BIG;
    }
    Status =
        MiCreateDataSegment(FileObject, FileSize, FileSize, MM_EXECUTE_WRITECOPY, TRUE, Segment);
    if (NT_SUCCESS(Status)) {
        (*Segment)->SizeOfSegment = FileSize;
    }
    return Status;
}

/* The control area of a file, shared with other sections over it; one section reference taken. */
static NTSTATUS MiFindOrCreateFileSegment(PFILE_OBJECT FileObject, BOOLEAN Image,
                                          PSEGMENT *Segment) {
    PCONTROL_AREA *Slot = MiSectionPointer(FileObject, Image);
    PSEGMENT Spare = NULL;
    NTSTATUS Status;
    if (Slot != NULL) {
        MiLockSections();
        if (*Slot != NULL) {
            (*Slot)->NumberOfSectionReferences++;
            *Segment = (*Slot)->Segment;
            MiUnlockSections();
            return STATUS_SUCCESS;
        }
        MiUnlockSections();
    }
    Status = MiCreateFileSegment(FileObject, Image, Segment);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    (*Segment)->ControlArea->u.Flags.File = 1;
    MiLockSections();
    if (Slot != NULL && *Slot != NULL) { /* somebody else was faster */
        Spare = *Segment;
        *Segment = (*Slot)->Segment;
    } else if (Slot != NULL) {
        *Slot = (*Segment)->ControlArea;
    }
    (*Segment)->ControlArea->NumberOfSectionReferences++;
    MiUnlockSections();
    if (Spare != NULL) {
        MiDeleteSegment(Spare);
    }
    return STATUS_SUCCESS;
}

/* Can a data section of MaximumSize bytes be made over this file? 0 means as large as the file. */
static NTSTATUS MiCheckFileSection(PSEGMENT Segment, ULONG64 *MaximumSize, ULONG Protection) {
    if (*MaximumSize == 0) {
        *MaximumSize = Segment->SizeOfSegment;
    }
    if (Protection == MM_READWRITE || Protection == MM_EXECUTE_READWRITE) {
        return STATUS_MEDIA_WRITE_PROTECTED; /* different: no file system here can be written */
    }
    return *MaximumSize > Segment->SizeOfSegment ? STATUS_SECTION_TOO_BIG : STATUS_SUCCESS;
}

/*
 * Fills in the body of a new Section object; one section reference on its control area. The
 * parameters have passed MiCheckSectionParameters.
 */
NTSTATUS MiCreateControlArea(_In_opt_ PFILE_OBJECT FileObject, _In_ ULONG64 MaximumSize,
                             _In_ ULONG PageProtection, _In_ ULONG AllocationAttributes,
                             _Out_ PSECTION Section) {
    ULONG Protection = MiMakeProtectionMask(PageProtection);
    BOOLEAN Image = (AllocationAttributes & SEC_IMAGE) != 0;
    PSEGMENT Segment;
    NTSTATUS Status;
    if (FileObject == NULL) {
        Status = MiCreatePagefileSection(MaximumSize, Protection, AllocationAttributes, &Segment);
        if (NT_SUCCESS(Status)) {
            Segment->ControlArea->NumberOfSectionReferences = 1;
        }
    } else {
        Status = MiFindOrCreateFileSegment(FileObject, Image, &Segment);
        if (NT_SUCCESS(Status) && Image) {
            MaximumSize = Segment->SizeOfSegment;
        } else if (NT_SUCCESS(Status)) {
            Status = MiCheckFileSection(Segment, &MaximumSize, Protection);
            if (!NT_SUCCESS(Status)) {
                MiDereferenceSection(Segment->ControlArea);
            }
        }
    }
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Section->u1.ControlArea = Segment->ControlArea;
    Section->SizeOfSection =
        Image || FileObject != NULL ? MaximumSize : ROUND_TO_PAGES(MaximumSize);
    Section->u.Flags = Segment->ControlArea->u.Flags;
    Section->InitialPageProtection = PageProtection & 0xFFF;
    return STATUS_SUCCESS;
}
