/*
 * ntrtltable.h - splay trees, generic tables and AVL tables
 *
 * A generic table is a set of records of the caller's: an element is a copy of what was inserted,
 * behind links that the table keeps. The caller brings three routines (compare, allocate, free) and
 * serialises; no function takes a lock. IRQL: that of the caller's routines.
 *
 * The structures are at Windows' offsets: debuggers walk them.
 *
 * Sources: WDK (RtlInitializeGenericTable, RtlInitializeGenericTableAvl and their neighbours), phnt.
 */
#ifndef VITRINE_NTRTLTABLE_H
#define VITRINE_NTRTLTABLE_H

#include "ntdef.h"
#include "ntlayout.h"
#include "ntstatus.h"

typedef ULONG CLONG;

/* ---- Splay trees (rtl/tree/splay.c) ---- */

typedef struct _RTL_SPLAY_LINKS {
    struct _RTL_SPLAY_LINKS *Parent; /* the root's is itself */
    struct _RTL_SPLAY_LINKS *LeftChild;
    struct _RTL_SPLAY_LINKS *RightChild;
} RTL_SPLAY_LINKS, *PRTL_SPLAY_LINKS;

CHECK_SIZE(RTL_SPLAY_LINKS, 0x18);

#define RtlInitializeSplayLinks(Links)                                                             \
    do {                                                                                           \
        (Links)->Parent = (Links);                                                                 \
        (Links)->LeftChild = NULL;                                                                 \
        (Links)->RightChild = NULL;                                                                \
    } while (0)
#define RtlIsRoot(Links)       ((Links)->Parent == (Links))
#define RtlIsLeftChild(Links)  ((Links)->Parent->LeftChild == (Links))
#define RtlIsRightChild(Links) ((Links)->Parent->RightChild == (Links))
#define RtlInsertAsLeftChild(ParentLinks, ChildLinks)                                              \
    do {                                                                                           \
        (ParentLinks)->LeftChild = (ChildLinks);                                                   \
        (ChildLinks)->Parent = (ParentLinks);                                                      \
    } while (0)
#define RtlInsertAsRightChild(ParentLinks, ChildLinks)                                             \
    do {                                                                                           \
        (ParentLinks)->RightChild = (ChildLinks);                                                  \
        (ChildLinks)->Parent = (ParentLinks);                                                      \
    } while (0)

/* Brings a node to the root; returns it. */
PRTL_SPLAY_LINKS NTAPI RtlSplay(_Inout_ PRTL_SPLAY_LINKS Links);

/* Takes a node out and brings its parent to the root; the new root, NULL if the tree is empty. */
PRTL_SPLAY_LINKS NTAPI RtlDelete(_In_ PRTL_SPLAY_LINKS Links);

/* Takes a node out and leaves the rest where it is, but for *Root. */
VOID NTAPI RtlDeleteNoSplay(_In_ PRTL_SPLAY_LINKS Links, _Inout_ PRTL_SPLAY_LINKS *Root);

/* The neighbours in order, below the node, or in the whole tree; NULL if there is none. */
PRTL_SPLAY_LINKS NTAPI RtlSubtreeSuccessor(_In_ PRTL_SPLAY_LINKS Links);
PRTL_SPLAY_LINKS NTAPI RtlSubtreePredecessor(_In_ PRTL_SPLAY_LINKS Links);
PRTL_SPLAY_LINKS NTAPI RtlRealSuccessor(_In_ PRTL_SPLAY_LINKS Links);
PRTL_SPLAY_LINKS NTAPI RtlRealPredecessor(_In_ PRTL_SPLAY_LINKS Links);

/* ---- What both kinds of tables share ---- */

typedef enum _TABLE_SEARCH_RESULT {
    TableEmptyTree,
    TableFoundNode,
    TableInsertAsLeft,
    TableInsertAsRight
} TABLE_SEARCH_RESULT;

typedef enum _RTL_GENERIC_COMPARE_RESULTS {
    GenericLessThan,
    GenericGreaterThan,
    GenericEqual
} RTL_GENERIC_COMPARE_RESULTS;

/* ---- Generic tables over splay trees (rtl/tree/generictable.c) ---- */

struct _RTL_GENERIC_TABLE;
typedef RTL_GENERIC_COMPARE_RESULTS(NTAPI *PRTL_GENERIC_COMPARE_ROUTINE)(
    struct _RTL_GENERIC_TABLE *Table, PVOID FirstStruct, PVOID SecondStruct);
typedef PVOID(NTAPI *PRTL_GENERIC_ALLOCATE_ROUTINE)(struct _RTL_GENERIC_TABLE *Table,
                                                    CLONG ByteSize);
typedef VOID(NTAPI *PRTL_GENERIC_FREE_ROUTINE)(struct _RTL_GENERIC_TABLE *Table, PVOID Buffer);

typedef struct _RTL_GENERIC_TABLE {
    PRTL_SPLAY_LINKS TableRoot;
    LIST_ENTRY InsertOrderList;
    PLIST_ENTRY OrderedPointer;
    ULONG WhichOrderedElement; /* that OrderedPointer is at, from 1 */
    ULONG NumberGenericTableElements;
    PRTL_GENERIC_COMPARE_ROUTINE CompareRoutine;
    PRTL_GENERIC_ALLOCATE_ROUTINE AllocateRoutine;
    PRTL_GENERIC_FREE_ROUTINE FreeRoutine;
    PVOID TableContext;
} RTL_GENERIC_TABLE, *PRTL_GENERIC_TABLE;

CHECK_OFFSET(RTL_GENERIC_TABLE, OrderedPointer, 0x18);
CHECK_OFFSET(RTL_GENERIC_TABLE, CompareRoutine, 0x28);
CHECK_SIZE(RTL_GENERIC_TABLE, 0x48);

VOID NTAPI RtlInitializeGenericTable(_Out_ PRTL_GENERIC_TABLE Table,
                                     _In_ PRTL_GENERIC_COMPARE_ROUTINE CompareRoutine,
                                     _In_ PRTL_GENERIC_ALLOCATE_ROUTINE AllocateRoutine,
                                     _In_ PRTL_GENERIC_FREE_ROUTINE FreeRoutine,
                                     _In_opt_ PVOID TableContext);

/*
 * The element that is equal to Buffer, made if there is none: *NewElement tells. NULL: no memory.
 * The Full form takes what RtlLookupElementGenericTableFull has found and searches no more.
 */
PVOID NTAPI RtlInsertElementGenericTable(_Inout_ PRTL_GENERIC_TABLE Table, _In_ PVOID Buffer,
                                         _In_ CLONG BufferSize, _Out_opt_ PBOOLEAN NewElement);
PVOID NTAPI RtlInsertElementGenericTableFull(_Inout_ PRTL_GENERIC_TABLE Table, _In_ PVOID Buffer,
                                             _In_ CLONG BufferSize, _Out_opt_ PBOOLEAN NewElement,
                                             _In_opt_ PVOID NodeOrParent,
                                             _In_ TABLE_SEARCH_RESULT SearchResult);

/* FALSE: there is no such element. */
BOOLEAN NTAPI RtlDeleteElementGenericTable(_Inout_ PRTL_GENERIC_TABLE Table, _In_ PVOID Buffer);
PVOID NTAPI RtlLookupElementGenericTable(_Inout_ PRTL_GENERIC_TABLE Table, _In_ PVOID Buffer);
PVOID NTAPI RtlLookupElementGenericTableFull(_Inout_ PRTL_GENERIC_TABLE Table, _In_ PVOID Buffer,
                                             _Out_ PVOID *NodeOrParent,
                                             _Out_ TABLE_SEARCH_RESULT *SearchResult);

/*
 * The elements in order, NULL behind the last. The first form keeps its place at the tree's root;
 * the second in *RestartKey, which is NULL at the start.
 */
PVOID NTAPI RtlEnumerateGenericTable(_Inout_ PRTL_GENERIC_TABLE Table, _In_ BOOLEAN Restart);
PVOID NTAPI RtlEnumerateGenericTableWithoutSplaying(_In_ PRTL_GENERIC_TABLE Table,
                                                    _Inout_ PVOID *RestartKey);

/* The element that was inserted as number I, of those that are left; NULL past the end. */
PVOID NTAPI RtlGetElementGenericTable(_Inout_ PRTL_GENERIC_TABLE Table, _In_ ULONG I);
ULONG NTAPI RtlNumberGenericTableElements(_In_ PRTL_GENERIC_TABLE Table);
BOOLEAN NTAPI RtlIsGenericTableEmpty(_In_ PRTL_GENERIC_TABLE Table);

/* ---- Generic tables over AVL trees (rtl/tree/avltree.c, rtl/tree/avltable.c) ---- */

typedef struct _RTL_BALANCED_LINKS {
    struct _RTL_BALANCED_LINKS *Parent;
    struct _RTL_BALANCED_LINKS *LeftChild;
    struct _RTL_BALANCED_LINKS *RightChild;
    CHAR Balance; /* how much higher the right subtree is: -1, 0, 1 */
    UCHAR Reserved[3];
} RTL_BALANCED_LINKS, *PRTL_BALANCED_LINKS;

CHECK_SIZE(RTL_BALANCED_LINKS, 0x20);

struct _RTL_AVL_TABLE;
typedef RTL_GENERIC_COMPARE_RESULTS(NTAPI *PRTL_AVL_COMPARE_ROUTINE)(struct _RTL_AVL_TABLE *Table,
                                                                     PVOID FirstStruct,
                                                                     PVOID SecondStruct);
typedef PVOID(NTAPI *PRTL_AVL_ALLOCATE_ROUTINE)(struct _RTL_AVL_TABLE *Table, CLONG ByteSize);
typedef VOID(NTAPI *PRTL_AVL_FREE_ROUTINE)(struct _RTL_AVL_TABLE *Table, PVOID Buffer);
typedef NTSTATUS(NTAPI *PRTL_AVL_MATCH_FUNCTION)(struct _RTL_AVL_TABLE *Table, PVOID UserData,
                                                 PVOID MatchData);

typedef struct _RTL_AVL_TABLE {
    RTL_BALANCED_LINKS BalancedRoot; /* its right child is the root */
    PVOID OrderedPointer;
    ULONG WhichOrderedElement; /* that OrderedPointer is at, from 1 */
    ULONG NumberGenericTableElements;
    ULONG DepthOfTree;
    PRTL_BALANCED_LINKS RestartKey;
    ULONG DeleteCount;
    PRTL_AVL_COMPARE_ROUTINE CompareRoutine;
    PRTL_AVL_ALLOCATE_ROUTINE AllocateRoutine;
    PRTL_AVL_FREE_ROUTINE FreeRoutine;
    PVOID TableContext;
} RTL_AVL_TABLE, *PRTL_AVL_TABLE;

CHECK_OFFSET(RTL_AVL_TABLE, OrderedPointer, 0x20);
CHECK_OFFSET(RTL_AVL_TABLE, RestartKey, 0x38);
CHECK_OFFSET(RTL_AVL_TABLE, CompareRoutine, 0x48);
CHECK_SIZE(RTL_AVL_TABLE, 0x68);

/* The tree itself, for avltable.c. The side of a new node is -1 for left, 1 for right. */
VOID RtlpAvlInsert(_Inout_ PRTL_AVL_TABLE Table, _Inout_ PRTL_BALANCED_LINKS Parent, _In_ LONG Side,
                   _Out_ PRTL_BALANCED_LINKS Node);
VOID RtlpAvlRemove(_Inout_ PRTL_AVL_TABLE Table, _Inout_ PRTL_BALANCED_LINKS Node);

/* Neighbours in order; NULL at the ends. */
PRTL_BALANCED_LINKS RtlpAvlNext(_In_ PRTL_BALANCED_LINKS Node);
PRTL_BALANCED_LINKS RtlpAvlPrevious(_In_ PRTL_BALANCED_LINKS Node);

VOID NTAPI RtlInitializeGenericTableAvl(_Out_ PRTL_AVL_TABLE Table,
                                        _In_ PRTL_AVL_COMPARE_ROUTINE CompareRoutine,
                                        _In_ PRTL_AVL_ALLOCATE_ROUTINE AllocateRoutine,
                                        _In_ PRTL_AVL_FREE_ROUTINE FreeRoutine,
                                        _In_opt_ PVOID TableContext);
PVOID NTAPI RtlInsertElementGenericTableAvl(_Inout_ PRTL_AVL_TABLE Table, _In_ PVOID Buffer,
                                            _In_ CLONG BufferSize, _Out_opt_ PBOOLEAN NewElement);
PVOID NTAPI RtlInsertElementGenericTableFullAvl(_Inout_ PRTL_AVL_TABLE Table, _In_ PVOID Buffer,
                                                _In_ CLONG BufferSize,
                                                _Out_opt_ PBOOLEAN NewElement,
                                                _In_opt_ PVOID NodeOrParent,
                                                _In_ TABLE_SEARCH_RESULT SearchResult);
BOOLEAN NTAPI RtlDeleteElementGenericTableAvl(_Inout_ PRTL_AVL_TABLE Table, _In_ PVOID Buffer);

/* Deletes the node that RtlLookupElementGenericTableFullAvl has found. */
VOID NTAPI RtlDeleteElementGenericTableAvlEx(_Inout_ PRTL_AVL_TABLE Table, _In_ PVOID NodeOrParent);
PVOID NTAPI RtlLookupElementGenericTableAvl(_In_ PRTL_AVL_TABLE Table, _In_ PVOID Buffer);
PVOID NTAPI RtlLookupElementGenericTableFullAvl(_In_ PRTL_AVL_TABLE Table, _In_ PVOID Buffer,
                                                _Out_ PVOID *NodeOrParent,
                                                _Out_ TABLE_SEARCH_RESULT *SearchResult);

/* The first of several elements that compare equal to Buffer; *RestartKey to go on from there. */
PVOID NTAPI RtlLookupFirstMatchingElementGenericTableAvl(_In_ PRTL_AVL_TABLE Table,
                                                         _In_ PVOID Buffer,
                                                         _Out_ PVOID *RestartKey);
PVOID NTAPI RtlEnumerateGenericTableAvl(_Inout_ PRTL_AVL_TABLE Table, _In_ BOOLEAN Restart);
PVOID NTAPI RtlEnumerateGenericTableWithoutSplayingAvl(_In_ PRTL_AVL_TABLE Table,
                                                       _Inout_ PVOID *RestartKey);

/*
 * The elements in order, with insertions and deletions between the calls. *RestartKey is where the
 * last call stopped; if it is NULL, or an element was deleted since (*DeleteCount tells), the search
 * starts at Buffer, which holds a copy of the last element. NextFlag: go past that element.
 * MatchFunction answers STATUS_SUCCESS to take an element, STATUS_NO_MATCH to pass over it,
 * STATUS_NO_MORE_MATCHES to end. NULL: there are no more.
 */
PVOID NTAPI RtlEnumerateGenericTableLikeADirectory(_In_ PRTL_AVL_TABLE Table,
                                                   _In_opt_ PRTL_AVL_MATCH_FUNCTION MatchFunction,
                                                   _In_opt_ PVOID MatchData, _In_ ULONG NextFlag,
                                                   _Inout_ PVOID *RestartKey,
                                                   _Inout_ PULONG DeleteCount, _In_ PVOID Buffer);

/* Element I in order; NULL past the end. */
PVOID NTAPI RtlGetElementGenericTableAvl(_Inout_ PRTL_AVL_TABLE Table, _In_ ULONG I);
ULONG NTAPI RtlNumberGenericTableElementsAvl(_In_ PRTL_AVL_TABLE Table);
BOOLEAN NTAPI RtlIsGenericTableEmptyAvl(_In_ PRTL_AVL_TABLE Table);

/* ---- Handle tables (user/ntdll/handletable.c): ntdll.dll only ---- */

/*
 * Entries of one size in reserved memory that is committed page by page. An entry begins with a
 * word of flags, which the owner sets to RTL_HANDLE_ALLOCATED; a free one has a link there.
 */
typedef struct _RTL_HANDLE_TABLE_ENTRY {
    union {
        ULONG Flags;
        struct _RTL_HANDLE_TABLE_ENTRY *NextFree;
    };
} RTL_HANDLE_TABLE_ENTRY, *PRTL_HANDLE_TABLE_ENTRY;

typedef struct _RTL_HANDLE_TABLE {
    ULONG MaximumNumberOfHandles;
    ULONG SizeOfHandleTableEntry;
    ULONG Reserved[2];
    PRTL_HANDLE_TABLE_ENTRY FreeHandles;
    PRTL_HANDLE_TABLE_ENTRY CommittedHandles;   /* the first entry */
    PRTL_HANDLE_TABLE_ENTRY UnCommittedHandles; /* the end of committed memory */
    PRTL_HANDLE_TABLE_ENTRY MaxReservedHandles; /* the end of reserved memory */
} RTL_HANDLE_TABLE, *PRTL_HANDLE_TABLE;

CHECK_OFFSET(RTL_HANDLE_TABLE, FreeHandles, 0x10);
CHECK_SIZE(RTL_HANDLE_TABLE, 0x30);

#define RTL_HANDLE_ALLOCATED 0x00000001

VOID NTAPI RtlInitializeHandleTable(_In_ ULONG MaximumNumberOfHandles,
                                    _In_ ULONG SizeOfHandleTableEntry,
                                    _Out_ PRTL_HANDLE_TABLE HandleTable);

/* Frees the memory. STATUS_INVALID_PARAMETER: no handle was ever allocated. */
NTSTATUS NTAPI RtlDestroyHandleTable(_Inout_ PRTL_HANDLE_TABLE HandleTable);

/* NULL: the table is full, or there is no memory. */
PRTL_HANDLE_TABLE_ENTRY NTAPI RtlAllocateHandle(_Inout_ PRTL_HANDLE_TABLE HandleTable,
                                                _Out_opt_ PULONG HandleIndex);

/* FALSE: it is no entry of the table, or not allocated. */
BOOLEAN NTAPI RtlFreeHandle(_Inout_ PRTL_HANDLE_TABLE HandleTable,
                            _In_ PRTL_HANDLE_TABLE_ENTRY Handle);
BOOLEAN NTAPI RtlIsValidHandle(_In_ PRTL_HANDLE_TABLE HandleTable,
                               _In_ PRTL_HANDLE_TABLE_ENTRY Handle);
BOOLEAN NTAPI RtlIsValidIndexHandle(_In_ PRTL_HANDLE_TABLE HandleTable, _In_ ULONG HandleIndex,
                                    _Out_ PRTL_HANDLE_TABLE_ENTRY *Handle);

#endif
