/*
 * rbtree.c - red-black trees over RTL_BALANCED_NODE
 *
 * The caller searches, because only it knows the keys: it walks from Root by Left and Right to the
 * place where the new node belongs, and hands over parent and side. The tree keeps itself balanced:
 * no red node has a red child, and every path down passes the same number of black nodes.
 *
 * A node keeps its parent and its colour (bit 0, set for red) in ParentValue. Min is the leftmost
 * node. Who owns the tree serialises; no function here allocates or takes a lock. Any IRQL.
 *
 * Source: phnt (names and structures); Cormen et al., Introduction to Algorithms, chapter 13.
 */
#include "nodep.h"

#define RED 1ULL

static BOOLEAN RtlpIsRed(const RTL_BALANCED_NODE *Node) {
    return Node != NULL && (Node->ParentValue & RED) != 0;
}

static VOID RtlpSetRed(PRTL_BALANCED_NODE Node) {
    Node->ParentValue |= RED;
}

static VOID RtlpSetBlack(PRTL_BALANCED_NODE Node) {
    Node->ParentValue &= ~RED;
}

/* Restores the rules after Node was hung in red. */
static VOID RtlpBalanceInsert(PRTL_RB_TREE Tree, PRTL_BALANCED_NODE Node) {
    PRTL_BALANCED_NODE Parent = RtlpParent(Node);

    while (RtlpIsRed(Parent)) {
        PRTL_BALANCED_NODE Grandparent = RtlpParent(Parent);
        ULONG Side = RtlpSideOf(Grandparent, Parent);
        PRTL_BALANCED_NODE Uncle = Grandparent->Children[!Side];

        if (RtlpIsRed(Uncle)) {
            RtlpSetBlack(Parent);
            RtlpSetBlack(Uncle);
            RtlpSetRed(Grandparent);
            Node = Grandparent;
            Parent = RtlpParent(Node);
            continue;
        }
        if (RtlpSideOf(Parent, Node) != Side) {
            RtlpRotate(&Tree->Root, Parent, Side);
            Parent = Node;
        }
        RtlpSetBlack(Parent);
        RtlpSetRed(Grandparent);
        RtlpRotate(&Tree->Root, Grandparent, !Side);
        break;
    }
    RtlpSetBlack(Tree->Root);
}

/*
 * RtlRbInsertNodeEx - hangs Node below Parent, on the right if Right, else on the left; there
 * must be no child there. Parent NULL: the tree is empty. O(log n).
 */
VOID NTAPI RtlRbInsertNodeEx(_Inout_ PRTL_RB_TREE Tree, _In_opt_ PRTL_BALANCED_NODE Parent,
                             _In_ BOOLEAN Right, _Out_ PRTL_BALANCED_NODE Node) {
    Node->Left = NULL;
    Node->Right = NULL;
    Node->ParentValue = (ULONG_PTR)Parent | RED;
    if (Parent == NULL) {
        Tree->Root = Node;
        Tree->Min = Node;
        RtlpSetBlack(Node);
        return;
    }
    Parent->Children[Right ? RIGHT : LEFT] = Node;
    if (!Right && Parent == Tree->Min) {
        Tree->Min = Node;
    }
    RtlpBalanceInsert(Tree, Node);
}

/* The path through Parent's Side child is one black node short: makes it up. */
static VOID RtlpBalanceRemove(PRTL_RB_TREE Tree, PRTL_BALANCED_NODE Parent, ULONG Side) {
    for (;;) {
        PRTL_BALANCED_NODE Sibling = Parent->Children[!Side];

        if (RtlpIsRed(Sibling)) {
            RtlpSetBlack(Sibling);
            RtlpSetRed(Parent);
            RtlpRotate(&Tree->Root, Parent, Side);
            Sibling = Parent->Children[!Side];
        }
        if (RtlpIsRed(Sibling->Children[LEFT]) || RtlpIsRed(Sibling->Children[RIGHT])) {
            if (!RtlpIsRed(Sibling->Children[!Side])) {
                RtlpSetBlack(Sibling->Children[Side]);
                RtlpSetRed(Sibling);
                RtlpRotate(&Tree->Root, Sibling, !Side);
                Sibling = Parent->Children[!Side];
            }
            Sibling->ParentValue = (Sibling->ParentValue & ~RED) | (Parent->ParentValue & RED);
            RtlpSetBlack(Parent);
            RtlpSetBlack(Sibling->Children[!Side]);
            RtlpRotate(&Tree->Root, Parent, Side);
            return;
        }
        RtlpSetRed(Sibling);
        if (RtlpIsRed(Parent) || RtlpParent(Parent) == NULL) {
            RtlpSetBlack(Parent);
            return;
        }
        PRTL_BALANCED_NODE Child = Parent;
        Parent = RtlpParent(Child);
        Side = RtlpSideOf(Parent, Child);
    }
}

/* Takes out a node that has at most one child. */
static VOID RtlpUnlinkNode(PRTL_RB_TREE Tree, PRTL_BALANCED_NODE Node) {
    PRTL_BALANCED_NODE Parent = RtlpParent(Node);
    PRTL_BALANCED_NODE Child = Node->Left != NULL ? Node->Left : Node->Right;
    ULONG Side = Parent != NULL ? RtlpSideOf(Parent, Node) : LEFT;

    RtlpReplaceChild(&Tree->Root, Parent, Node, Child);
    if (Child != NULL) {
        /* A lone child is red, and its parent is black. */
        Child->ParentValue = (ULONG_PTR)Parent;
    } else if (!RtlpIsRed(Node) && Parent != NULL) {
        RtlpBalanceRemove(Tree, Parent, Side);
    }
}

/* RtlRbRemoveNode - takes Node, which is in Tree, out of it. O(log n). */
VOID NTAPI RtlRbRemoveNode(_Inout_ PRTL_RB_TREE Tree, _In_ PRTL_BALANCED_NODE Node) {
    if (Tree->Min == Node) {
        Tree->Min = RtlpNextNode(Node);
    }
    if (Node->Left == NULL || Node->Right == NULL) {
        RtlpUnlinkNode(Tree, Node);
        return;
    }
    /* With two children, the next node in order has none on the left: it leaves its own place
     * and stands in for Node. */
    PRTL_BALANCED_NODE Successor = RtlpLeftmost(Node->Right);
    RtlpUnlinkNode(Tree, Successor);
    RtlpTakePlace(&Tree->Root, Node, Successor);
}
