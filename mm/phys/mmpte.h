/*
 * mmpte.h - page table entries and page frames, bit by bit as on Windows
 */
#ifndef VITRINE_MM_MMPTE_H
#define VITRINE_MM_MMPTE_H

#include "ntdef.h"

/* ---- Page table entries ---- */

#define MM_PTE_VALID            0x001ULL
#define MM_PTE_DIRTY1           0x002ULL /* what the processor takes for "writable" */
#define MM_PTE_OWNER            0x004ULL
#define MM_PTE_WRITE_THROUGH    0x008ULL
#define MM_PTE_CACHE_DISABLE    0x010ULL
#define MM_PTE_ACCESSED         0x020ULL
#define MM_PTE_DIRTY            0x040ULL
#define MM_PTE_LARGE_PAGE       0x080ULL
#define MM_PTE_PAT              0x080ULL /* in the lowest level: page attribute table, upper half */
#define MM_PTE_GLOBAL           0x100ULL
#define MM_PTE_COPY_ON_WRITE    0x200ULL
#define MM_PTE_WRITE            0x800ULL /* what Mm takes for "writable" */
#define MM_PTE_NX               0x8000000000000000ULL
#define MM_PTE_FRAME_MASK       0x0000FFFFFFFFF000ULL
#define MM_PTE_PROTECTION_SHIFT 60

/* A valid PTE, as the processor reads it; software uses bits 9, 11 and 52 to 62. */
typedef struct _MMPTE_HARDWARE {
    ULONG64 Valid : 1;
    ULONG64 Dirty1 : 1;
    ULONG64 Owner : 1;
    ULONG64 WriteThrough : 1;
    ULONG64 CacheDisable : 1;
    ULONG64 Accessed : 1;
    ULONG64 Dirty : 1;
    ULONG64 LargePage : 1;
    ULONG64 Global : 1;
    ULONG64 CopyOnWrite : 1;
    ULONG64 Unused : 1;
    ULONG64 Write : 1;
    ULONG64 PageFrameNumber : 36;
    ULONG64 ReservedForHardware : 4;
    ULONG64 ReservedForSoftware : 4;
    ULONG64 WsleAge : 4;
    ULONG64 WsleProtection : 3; /* low three bits of the page's MM_* protection */
    ULONG64 NoExecute : 1;
} MMPTE_HARDWARE;

/* An invalid PTE of a private page that was not touched yet (or is not committed). */
typedef struct _MMPTE_SOFTWARE {
    ULONG64 Valid : 1;
    ULONG64 PageFileReserved : 1;
    ULONG64 PageFileAllocated : 1;
    ULONG64 ColdPage : 1;
    ULONG64 SwizzleBit : 1;
    ULONG64 Protection : 5;
    ULONG64 Prototype : 1;
    ULONG64 Transition : 1;
    ULONG64 PageFileLow : 4;
    ULONG64 UsedPageTableEntries : 10; /* MMPFN.OriginalPte of a page table: entries not zero */
    ULONG64 ShadowStack : 1;
    ULONG64 Unused : 5;
    ULONG64 PageFileHigh : 32;
} MMPTE_SOFTWARE;

/* An invalid PTE in a view: the page is behind the prototype PTE that the VAD leads to. */
typedef struct _MMPTE_PROTOTYPE {
    ULONG64 Valid : 1;
    ULONG64 DemandFillProto : 1;
    ULONG64 HiberVerifyConverted : 1;
    ULONG64 ReadOnly : 1;
    ULONG64 SwizzleBit : 1;
    ULONG64 Protection : 5;
    ULONG64 Prototype : 1;
    ULONG64 Combined : 1;
    ULONG64 Unused1 : 4;
    LONG64 ProtoAddress : 48; /* MI_PTE_LOOKUP_NEEDED: ask the VAD */
} MMPTE_PROTOTYPE;

/* A prototype PTE whose page is still in its file. */
typedef struct _MMPTE_SUBSECTION {
    ULONG64 Valid : 1;
    ULONG64 Unused0 : 3;
    ULONG64 SwizzleBit : 1;
    ULONG64 Protection : 5;
    ULONG64 Prototype : 1;
    ULONG64 ColdPage : 1;
    ULONG64 Unused1 : 3;
    ULONG64 ExecutePrivilege : 1;
    LONG64 SubsectionAddress : 48;
} MMPTE_SUBSECTION;

/* An invalid PTE of a private page that is in memory, but may not be touched (guard, no access). */
typedef struct _MMPTE_TRANSITION {
    ULONG64 Valid : 1;
    ULONG64 Write : 1;
    ULONG64 Spare : 1;
    ULONG64 IoTracker : 1;
    ULONG64 SwizzleBit : 1;
    ULONG64 Protection : 5;
    ULONG64 Prototype : 1;
    ULONG64 Transition : 1;
    ULONG64 PageFrameNumber : 36;
    ULONG64 Unused : 16;
} MMPTE_TRANSITION;

#define MM_PTE_PROTOTYPE     0x400ULL
#define MM_PTE_TRANSITION    0x800ULL
#define MI_PTE_LOOKUP_NEEDED 0xFFFFFFFF0000ULL

typedef struct _MMPTE {
    union {
        volatile ULONG64 Long;
        MMPTE_HARDWARE Hard;
        MMPTE_SOFTWARE Soft;
        MMPTE_TRANSITION Trans;
        MMPTE_PROTOTYPE Proto;
        MMPTE_SUBSECTION Subsect;
    } u;
} MMPTE, *PMMPTE;
C_ASSERT(sizeof(MMPTE) == 8);

/* ---- Page frames (pfn.c) ---- */

typedef enum _MMLISTS {
    ZeroedPageList,
    FreePageList,
    StandbyPageList,
    ModifiedPageList,
    ModifiedNoWritePageList,
    BadPageList,
    ActiveAndValid,
    TransitionPage
} MMLISTS;

typedef struct _MMPFNENTRY1 {
    UCHAR PageLocation : 3; /* MMLISTS */
    UCHAR WriteInProgress : 1;
    UCHAR Modified : 1;
    UCHAR ReadInProgress : 1;
    UCHAR CacheAttribute : 2;
} MMPFNENTRY1;

typedef struct _MMPFNENTRY3 {
    UCHAR Priority : 3;
    UCHAR OnProtectedStandby : 1;
    UCHAR InPageError : 1;
    UCHAR SystemChargedPage : 1;
    UCHAR RemovalRequested : 1;
    UCHAR ParityError : 1;
} MMPFNENTRY3;

typedef struct _MIPFNBLINK {
    union {
        ULONG64 EntireField;
        ULONG64 ShareCount : 62; /* active: PTEs that map the page, prototype PTE included */
    };
} MIPFNBLINK;

/*
 * One page of physical memory. An entry of MmPfnDatabase has meaning only once its page has been
 * taken into use (see pfn.c). MmPfnLock guards all of it, except OriginalPte: of a page table that
 * counts its entries under the WorkingSetLock, of any other page it is written once.
 */
typedef struct _MMPFN {
    union {
        ULONG64 Flink : 36; /* on a list: next page, 0 at the end */
    } u1;
    PMMPTE PteAddress; /* PTE or prototype PTE that owns the page */
    MMPTE OriginalPte; /* what the PTE was before it became valid */
    MIPFNBLINK u2;
    struct {
        USHORT ReferenceCount;
        MMPFNENTRY1 e1;
        MMPFNENTRY3 e3;
        UCHAR Reserved[4];
    } u3;
    union {
        ULONG64 EntireField;
        struct {
            ULONG64 PteFrame : 36; /* page of the page table that PteAddress lies in */
            ULONG64 : 27;
            ULONG64 PrototypePte : 1;
        };
    } u4;
} MMPFN, *PMMPFN;
C_ASSERT(sizeof(MMPFN) == 0x30);

#endif
