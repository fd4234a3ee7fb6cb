/*
 * avltree.c - the tree of AVL tables
 *
 * A search tree in which the two subtrees of a node differ in height by one at most; Balance tells
 * which is higher. The table's BalancedRoot stands above the root, which is its right child, so that
 * every node has a parent. A side is -1 for left and 1 for right, the values of Balance.
 *
 * Source: Knuth, The Art of Computer Programming, volume 3, 6.2.3; WDK for the structures.
 */
#include "ntrtl.h"
#include "ntrtltable.h"

#define LEFT  (-1)
#define RIGHT 1

static PRTL_BALANCED_LINKS *RtlpChild(PRTL_BALANCED_LINKS Node, LONG Side) {
    return Side == LEFT ? &Node->LeftChild : &Node->RightChild;
}

static LONG RtlpSide(PRTL_BALANCED_LINKS Node) {
    return Node->Parent->LeftChild == Node ? LEFT : RIGHT;
}

/* Hangs Node, which may be NULL, below Parent. */
static VOID RtlpHang(PRTL_BALANCED_LINKS Parent, LONG Side, PRTL_BALANCED_LINKS Node) {
    *RtlpChild(Parent, Side) = Node;
    if (Node != NULL) {
        Node->Parent = Parent;
    }
}

/* Turns a node above its parent. */
static VOID RtlpTurnUp(PRTL_BALANCED_LINKS Node) {
    PRTL_BALANCED_LINKS Parent = Node->Parent;
    LONG Side = RtlpSide(Node);

    RtlpHang(Parent->Parent, RtlpSide(Parent), Node);
    RtlpHang(Parent, Side, *RtlpChild(Node, -Side));
    RtlpHang(Node, -Side, Parent);
}

/*
 * The subtree of Node on Side is two higher than the other: turns it level. TRUE if the whole is
 * one lower than it was.
 */
static BOOLEAN RtlpRebalance(PRTL_BALANCED_LINKS Node, LONG Side) {
    PRTL_BALANCED_LINKS High = *RtlpChild(Node, Side);
    PRTL_BALANCED_LINKS Inner = *RtlpChild(High, -Side);

    if (High->Balance == Side) {
        RtlpTurnUp(High);
        Node->Balance = High->Balance = 0;
        return TRUE;
    }
    if (High->Balance == 0) {
        RtlpTurnUp(High);
        Node->Balance = (CHAR)Side;
        High->Balance = (CHAR)-Side;
        return FALSE;
    }
    RtlpTurnUp(Inner);
    RtlpTurnUp(Inner);
    Node->Balance = (CHAR)(Inner->Balance == Side ? -Side : 0);
    High->Balance = (CHAR)(Inner->Balance == -Side ? Side : 0);
    Inner->Balance = 0;
    return TRUE;
}

VOID RtlpAvlInsert(_Inout_ PRTL_AVL_TABLE Table, _Inout_ PRTL_BALANCED_LINKS Parent, _In_ LONG Side,
                   _Out_ PRTL_BALANCED_LINKS Node) {
    RtlZeroMemory(Node, sizeof(*Node));
    RtlpHang(Parent, Side, Node);
    while (Parent != &Table->BalancedRoot) {
        if (Parent->Balance == -Side) {
            Parent->Balance = 0;
            return;
        }
        if (Parent->Balance == Side) {
            RtlpRebalance(Parent, Side);
            return;
        }
        Parent->Balance = (CHAR)Side;
        Side = RtlpSide(Parent);
        Parent = Parent->Parent;
    }
    Table->DepthOfTree++;
}

/* The subtree of Parent on Side has become one lower. */
static VOID RtlpAfterShrink(PRTL_AVL_TABLE Table, PRTL_BALANCED_LINKS Parent, LONG Side) {
    while (Parent != &Table->BalancedRoot) {
        if (Parent->Balance == 0) {
            Parent->Balance = (CHAR)-Side;
            return;
        }
        if (Parent->Balance == Side) {
            Parent->Balance = 0;
        } else {
            if (!RtlpRebalance(Parent, -Side)) {
                return;
            }
            Parent = Parent->Parent;
        }
        Side = RtlpSide(Parent);
        Parent = Parent->Parent;
    }
    Table->DepthOfTree--;
}

static PRTL_BALANCED_LINKS RtlpFarthest(PRTL_BALANCED_LINKS Node, LONG Side) {
    while (*RtlpChild(Node, Side) != NULL) {
        Node = *RtlpChild(Node, Side);
    }
    return Node;
}

/* A node with two children leaves its place to a neighbour from its higher side. */
VOID RtlpAvlRemove(_Inout_ PRTL_AVL_TABLE Table, _Inout_ PRTL_BALANCED_LINKS Node) {
    PRTL_BALANCED_LINKS Leaver = Node;
    PRTL_BALANCED_LINKS Parent;
    LONG Side;

    if (Node->LeftChild != NULL && Node->RightChild != NULL) {
        Side = Node->Balance == LEFT ? LEFT : RIGHT;
        Leaver = RtlpFarthest(*RtlpChild(Node, Side), -Side);
    }
    Parent = Leaver->Parent;
    Side = RtlpSide(Leaver);
    RtlpHang(Parent, Side, Leaver->LeftChild != NULL ? Leaver->LeftChild : Leaver->RightChild);
    RtlpAfterShrink(Table, Parent, Side);
    if (Leaver != Node) {
        Leaver->Balance = Node->Balance;
        RtlpHang(Node->Parent, RtlpSide(Node), Leaver);
        RtlpHang(Leaver, LEFT, Node->LeftChild);
        RtlpHang(Leaver, RIGHT, Node->RightChild);
    }
}

/* ---- Neighbours ---- */

/* BalancedRoot, which is its own parent, ends the way up: it is nobody's left or right neighbour. */
static PRTL_BALANCED_LINKS RtlpNeighbour(PRTL_BALANCED_LINKS Node, LONG Side) {
    if (*RtlpChild(Node, Side) != NULL) {
        return RtlpFarthest(*RtlpChild(Node, Side), -Side);
    }
    while (Node->Parent != Node && *RtlpChild(Node->Parent, Side) == Node) {
        Node = Node->Parent;
    }
    Node = Node->Parent;
    return Node->Parent == Node ? NULL : Node;
}

PRTL_BALANCED_LINKS RtlpAvlNext(_In_ PRTL_BALANCED_LINKS Node) {
    return RtlpNeighbour(Node, RIGHT);
}

PRTL_BALANCED_LINKS RtlpAvlPrevious(_In_ PRTL_BALANCED_LINKS Node) {
    return RtlpNeighbour(Node, LEFT);
}
