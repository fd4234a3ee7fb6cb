/*
 * nodep.h - what red-black and AVL trees over RTL_BALANCED_NODE have in common (rtl/tree/node.c)
 *
 * A node keeps its parent in ParentValue. The low two bits of that field belong to the kind of tree
 * (a colour, or a balance); no function here changes them.
 */
#ifndef VITRINE_RTL_NODEP_H
#define VITRINE_RTL_NODEP_H

#include "ntdef.h"
#include "ntrtl.h"

#define LEFT  0
#define RIGHT 1

FORCEINLINE PRTL_BALANCED_NODE RtlpParent(const RTL_BALANCED_NODE *Node) {
    return RTL_BALANCED_NODE_GET_PARENT_POINTER(Node);
}

FORCEINLINE VOID RtlpSetParent(PRTL_BALANCED_NODE Node, PRTL_BALANCED_NODE Parent) {
    Node->ParentValue =
        (ULONG_PTR)Parent | (Node->ParentValue & RTL_BALANCED_NODE_RESERVED_PARENT_MASK);
}

FORCEINLINE ULONG RtlpSideOf(const RTL_BALANCED_NODE *Parent, const RTL_BALANCED_NODE *Node) {
    return Parent->Children[RIGHT] == Node ? RIGHT : LEFT;
}

/* Links New (may be NULL) below Parent in the place of Old, or as the root. */
FORCEINLINE VOID RtlpReplaceChild(PRTL_BALANCED_NODE *Root, PRTL_BALANCED_NODE Parent,
                                  PRTL_BALANCED_NODE Old, PRTL_BALANCED_NODE New) {
    if (Parent == NULL) {
        *Root = New;
    } else {
        Parent->Children[RtlpSideOf(Parent, Old)] = New;
    }
}

/* Turns Node down to Side; its child on the other side takes its place. */
VOID RtlpRotate(_Inout_ PRTL_BALANCED_NODE *Root, _Inout_ PRTL_BALANCED_NODE Node, _In_ ULONG Side);

/* Puts Other, which is out of the tree, into Node's place, with its low bits and children. */
VOID RtlpTakePlace(_Inout_ PRTL_BALANCED_NODE *Root, _In_ PRTL_BALANCED_NODE Node,
                   _Out_ PRTL_BALANCED_NODE Other);

/* The lowest node of a subtree that is not empty. */
FORCEINLINE PRTL_BALANCED_NODE RtlpLeftmost(PRTL_BALANCED_NODE Node) {
    while (Node->Left != NULL) {
        Node = Node->Left;
    }
    return Node;
}

#endif
