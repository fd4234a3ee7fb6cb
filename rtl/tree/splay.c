/*
 * splay.c - splay trees
 *
 * A search tree that moves what is used to its root, so that things used often are found soon. Only
 * the caller knows the keys: it walks, links a new node as a leaf, and calls RtlSplay.
 *
 * The root is its own parent. Any IRQL; the caller serialises.
 *
 * Sources: WDK, RtlSplay, RtlDelete, RtlRealSuccessor and their neighbours; Sleator and Tarjan,
 * Self-Adjusting Binary Search Trees.
 */
#include "ntrtl.h"
#include "ntrtltable.h"

/* Puts New where Old is below Old's parent; if Old is the root, New becomes it. */
static VOID RtlpReplaceInParent(PRTL_SPLAY_LINKS Old, PRTL_SPLAY_LINKS New) {
    PRTL_SPLAY_LINKS Parent = Old->Parent;

    if (RtlIsRoot(Old)) {
        New->Parent = New;
        return;
    }
    if (RtlIsLeftChild(Old)) {
        Parent->LeftChild = New;
    } else {
        Parent->RightChild = New;
    }
    if (New != NULL) {
        New->Parent = Parent;
    }
}

/* Turns a node above its parent. */
static VOID RtlpPromote(PRTL_SPLAY_LINKS Node) {
    PRTL_SPLAY_LINKS Parent = Node->Parent;
    BOOLEAN Left = RtlIsLeftChild(Node);
    PRTL_SPLAY_LINKS Inner = Left ? Node->RightChild : Node->LeftChild;

    RtlpReplaceInParent(Parent, Node);
    if (Left) {
        Parent->LeftChild = Inner;
        RtlInsertAsRightChild(Node, Parent);
    } else {
        Parent->RightChild = Inner;
        RtlInsertAsLeftChild(Node, Parent);
    }
    if (Inner != NULL) {
        Inner->Parent = Parent;
    }
}

PRTL_SPLAY_LINKS NTAPI RtlSplay(_Inout_ PRTL_SPLAY_LINKS Links) {
    while (!RtlIsRoot(Links)) {
        PRTL_SPLAY_LINKS Parent = Links->Parent;
        if (!RtlIsRoot(Parent)) {
            BOOLEAN SameSide = RtlIsLeftChild(Links) == RtlIsLeftChild(Parent);
            RtlpPromote(SameSide ? Parent : Links);
        }
        RtlpPromote(Links);
    }
    return Links;
}

/* ---- Neighbours ---- */

PRTL_SPLAY_LINKS NTAPI RtlSubtreeSuccessor(_In_ PRTL_SPLAY_LINKS Links) {
    PRTL_SPLAY_LINKS Node = Links->RightChild;

    while (Node != NULL && Node->LeftChild != NULL) {
        Node = Node->LeftChild;
    }
    return Node;
}

PRTL_SPLAY_LINKS NTAPI RtlSubtreePredecessor(_In_ PRTL_SPLAY_LINKS Links) {
    PRTL_SPLAY_LINKS Node = Links->LeftChild;

    while (Node != NULL && Node->RightChild != NULL) {
        Node = Node->RightChild;
    }
    return Node;
}

PRTL_SPLAY_LINKS NTAPI RtlRealSuccessor(_In_ PRTL_SPLAY_LINKS Links) {
    PRTL_SPLAY_LINKS Node = RtlSubtreeSuccessor(Links);

    if (Node != NULL) {
        return Node;
    }
    while (!RtlIsRoot(Links) && RtlIsRightChild(Links)) {
        Links = Links->Parent;
    }
    return RtlIsRoot(Links) ? NULL : Links->Parent;
}

PRTL_SPLAY_LINKS NTAPI RtlRealPredecessor(_In_ PRTL_SPLAY_LINKS Links) {
    PRTL_SPLAY_LINKS Node = RtlSubtreePredecessor(Links);

    if (Node != NULL) {
        return Node;
    }
    while (!RtlIsRoot(Links) && RtlIsLeftChild(Links)) {
        Links = Links->Parent;
    }
    return RtlIsRoot(Links) ? NULL : Links->Parent;
}

/* ---- Deletion ---- */

/* Gives New the place of Old, with Old's parent and children. */
static VOID RtlpTakePlace(PRTL_SPLAY_LINKS Old, PRTL_SPLAY_LINKS New) {
    RtlpReplaceInParent(Old, New);
    New->LeftChild = Old->LeftChild;
    New->RightChild = Old->RightChild;
    if (New->LeftChild != NULL) {
        New->LeftChild->Parent = New;
    }
    if (New->RightChild != NULL) {
        New->RightChild->Parent = New;
    }
}

/*
 * Takes a node out: one with two children leaves its place to its predecessor, which has one at
 * most. Returns the lowest node whose subtree has changed, NULL if the tree is empty.
 */
static PRTL_SPLAY_LINKS RtlpUnlink(PRTL_SPLAY_LINKS Links) {
    BOOLEAN TwoChildren = Links->LeftChild != NULL && Links->RightChild != NULL;
    PRTL_SPLAY_LINKS Leaver = TwoChildren ? RtlSubtreePredecessor(Links) : Links;
    PRTL_SPLAY_LINKS Child = Leaver->LeftChild != NULL ? Leaver->LeftChild : Leaver->RightChild;
    PRTL_SPLAY_LINKS Changed = RtlIsRoot(Leaver) ? Child : Leaver->Parent;

    if (Changed != NULL) {
        RtlpReplaceInParent(Leaver, Child);
    }
    if (TwoChildren) {
        RtlpTakePlace(Links, Leaver);
        if (Changed == Links) {
            Changed = Leaver;
        }
    }
    return Changed;
}

PRTL_SPLAY_LINKS NTAPI RtlDelete(_In_ PRTL_SPLAY_LINKS Links) {
    PRTL_SPLAY_LINKS Changed = RtlpUnlink(Links);

    return Changed != NULL ? RtlSplay(Changed) : NULL;
}

VOID NTAPI RtlDeleteNoSplay(_In_ PRTL_SPLAY_LINKS Links, _Inout_ PRTL_SPLAY_LINKS *Root) {
    PRTL_SPLAY_LINKS Node = RtlpUnlink(Links);

    while (Node != NULL && !RtlIsRoot(Node)) {
        Node = Node->Parent;
    }
    *Root = Node;
}
