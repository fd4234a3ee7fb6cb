/*
 * generictable.c - generic tables over splay trees
 *
 * An element has three parts in one allocation: links of the tree, links of the list in order of
 * insertion, and the caller's record. An element that was looked up or inserted is at the root.
 *
 * Source: WDK, RtlInitializeGenericTable and its neighbours; phnt for the Full forms.
 */
#include "ntrtl.h"
#include "ntrtltable.h"

typedef struct _TABLE_ENTRY_HEADER {
    RTL_SPLAY_LINKS SplayLinks;
    LIST_ENTRY ListEntry;
    LONGLONG UserData;
} TABLE_ENTRY_HEADER, *PTABLE_ENTRY_HEADER;

#define HEADER_LENGTH UFIELD_OFFSET(TABLE_ENTRY_HEADER, UserData)

static PVOID RtlpUserData(PRTL_SPLAY_LINKS Links) {
    return &CONTAINING_RECORD(Links, TABLE_ENTRY_HEADER, SplayLinks)->UserData;
}

/* Where Buffer is, or where it would be linked. */
static TABLE_SEARCH_RESULT RtlpSearch(PRTL_GENERIC_TABLE Table, PVOID Buffer,
                                      PRTL_SPLAY_LINKS *NodeOrParent) {
    TABLE_SEARCH_RESULT Result = TableEmptyTree;
    PRTL_SPLAY_LINKS Node = Table->TableRoot;

    *NodeOrParent = NULL;
    while (Node != NULL) {
        *NodeOrParent = Node;
        switch (Table->CompareRoutine(Table, Buffer, RtlpUserData(Node))) {
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

/* Elements are counted from the start of the list again. */
static VOID RtlpForgetOrder(PRTL_GENERIC_TABLE Table) {
    Table->OrderedPointer = &Table->InsertOrderList;
    Table->WhichOrderedElement = 0;
}

VOID NTAPI RtlInitializeGenericTable(_Out_ PRTL_GENERIC_TABLE Table,
                                     _In_ PRTL_GENERIC_COMPARE_ROUTINE CompareRoutine,
                                     _In_ PRTL_GENERIC_ALLOCATE_ROUTINE AllocateRoutine,
                                     _In_ PRTL_GENERIC_FREE_ROUTINE FreeRoutine,
                                     _In_opt_ PVOID TableContext) {
    Table->TableRoot = NULL;
    InitializeListHead(&Table->InsertOrderList);
    RtlpForgetOrder(Table);
    Table->NumberGenericTableElements = 0;
    Table->CompareRoutine = CompareRoutine;
    Table->AllocateRoutine = AllocateRoutine;
    Table->FreeRoutine = FreeRoutine;
    Table->TableContext = TableContext;
}

/* ---- Lookup, insertion, deletion ---- */

PVOID NTAPI RtlLookupElementGenericTableFull(_Inout_ PRTL_GENERIC_TABLE Table, _In_ PVOID Buffer,
                                             _Out_ PVOID *NodeOrParent,
                                             _Out_ TABLE_SEARCH_RESULT *SearchResult) {
    PRTL_SPLAY_LINKS Node;

    *SearchResult = RtlpSearch(Table, Buffer, &Node);
    *NodeOrParent = Node;
    if (*SearchResult != TableFoundNode) {
        return NULL;
    }
    Table->TableRoot = RtlSplay(Node);
    return RtlpUserData(Node);
}

PVOID NTAPI RtlLookupElementGenericTable(_Inout_ PRTL_GENERIC_TABLE Table, _In_ PVOID Buffer) {
    PVOID NodeOrParent;
    TABLE_SEARCH_RESULT Result;

    return RtlLookupElementGenericTableFull(Table, Buffer, &NodeOrParent, &Result);
}

static VOID RtlpLink(PRTL_GENERIC_TABLE Table, PTABLE_ENTRY_HEADER Header, PRTL_SPLAY_LINKS Parent,
                     TABLE_SEARCH_RESULT SearchResult) {
    RtlInitializeSplayLinks(&Header->SplayLinks);
    if (SearchResult == TableInsertAsLeft) {
        RtlInsertAsLeftChild(Parent, &Header->SplayLinks);
    } else if (SearchResult == TableInsertAsRight) {
        RtlInsertAsRightChild(Parent, &Header->SplayLinks);
    }
    InsertTailList(&Table->InsertOrderList, &Header->ListEntry);
    Table->NumberGenericTableElements++;
}

PVOID NTAPI RtlInsertElementGenericTableFull(_Inout_ PRTL_GENERIC_TABLE Table, _In_ PVOID Buffer,
                                             _In_ CLONG BufferSize, _Out_opt_ PBOOLEAN NewElement,
                                             _In_opt_ PVOID NodeOrParent,
                                             _In_ TABLE_SEARCH_RESULT SearchResult) {
    PRTL_SPLAY_LINKS Node = NodeOrParent;
    BOOLEAN New = SearchResult != TableFoundNode;

    if (New) {
        PTABLE_ENTRY_HEADER Header = NULL;
        if (BufferSize <= MAXULONG - HEADER_LENGTH) {
            Header = Table->AllocateRoutine(Table, HEADER_LENGTH + BufferSize);
        }
        if (Header != NULL) {
            RtlpLink(Table, Header, Node, SearchResult);
            RtlCopyMemory(&Header->UserData, Buffer, BufferSize);
        }
        New = Header != NULL;
        Node = New ? &Header->SplayLinks : NULL;
    }
    if (NewElement != NULL) {
        *NewElement = New;
    }
    if (Node == NULL) {
        return NULL;
    }
    Table->TableRoot = RtlSplay(Node);
    return RtlpUserData(Node);
}

PVOID NTAPI RtlInsertElementGenericTable(_Inout_ PRTL_GENERIC_TABLE Table, _In_ PVOID Buffer,
                                         _In_ CLONG BufferSize, _Out_opt_ PBOOLEAN NewElement) {
    PRTL_SPLAY_LINKS NodeOrParent;
    TABLE_SEARCH_RESULT Result = RtlpSearch(Table, Buffer, &NodeOrParent);

    return RtlInsertElementGenericTableFull(Table, Buffer, BufferSize, NewElement, NodeOrParent,
                                            Result);
}

BOOLEAN NTAPI RtlDeleteElementGenericTable(_Inout_ PRTL_GENERIC_TABLE Table, _In_ PVOID Buffer) {
    PRTL_SPLAY_LINKS Node;
    PTABLE_ENTRY_HEADER Header;

    if (RtlpSearch(Table, Buffer, &Node) != TableFoundNode) {
        return FALSE;
    }
    Header = CONTAINING_RECORD(Node, TABLE_ENTRY_HEADER, SplayLinks);
    Table->TableRoot = RtlDelete(Node);
    RemoveEntryList(&Header->ListEntry);
    Table->NumberGenericTableElements--;
    RtlpForgetOrder(Table);
    Table->FreeRoutine(Table, Header);
    return TRUE;
}

/* ---- Enumeration ---- */

static PRTL_SPLAY_LINKS RtlpLeftmost(PRTL_SPLAY_LINKS Node) {
    while (Node != NULL && Node->LeftChild != NULL) {
        Node = Node->LeftChild;
    }
    return Node;
}

PVOID NTAPI RtlEnumerateGenericTable(_Inout_ PRTL_GENERIC_TABLE Table, _In_ BOOLEAN Restart) {
    PRTL_SPLAY_LINKS Node = Table->TableRoot;

    if (Node != NULL) {
        Node = Restart ? RtlpLeftmost(Node) : RtlRealSuccessor(Node);
    }
    if (Node == NULL) {
        return NULL;
    }
    Table->TableRoot = RtlSplay(Node);
    return RtlpUserData(Node);
}

PVOID NTAPI RtlEnumerateGenericTableWithoutSplaying(_In_ PRTL_GENERIC_TABLE Table,
                                                    _Inout_ PVOID *RestartKey) {
    PRTL_SPLAY_LINKS Node =
        *RestartKey == NULL ? RtlpLeftmost(Table->TableRoot) : RtlRealSuccessor(*RestartKey);

    if (Node == NULL) {
        return NULL;
    }
    *RestartKey = Node;
    return RtlpUserData(Node);
}

/* Walks from where the last call stopped, or from an end of the list if that is nearer. */
PVOID NTAPI RtlGetElementGenericTable(_Inout_ PRTL_GENERIC_TABLE Table, _In_ ULONG I) {
    ULONG Number = I + 1;
    ULONG Last = Table->NumberGenericTableElements;

    if (I >= Last) {
        return NULL;
    }
    if (Number < Table->WhichOrderedElement / 2) {
        RtlpForgetOrder(Table);
    } else if (Number > Table->WhichOrderedElement &&
               Last - Number < Number - Table->WhichOrderedElement) {
        Table->OrderedPointer = Table->InsertOrderList.Blink;
        Table->WhichOrderedElement = Last;
    }
    for (; Table->WhichOrderedElement < Number; Table->WhichOrderedElement++) {
        Table->OrderedPointer = Table->OrderedPointer->Flink;
    }
    for (; Table->WhichOrderedElement > Number; Table->WhichOrderedElement--) {
        Table->OrderedPointer = Table->OrderedPointer->Blink;
    }
    return &CONTAINING_RECORD(Table->OrderedPointer, TABLE_ENTRY_HEADER, ListEntry)->UserData;
}

ULONG NTAPI RtlNumberGenericTableElements(_In_ PRTL_GENERIC_TABLE Table) {
    return Table->NumberGenericTableElements;
}

BOOLEAN NTAPI RtlIsGenericTableEmpty(_In_ PRTL_GENERIC_TABLE Table) {
    return Table->TableRoot == NULL;
}
