/*
 * avltable.c - generic tables over AVL trees
 *
 * An element is links of the tree and, behind them, the caller's record, in one allocation. An
 * enumeration keeps its place as the address of an element; a deletion changes DeleteCount, so that
 * RtlEnumerateGenericTableLikeADirectory knows when such an address may be stale.
 *
 * Source: WDK, RtlInitializeGenericTableAvl and its neighbours; phnt for
 * RtlDeleteElementGenericTableAvlEx.
 */
#include "ntrtl.h"
#include "ntrtltable.h"

#define HEADER_LENGTH ((ULONG)sizeof(RTL_BALANCED_LINKS))

static PVOID RtlpAvlData(PRTL_BALANCED_LINKS Node) {
    return Node != NULL ? Node + 1 : NULL;
}

/* Where Buffer is, or where it would be linked. */
static TABLE_SEARCH_RESULT RtlpAvlSearch(PRTL_AVL_TABLE Table, PVOID Buffer,
                                         PRTL_BALANCED_LINKS *NodeOrParent) {
    TABLE_SEARCH_RESULT Result = TableEmptyTree;
    PRTL_BALANCED_LINKS Node = Table->BalancedRoot.RightChild;

    *NodeOrParent = NULL;
    while (Node != NULL) {
        *NodeOrParent = Node;
        switch (Table->CompareRoutine(Table, Buffer, RtlpAvlData(Node))) {
        case GenericLessThan:
            Result = TableInsertAsLeft;
            Node = Node->LeftChild;
            break;
        case GenericGreaterThan:
            Result = TableInsertAsRight;
            Node = Node->RightChild;
            break;
        default:
            return TableFoundNode;
        }
    }
    return Result;
}

static VOID RtlpAvlForgetOrder(PRTL_AVL_TABLE Table) {
    Table->OrderedPointer = NULL;
    Table->WhichOrderedElement = 0;
}

VOID NTAPI RtlInitializeGenericTableAvl(_Out_ PRTL_AVL_TABLE Table,
                                        _In_ PRTL_AVL_COMPARE_ROUTINE CompareRoutine,
                                        _In_ PRTL_AVL_ALLOCATE_ROUTINE AllocateRoutine,
                                        _In_ PRTL_AVL_FREE_ROUTINE FreeRoutine,
                                        _In_opt_ PVOID TableContext) {
    RtlZeroMemory(Table, sizeof(*Table));
    Table->BalancedRoot.Parent = &Table->BalancedRoot;
    Table->CompareRoutine = CompareRoutine;
    Table->AllocateRoutine = AllocateRoutine;
    Table->FreeRoutine = FreeRoutine;
    Table->TableContext = TableContext;
}

/* ---- Lookup ---- */

PVOID NTAPI RtlLookupElementGenericTableFullAvl(_In_ PRTL_AVL_TABLE Table, _In_ PVOID Buffer,
                                                _Out_ PVOID *NodeOrParent,
                                                _Out_ TABLE_SEARCH_RESULT *SearchResult) {
    PRTL_BALANCED_LINKS Node;

    *SearchResult = RtlpAvlSearch(Table, Buffer, &Node);
    *NodeOrParent = Node;
    return *SearchResult == TableFoundNode ? RtlpAvlData(Node) : NULL;
}

PVOID NTAPI RtlLookupElementGenericTableAvl(_In_ PRTL_AVL_TABLE Table, _In_ PVOID Buffer) {
    PVOID NodeOrParent;
    TABLE_SEARCH_RESULT Result;

    return RtlLookupElementGenericTableFullAvl(Table, Buffer, &NodeOrParent, &Result);
}

PVOID NTAPI RtlLookupFirstMatchingElementGenericTableAvl(_In_ PRTL_AVL_TABLE Table,
                                                         _In_ PVOID Buffer,
                                                         _Out_ PVOID *RestartKey) {
    PRTL_BALANCED_LINKS Node, Previous;

    *RestartKey = NULL;
    if (RtlpAvlSearch(Table, Buffer, &Node) != TableFoundNode) {
        return NULL;
    }
    while ((Previous = RtlpAvlPrevious(Node)) != NULL &&
           Table->CompareRoutine(Table, Buffer, RtlpAvlData(Previous)) == GenericEqual) {
        Node = Previous;
    }
    *RestartKey = Node;
    return RtlpAvlData(Node);
}

/* ---- Insertion, deletion ---- */

static PRTL_BALANCED_LINKS RtlpAvlMake(PRTL_AVL_TABLE Table, PVOID Buffer, CLONG BufferSize,
                                       PRTL_BALANCED_LINKS Parent,
                                       TABLE_SEARCH_RESULT SearchResult) {
    if (BufferSize > MAXULONG - HEADER_LENGTH) {
        return NULL;
    }
    PRTL_BALANCED_LINKS Node = Table->AllocateRoutine(Table, HEADER_LENGTH + BufferSize);
    if (Node == NULL) {
        return NULL;
    }
    if (SearchResult == TableEmptyTree) {
        Parent = &Table->BalancedRoot;
    }
    RtlpAvlInsert(Table, Parent, SearchResult == TableInsertAsLeft ? -1 : 1, Node);
    RtlCopyMemory(RtlpAvlData(Node), Buffer, BufferSize);
    Table->NumberGenericTableElements++;
    RtlpAvlForgetOrder(Table);
    return Node;
}

PVOID NTAPI RtlInsertElementGenericTableFullAvl(_Inout_ PRTL_AVL_TABLE Table, _In_ PVOID Buffer,
                                                _In_ CLONG BufferSize,
                                                _Out_opt_ PBOOLEAN NewElement,
                                                _In_opt_ PVOID NodeOrParent,
                                                _In_ TABLE_SEARCH_RESULT SearchResult) {
    PRTL_BALANCED_LINKS Node = NodeOrParent;
    BOOLEAN New = FALSE;

    if (SearchResult != TableFoundNode) {
        Node = RtlpAvlMake(Table, Buffer, BufferSize, NodeOrParent, SearchResult);
        New = Node != NULL;
    }
    if (NewElement != NULL) {
        *NewElement = New;
    }
    return RtlpAvlData(Node);
}

PVOID NTAPI RtlInsertElementGenericTableAvl(_Inout_ PRTL_AVL_TABLE Table, _In_ PVOID Buffer,
                                            _In_ CLONG BufferSize, _Out_opt_ PBOOLEAN NewElement) {
    PRTL_BALANCED_LINKS NodeOrParent;
    TABLE_SEARCH_RESULT Result = RtlpAvlSearch(Table, Buffer, &NodeOrParent);

    return RtlInsertElementGenericTableFullAvl(Table, Buffer, BufferSize, NewElement, NodeOrParent,
                                               Result);
}

VOID NTAPI RtlDeleteElementGenericTableAvlEx(_Inout_ PRTL_AVL_TABLE Table,
                                             _In_ PVOID NodeOrParent) {
    PRTL_BALANCED_LINKS Node = NodeOrParent;

    if (Table->RestartKey == Node) {
        Table->RestartKey = RtlpAvlPrevious(Node);
    }
    RtlpAvlRemove(Table, Node);
    Table->NumberGenericTableElements--;
    Table->DeleteCount++;
    RtlpAvlForgetOrder(Table);
    Table->FreeRoutine(Table, Node);
}

BOOLEAN NTAPI RtlDeleteElementGenericTableAvl(_Inout_ PRTL_AVL_TABLE Table, _In_ PVOID Buffer) {
    PRTL_BALANCED_LINKS Node;

    if (RtlpAvlSearch(Table, Buffer, &Node) != TableFoundNode) {
        return FALSE;
    }
    RtlDeleteElementGenericTableAvlEx(Table, Node);
    return TRUE;
}

/* ---- Enumeration ---- */

static PRTL_BALANCED_LINKS RtlpAvlFirst(PRTL_AVL_TABLE Table) {
    PRTL_BALANCED_LINKS Node = Table->BalancedRoot.RightChild;

    while (Node != NULL && Node->LeftChild != NULL) {
        Node = Node->LeftChild;
    }
    return Node;
}

PVOID NTAPI RtlEnumerateGenericTableWithoutSplayingAvl(_In_ PRTL_AVL_TABLE Table,
                                                       _Inout_ PVOID *RestartKey) {
    PRTL_BALANCED_LINKS Node = *RestartKey == NULL ? RtlpAvlFirst(Table) : RtlpAvlNext(*RestartKey);

    if (Node != NULL) {
        *RestartKey = Node;
    }
    return RtlpAvlData(Node);
}

PVOID NTAPI RtlEnumerateGenericTableAvl(_Inout_ PRTL_AVL_TABLE Table, _In_ BOOLEAN Restart) {
    if (Restart) {
        Table->RestartKey = NULL;
    }
    return RtlEnumerateGenericTableWithoutSplayingAvl(Table, (PVOID *)&Table->RestartKey);
}

/* The element at Buffer or, if there is none, the next one; Next: the one behind. */
static PRTL_BALANCED_LINKS RtlpAvlFrom(PRTL_AVL_TABLE Table, PVOID Buffer, BOOLEAN Next) {
    PRTL_BALANCED_LINKS Node;

    switch (RtlpAvlSearch(Table, Buffer, &Node)) {
    case TableFoundNode:
        return Next ? RtlpAvlNext(Node) : Node;
    case TableInsertAsRight:
        return RtlpAvlNext(Node);
    default:
        return Node;
    }
}

PVOID NTAPI RtlEnumerateGenericTableLikeADirectory(_In_ PRTL_AVL_TABLE Table,
                                                   _In_opt_ PRTL_AVL_MATCH_FUNCTION MatchFunction,
                                                   _In_opt_ PVOID MatchData, _In_ ULONG NextFlag,
                                                   _Inout_ PVOID *RestartKey,
                                                   _Inout_ PULONG DeleteCount, _In_ PVOID Buffer) {
    BOOLEAN Next = NextFlag != 0;
    PRTL_BALANCED_LINKS Node = *RestartKey;

    if (Node == NULL || *DeleteCount != Table->DeleteCount) {
        Node = RtlpAvlFrom(Table, Buffer, Next);
    } else if (Next) {
        Node = RtlpAvlNext(Node);
    }
    *DeleteCount = Table->DeleteCount;
    for (; Node != NULL; Node = RtlpAvlNext(Node)) {
        NTSTATUS Status = MatchFunction != NULL ? MatchFunction(Table, RtlpAvlData(Node), MatchData)
                                                : STATUS_SUCCESS;
        *RestartKey = Node;
        if (Status == STATUS_SUCCESS) {
            return RtlpAvlData(Node);
        }
        if (Status == STATUS_NO_MORE_MATCHES) {
            break;
        }
    }
    return NULL;
}

/* Walks from where the last call stopped. */
PVOID NTAPI RtlGetElementGenericTableAvl(_Inout_ PRTL_AVL_TABLE Table, _In_ ULONG I) {
    PRTL_BALANCED_LINKS Node = Table->OrderedPointer;
    ULONG Number = I + 1;

    if (I >= Table->NumberGenericTableElements) {
        return NULL;
    }
    if (Node == NULL || Number < Table->WhichOrderedElement / 2) {
        Node = RtlpAvlFirst(Table);
        Table->WhichOrderedElement = 1;
    }
    for (; Table->WhichOrderedElement < Number; Table->WhichOrderedElement++) {
        Node = RtlpAvlNext(Node);
    }
    for (; Table->WhichOrderedElement > Number; Table->WhichOrderedElement--) {
        Node = RtlpAvlPrevious(Node);
    }
    Table->OrderedPointer = Node;
    return RtlpAvlData(Node);
}

ULONG NTAPI RtlNumberGenericTableElementsAvl(_In_ PRTL_AVL_TABLE Table) {
    return Table->NumberGenericTableElements;
}

BOOLEAN NTAPI RtlIsGenericTableEmptyAvl(_In_ PRTL_AVL_TABLE Table) {
    return Table->NumberGenericTableElements == 0;
}
