/*
 * Virtual address descriptors: the tree of ranges in use.
 *
 * The tree is ordered by StartingVpn. Since ranges do not overlap, their ends are ordered as well,
 * and one walk down from the root answers "who holds this page" and "who is first at or after it".
 * Finding a hole walks the ranges in address order and stops at the first gap that is wide enough
 * (bottom-up, Windows' default) or at the last one (MEM_TOP_DOWN).
 *
 * Locks: the caller's; see the table in mip.h.
 */
#include "vad.h"

#define MI_VAD(Node) CONTAINING_RECORD(Node, MMVAD_SHORT, VadNode)

/* The lowest VAD whose end is at or above Vpn: the one that holds Vpn, or the next one up. */
static PMMVAD_SHORT MiLocateVadFrom(const RTL_AVL_TREE *Tree, ULONG_PTR Vpn) {
    PRTL_BALANCED_NODE Node = Tree->Root;
    PMMVAD_SHORT Found = NULL;
    while (Node != NULL) {
        PMMVAD_SHORT Vad = MI_VAD(Node);
        if (Vpn > MiGetVadEndingVpn(Vad)) {
            Node = Node->Right;
        } else {
            Found = Vad;
            if (Vpn >= MiGetVadStartingVpn(Vad)) {
                break;
            }
            Node = Node->Left;
        }
    }
    return Found;
}

PMMVAD_SHORT MiLocateVad(_In_ const RTL_AVL_TREE *Tree, _In_ ULONG_PTR Vpn) {
    return MiCheckForConflictingVad(Tree, Vpn, Vpn);
}

PMMVAD_SHORT MiCheckForConflictingVad(_In_ const RTL_AVL_TREE *Tree, _In_ ULONG_PTR StartingVpn,
                                      _In_ ULONG_PTR EndingVpn) {
    PMMVAD_SHORT Vad = MiLocateVadFrom(Tree, StartingVpn);
    return Vad != NULL && MiGetVadStartingVpn(Vad) <= EndingVpn ? Vad : NULL;
}

VOID MiInsertVad(_Inout_ PRTL_AVL_TREE Tree, _Inout_ PMMVAD_SHORT Vad) {
    PRTL_BALANCED_NODE Parent = NULL;
    PRTL_BALANCED_NODE Node = Tree->Root;
    BOOLEAN Right = FALSE;
    while (Node != NULL) {
        Parent = Node;
        Right = MiGetVadStartingVpn(Vad) > MiGetVadStartingVpn(MI_VAD(Node));
        Node = Right ? Node->Right : Node->Left;
    }
    RtlAvlInsertNodeEx(Tree, Parent, Right, &Vad->VadNode);
}

VOID MiRemoveVad(_Inout_ PRTL_AVL_TREE Tree, _In_ PMMVAD_SHORT Vad) {
    RtlAvlRemoveNode(Tree, &Vad->VadNode);
}

PMMVAD_SHORT MiGetFirstVad(_In_ const RTL_AVL_TREE *Tree) {
    return MiLocateVadFrom(Tree, 0);
}

static PMMVAD_SHORT MiVadOfNode(PRTL_BALANCED_NODE Node) {
    return Node != NULL ? MI_VAD(Node) : NULL;
}

PMMVAD_SHORT MiGetNextVad(_In_ PMMVAD_SHORT Vad) {
    return MiVadOfNode(RtlpNextNode(&Vad->VadNode));
}

PMMVAD_SHORT MiGetPreviousVad(_In_ PMMVAD_SHORT Vad) {
    return MiVadOfNode(RtlpPreviousNode(&Vad->VadNode));
}

/* The highest VAD, NULL in an empty tree. */
static PMMVAD_SHORT MiGetLastVad(const RTL_AVL_TREE *Tree) {
    PRTL_BALANCED_NODE Node = Tree->Root;
    if (Node == NULL) {
        return NULL;
    }
    while (Node->Right != NULL) {
        Node = Node->Right;
    }
    return MI_VAD(Node);
}

BOOLEAN MiFindEmptyAddressRange(_In_ const RTL_AVL_TREE *Tree, _In_ ULONG_PTR Pages,
                                _In_ ULONG_PTR AlignmentPages, _In_ ULONG_PTR LowestVpn,
                                _In_ ULONG_PTR HighestVpn, _Out_ PULONG_PTR StartingVpn) {
    ULONG_PTR Start = ALIGN_UP_BY(LowestVpn, AlignmentPages);
    PMMVAD_SHORT Vad = MiLocateVadFrom(Tree, Start);
    if (Pages == 0 || HighestVpn < LowestVpn) {
        return FALSE;
    }
    while (Start <= HighestVpn && Pages - 1 <= HighestVpn - Start) {
        if (Vad == NULL || MiGetVadStartingVpn(Vad) > Start + (Pages - 1)) {
            *StartingVpn = Start;
            return TRUE;
        }
        Start = ALIGN_UP_BY(MiGetVadEndingVpn(Vad) + 1, AlignmentPages);
        Vad = MiGetNextVad(Vad);
    }
    return FALSE;
}

BOOLEAN MiFindEmptyAddressRangeDown(_In_ const RTL_AVL_TREE *Tree, _In_ ULONG_PTR Pages,
                                    _In_ ULONG_PTR AlignmentPages, _In_ ULONG_PTR LowestVpn,
                                    _In_ ULONG_PTR HighestVpn, _Out_ PULONG_PTR StartingVpn) {
    PMMVAD_SHORT Vad = MiGetLastVad(Tree);
    ULONG_PTR Limit = HighestVpn + 1; /* the gap under consideration ends below this page */
    if (Pages == 0 || HighestVpn < LowestVpn) {
        return FALSE;
    }
    for (;;) {
        ULONG_PTR Floor = Vad != NULL ? MiGetVadEndingVpn(Vad) + 1 : 0;
        ULONG_PTR Lowest = max(Floor, LowestVpn);
        if (Limit >= Pages) {
            ULONG_PTR Start = ALIGN_DOWN_BY(Limit - Pages, AlignmentPages);
            if (Start >= Lowest) {
                *StartingVpn = Start;
                return TRUE;
            }
        }
        if (Vad == NULL || Floor <= LowestVpn) {
            return FALSE;
        }
        Limit = min(Limit, MiGetVadStartingVpn(Vad));
        Vad = MiGetPreviousVad(Vad);
    }
}
