/*
 * vad.h - virtual address descriptors: which parts of an address space are taken, and by what.
 *
 * A process's VADs form an AVL tree ordered by address; no two overlap. The tree knows nothing
 * of page tables, so that host tests can drive it (mm/space/vad.c).
 */
#ifndef VITRINE_MM_VAD_H
#define VITRINE_MM_VAD_H

#include "ntdef.h"
#include "ntrtl.h"

/* What stands behind a range (MMVAD_FLAGS.VadType, Windows' MI_VAD_TYPE). */
typedef enum _MI_VAD_TYPE { VadNone, VadDevicePhysicalMemory, VadImageMap } MI_VAD_TYPE;

typedef struct _MMVAD_FLAGS {
    ULONG : 3;
    ULONG NoChange : 1;   /* Mm's own: a program can neither protect nor free it */
    ULONG VadType : 3;    /* MI_VAD_TYPE */
    ULONG Protection : 5; /* MM_* of mip.h: of every page whose PTE does not say otherwise */
    ULONG : 8;
    ULONG PrivateMemory : 1;
} MMVAD_FLAGS;

typedef struct _MMVAD_FLAGS1 {
    ULONG CommitCharge : 31; /* low bits; the high ones are in CommitChargeHigh */
    ULONG MemCommit : 1;     /* a zero PTE means committed, else reserved */
} MMVAD_FLAGS1;

typedef struct _MMVAD_FLAGS2 {
    ULONG : 26;
    ULONG Inherit : 1; /* ViewShare */
} MMVAD_FLAGS2;

/*
 * Guarded by the process's locks, see the table in mip.h. Page numbers and charge are in two parts,
 * as on Windows: use the functions below.
 */
typedef struct _MMVAD_SHORT {
    RTL_BALANCED_NODE VadNode; /* must be first */
    ULONG StartingVpn;         /* first and last page; both belong to the range */
    ULONG EndingVpn;
    UCHAR StartingVpnHigh;
    UCHAR EndingVpnHigh;
    UCHAR CommitChargeHigh;
    UCHAR Reserved1[0xD];
    union {
        ULONG LongFlags;
        MMVAD_FLAGS VadFlags;
    } u;
    union {
        ULONG LongFlags1;
        MMVAD_FLAGS1 VadFlags1;
    } u1;
    UCHAR Reserved2[8];
} MMVAD_SHORT, *PMMVAD_SHORT;

struct _SUBSECTION;

/* A view of a section: the short VAD, then where its pages come from. */
typedef struct _MMVAD {
    MMVAD_SHORT Core;
    union {
        ULONG LongFlags2;
        MMVAD_FLAGS2 VadFlags2;
    } u2;
    struct _SUBSECTION *Subsection; /* of the first page; its control area is referenced */
    struct _MMPTE *FirstPrototypePte;
    struct _MMPTE *LastContiguousPte;
    UCHAR Reserved1[0x28];
    ULONG SectionProtection; /* MM_*: what the section allows. Our own, after Windows' fields */
} MMVAD, *PMMVAD;

FORCEINLINE ULONG_PTR MiGetVadStartingVpn(const MMVAD_SHORT *Vad) {
    return Vad->StartingVpn | (ULONG_PTR)Vad->StartingVpnHigh << 32;
}

FORCEINLINE ULONG_PTR MiGetVadEndingVpn(const MMVAD_SHORT *Vad) {
    return Vad->EndingVpn | (ULONG_PTR)Vad->EndingVpnHigh << 32;
}

FORCEINLINE VOID MiSetVadRange(PMMVAD_SHORT Vad, ULONG_PTR StartingVpn, ULONG_PTR EndingVpn) {
    Vad->StartingVpn = (ULONG)StartingVpn;
    Vad->StartingVpnHigh = (UCHAR)(StartingVpn >> 32);
    Vad->EndingVpn = (ULONG)EndingVpn;
    Vad->EndingVpnHigh = (UCHAR)(EndingVpn >> 32);
}

/* Pages charged for the range. */
FORCEINLINE SIZE_T MiGetVadCommitCharge(const MMVAD_SHORT *Vad) {
    return Vad->u1.VadFlags1.CommitCharge | (SIZE_T)Vad->CommitChargeHigh << 31;
}

FORCEINLINE VOID MiSetVadCommitCharge(PMMVAD_SHORT Vad, SIZE_T Pages) {
    Vad->u1.VadFlags1.CommitCharge = Pages & 0x7FFFFFFF;
    Vad->CommitChargeHigh = (UCHAR)(Pages >> 31);
}

#define MI_VPN_TO_VA(Vpn) ((PVOID)((ULONG_PTR)(Vpn) << PAGE_SHIFT))
#define MI_VA_TO_VPN(Va)  ((ULONG_PTR)(Va) >> PAGE_SHIFT)

/* Granularity of reservations: 64 KiB, in pages. */
#define MI_ALLOCATION_PAGES 16
#define X64K                0x10000ULL

/* The VAD that holds page Vpn, NULL if none does. */
PMMVAD_SHORT MiLocateVad(_In_ const RTL_AVL_TREE *Tree, _In_ ULONG_PTR Vpn);

/* The lowest VAD that overlaps [StartingVpn, EndingVpn], NULL if none does. */
PMMVAD_SHORT MiCheckForConflictingVad(_In_ const RTL_AVL_TREE *Tree, _In_ ULONG_PTR StartingVpn,
                                      _In_ ULONG_PTR EndingVpn);

/* Inserts a VAD that overlaps no other; removes one that is in the tree. */
VOID MiInsertVad(_Inout_ PRTL_AVL_TREE Tree, _Inout_ PMMVAD_SHORT Vad);
VOID MiRemoveVad(_Inout_ PRTL_AVL_TREE Tree, _In_ PMMVAD_SHORT Vad);

/* Neighbours in address order, NULL at the ends. */
PMMVAD_SHORT MiGetFirstVad(_In_ const RTL_AVL_TREE *Tree);
PMMVAD_SHORT MiGetNextVad(_In_ PMMVAD_SHORT Vad);
PMMVAD_SHORT MiGetPreviousVad(_In_ PMMVAD_SHORT Vad);

/*
 * Finds a gap of Pages pages between LowestVpn and HighestVpn (both included) that starts on a
 * multiple of AlignmentPages: the lowest one, or the highest. FALSE if there is none.
 */
BOOLEAN MiFindEmptyAddressRange(_In_ const RTL_AVL_TREE *Tree, _In_ ULONG_PTR Pages,
                                _In_ ULONG_PTR AlignmentPages, _In_ ULONG_PTR LowestVpn,
                                _In_ ULONG_PTR HighestVpn, _Out_ PULONG_PTR StartingVpn);
BOOLEAN MiFindEmptyAddressRangeDown(_In_ const RTL_AVL_TREE *Tree, _In_ ULONG_PTR Pages,
                                    _In_ ULONG_PTR AlignmentPages, _In_ ULONG_PTR LowestVpn,
                                    _In_ ULONG_PTR HighestVpn, _Out_ PULONG_PTR StartingVpn);

#endif
