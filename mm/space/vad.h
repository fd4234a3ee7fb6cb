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
    ULONG VadType : 3;    /* MI_VAD_TYPE */
    ULONG Protection : 5; /* MM_* of mip.h: of every page whose PTE does not say otherwise */
    ULONG NoChange : 1;   /* Mm's own: a program can neither protect nor free it */
    ULONG PrivateMemory : 1;
    ULONG MemCommit : 1; /* a zero PTE means committed, else reserved */
    ULONG Inherit : 1;   /* ViewShare */
    ULONG Spare : 20;
} MMVAD_FLAGS;

/* Guarded by the process's locks, see the table in mip.h. */
typedef struct _MMVAD_SHORT {
    RTL_BALANCED_NODE VadNode; /* must be first */
    ULONG_PTR StartingVpn;     /* first and last page; both belong to the range */
    ULONG_PTR EndingVpn;
    union {
        ULONG LongFlags;
        MMVAD_FLAGS VadFlags;
    } u;
    SIZE_T CommitCharge; /* pages charged for this range */
} MMVAD_SHORT, *PMMVAD_SHORT;

struct _SUBSECTION;
struct _CONTROL_AREA;

/* A view of a section: the short VAD, then where its pages come from. */
typedef struct _MMVAD {
    MMVAD_SHORT Core;
    struct _CONTROL_AREA *ControlArea; /* one mapped-view reference */
    struct _SUBSECTION *Subsection;    /* of the first page */
    struct _MMPTE *FirstPrototypePte;
    struct _MMPTE *LastContiguousPte;
    ULONG SectionProtection; /* MM_*: what the section allows */
} MMVAD, *PMMVAD;

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
