/*
 * avlnode.c - AVL trees over RTL_BALANCED_NODE
 *
 * As for red-black trees (rtl/tree/rbtree.c) the caller searches, because only it knows the keys. The two
 * subtrees of a node differ in height by one at most. The low two bits of ParentValue, Balance, tell
 * which is higher: 0 neither, 1 the right one, 3 (-1 in two bits) the left one. The tree is one
 * pointer, to its root. The AVL tables of the WDK (rtl/tree/avltree.c) have nodes of another kind.
 *
 * The owner of the tree serialises; no function here allocates or takes a lock. Any IRQL.
 *
 * Source: Knuth, The Art of Computer Programming, volume 3, 6.2.3.
 */
#include "nodep.h"

#define EVEN       0
#define HIGH(Side) ((Side) == RIGHT ? 1ULL : 3ULL)

static ULONG64 RtlpBalance(const RTL_BALANCED_NODE *Node) {
    return Node->ParentValue & RTL_BALANCED_NODE_RESERVED_PARENT_MASK;
}

static VOID RtlpSetBalance(PRTL_BALANCED_NODE Node, ULONG64 Balance) {
    Node->ParentValue = (ULONG_PTR)RtlpParent(Node) | Balance;
}

/* Node's child on Side leans inwards: that child's inner child becomes the top of the three. */
static VOID RtlpRotateTwice(PRTL_BALANCED_NODE *Root, PRTL_BALANCED_NODE Node, ULONG Side) {
    PRTL_BALANCED_NODE Child = Node->Children[Side];
    PRTL_BALANCED_NODE Inner = Child->Children[!Side];
    ULONG64 Balance = RtlpBalance(Inner);

    RtlpRotate(Root, Child, Side);
    RtlpRotate(Root, Node, !Side);
    RtlpSetBalance(Node, Balance == HIGH(Side) ? HIGH(!Side) : EVEN);
    RtlpSetBalance(Child, Balance == HIGH(!Side) ? HIGH(Side) : EVEN);
    RtlpSetBalance(Inner, EVEN);
}

/*
 * The subtree of Node on Side is two higher than the other: makes them differ by one at most. TRUE
 * if the whole is one lower than it was.
 */
static BOOLEAN RtlpRebalance(PRTL_BALANCED_NODE *Root, PRTL_BALANCED_NODE Node, ULONG Side) {
    PRTL_BALANCED_NODE Child = Node->Children[Side];
    ULONG64 Balance = RtlpBalance(Child);

    if (Balance == HIGH(!Side)) {
        RtlpRotateTwice(Root, Node, Side);
        return TRUE;
    }
    RtlpRotate(Root, Node, !Side);
    RtlpSetBalance(Node, Balance == EVEN ? HIGH(Side) : EVEN);
    RtlpSetBalance(Child, Balance == EVEN ? HIGH(!Side) : EVEN);
    return Balance != EVEN;
}

/*
 * RtlAvlInsertNodeEx - links Node below Parent, on the right if Right, else on the left; there must
 * be no child there. Parent NULL: the tree is empty. O(log n).
 */
VOID NTAPI RtlAvlInsertNodeEx(_Inout_ PRTL_AVL_TREE Tree, _In_opt_ PRTL_BALANCED_NODE Parent,
                              _In_ BOOLEAN Right, _Out_ PRTL_BALANCED_NODE Node) {
    Node->Left = NULL;
    Node->Right = NULL;
    Node->ParentValue = (ULONG_PTR)Parent;
    if (Parent == NULL) {
        Tree->Root = Node;
        return;
    }
    Parent->Children[Right ? RIGHT : LEFT] = Node;
    /* The subtree of Node is one higher than before: what does that make of its parent? */
    for (; Parent != NULL; Node = Parent, Parent = RtlpParent(Node)) {
        ULONG Side = RtlpSideOf(Parent, Node);

        if (RtlpBalance(Parent) == HIGH(Side)) {
            RtlpRebalance(&Tree->Root, Parent, Side);
            return;
        }
        if (RtlpBalance(Parent) == HIGH(!Side)) {
            RtlpSetBalance(Parent, EVEN);
            return;
        }
        RtlpSetBalance(Parent, HIGH(Side));
    }
}

/* The subtree of Node on Side is one lower than it was. */
static VOID RtlpBalanceLower(PRTL_BALANCED_NODE *Root, PRTL_BALANCED_NODE Node, ULONG Side) {
    while (Node != NULL) {
        PRTL_BALANCED_NODE Parent = RtlpParent(Node);
        ULONG ParentSide = Parent != NULL ? RtlpSideOf(Parent, Node) : LEFT;

        if (RtlpBalance(Node) == EVEN) {
            RtlpSetBalance(Node, HIGH(!Side));
            return;
        }
        if (RtlpBalance(Node) == HIGH(Side)) {
            RtlpSetBalance(Node, EVEN);
        } else if (!RtlpRebalance(Root, Node, !Side)) {
            return;
        }
        Node = Parent;
        Side = ParentSide;
    }
}

/* Takes out a node that has at most one child. */
static VOID RtlpUnlinkNode(PRTL_BALANCED_NODE *Root, PRTL_BALANCED_NODE Node) {
    PRTL_BALANCED_NODE Parent = RtlpParent(Node);
    PRTL_BALANCED_NODE Child = Node->Left != NULL ? Node->Left : Node->Right;
    ULONG Side = Parent != NULL ? RtlpSideOf(Parent, Node) : LEFT;

    RtlpReplaceChild(Root, Parent, Node, Child);
    if (Child != NULL) {
        RtlpSetParent(Child, Parent);
    }
    RtlpBalanceLower(Root, Parent, Side);
}

/* RtlAvlRemoveNode - takes Node, which is in Tree, out of it. O(log n). */
VOID NTAPI RtlAvlRemoveNode(_Inout_ PRTL_AVL_TREE Tree, _In_ PRTL_BALANCED_NODE Node) {
    if (Node->Left == NULL || Node->Right == NULL) {
        RtlpUnlinkNode(&Tree->Root, Node);
        return;
    }
    /* With two children, the next node in order has none on the left: it leaves its own place
     * and stands in for Node. */
    PRTL_BALANCED_NODE Successor = RtlpLeftmost(Node->Right);
    RtlpUnlinkNode(&Tree->Root, Successor);
    RtlpTakePlace(&Tree->Root, Node, Successor);
}
