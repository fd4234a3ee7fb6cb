/*
 * mmsection.h - what stands behind a section: control area, segment, subsections (drawn in section.c)
 */
#ifndef VITRINE_MM_MMSECTION_H
#define VITRINE_MM_MMSECTION_H

#include "ex.h"
#include "mm.h"
#include "phys/mmpte.h"
#include "space/vad.h"

typedef struct _MMSECTION_FLAGS {
    ULONG : 5;
    ULONG Image : 1;
    ULONG : 1;
    ULONG File : 1;
    ULONG : 4;
    ULONG Reserve : 1;
    ULONG Commit : 1;
} MMSECTION_FLAGS;

struct _SEGMENT;

/* What stands behind all sections over one file, or behind one pagefile-backed section. */
typedef struct _CONTROL_AREA {
    struct _SEGMENT *Segment;
    UCHAR Reserved1[0x10];
    ULONG64 NumberOfSectionReferences; /* SECTION objects; MiSectionLock */
    UCHAR Reserved2[8];
    volatile ULONG64 NumberOfMappedViews; /* VADs; interlocked, from and to 0 by MiSectionLock */
    UCHAR Reserved3[8];
    union {
        ULONG LongFlags;
        MMSECTION_FLAGS Flags;
    } u;
    UCHAR Reserved4[4];
    EX_FAST_REF FilePointer; /* the file, referenced: MiGetControlAreaFile */
    UCHAR Reserved5[0x38];
} CONTROL_AREA, *PCONTROL_AREA;
C_ASSERT(sizeof(CONTROL_AREA) == 0x80);

typedef struct _MMSUBSECTION_FLAGS {
    USHORT : 1;
    USHORT Protection : 5;          /* MM_* */
    USHORT StartingSector4132 : 10; /* the high bits of StartingSector */
    USHORT : 4;
    USHORT SectorEndOffset : 12; /* bytes of the sector after the full ones */
} MMSUBSECTION_FLAGS;

/*
 * A run of pages with one protection; a PE section, or all of a data section. Never changes. Its
 * part of the file is counted in sectors: of 512 bytes in an image, of 4 KiB in a data file.
 */
typedef struct _SUBSECTION {
    PCONTROL_AREA ControlArea;
    PMMPTE SubsectionBase; /* its first prototype PTE */
    struct _SUBSECTION *NextSubsection;
    UCHAR Reserved1[8];
    union {
        ULONG LongFlags;
        MMSUBSECTION_FLAGS SubsectionFlags;
    } u;
    ULONG StartingSector;
    ULONG NumberOfFullSectors;
    ULONG PtesInSubsection;
    UCHAR Reserved2[8];
} SUBSECTION, *PSUBSECTION;
C_ASSERT(sizeof(SUBSECTION) == 0x38);

typedef struct _MI_SECTION_IMAGE_INFORMATION {
    SECTION_IMAGE_INFORMATION ExportedImageInformation;
} MI_SECTION_IMAGE_INFORMATION, *PMI_SECTION_IMAGE_INFORMATION;

/* The pages: an array of prototype PTEs, guarded by SegmentLock while they are invalid. */
typedef struct _SEGMENT {
    PCONTROL_AREA ControlArea;
    ULONG TotalNumberOfPtes;
    UCHAR Reserved1[4];
    ULONG64 NumberOfCommittedPages; /* charged for the segment itself */
    ULONG64 SizeOfSegment;
    PVOID BasedAddress; /* preferred base of an image */
    EX_PUSH_LOCK SegmentLock;
    UCHAR Reserved2[8];
    union {
        PMI_SECTION_IMAGE_INFORMATION ImageInformation; /* NULL: not an image */
    } u2;
    PMMPTE PrototypePte;
    /* Our own: the subsections as an array. */
    PSUBSECTION Subsections;
    ULONG NumberOfSubsections;
} SEGMENT, *PSEGMENT;

/* The body of a Section object: one opener's view of a control area. */
typedef struct _SECTION {
    RTL_BALANCED_NODE SectionNode;
    ULONG64 StartingVpn;
    ULONG64 EndingVpn;
    union {
        PCONTROL_AREA ControlArea;
    } u1;
    ULONG64 SizeOfSection;
    union {
        ULONG LongFlags;
        MMSECTION_FLAGS Flags;
    } u;
    ULONG InitialPageProtection : 12; /* PAGE_* */
} SECTION, *PSECTION;
C_ASSERT(sizeof(SECTION) == 0x40);

/* The file behind a control area, NULL if there is none. */
FORCEINLINE PFILE_OBJECT MiGetControlAreaFile(const CONTROL_AREA *ControlArea) {
    return ExFastRefGetObject(ControlArea->FilePointer);
}

/* Of a view. */
FORCEINLINE PCONTROL_AREA MiGetVadControlArea(PMMVAD_SHORT Vad) {
    return ((PMMVAD)Vad)->Subsection->ControlArea;
}

/* log2 of the size of a sector. */
FORCEINLINE ULONG MiSectorShift(const SUBSECTION *Subsection) {
    return Subsection->ControlArea->u.Flags.Image ? 9 : PAGE_SHIFT;
}

/* Where in the file the subsection begins, in bytes. */
FORCEINLINE ULONG64 MiStartingOffset(const SUBSECTION *Subsection) {
    ULONG64 High = Subsection->u.SubsectionFlags.StartingSector4132;
    return (Subsection->StartingSector | High << 32) << MiSectorShift(Subsection);
}

/* Bytes that come from the file; the rest is zero. */
FORCEINLINE ULONG64 MiFileBytes(const SUBSECTION *Subsection) {
    return ((ULONG64)Subsection->NumberOfFullSectors << MiSectorShift(Subsection)) +
           Subsection->u.SubsectionFlags.SectorEndOffset;
}

/* Sets both; the control area is set, and Offset is a multiple of the sector's size. */
FORCEINLINE VOID MiSetFileRange(PSUBSECTION Subsection, ULONG64 Offset, ULONG64 Bytes) {
    ULONG Shift = MiSectorShift(Subsection);
    NT_ASSERT((Offset & ((1ULL << Shift) - 1)) == 0);
    Subsection->StartingSector = (ULONG)(Offset >> Shift);
    Subsection->u.SubsectionFlags.StartingSector4132 = (USHORT)(Offset >> Shift >> 32) & 0x3FF;
    Subsection->NumberOfFullSectors = (ULONG)(Bytes >> Shift);
    Subsection->u.SubsectionFlags.SectorEndOffset = Bytes & ((1ULL << Shift) - 1);
}

#endif
