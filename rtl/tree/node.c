/*
 * node.c - walks and rotations of trees over RTL_BALANCED_NODE, red-black and AVL
 */
#include "nodep.h"

VOID RtlpRotate(_Inout_ PRTL_BALANCED_NODE *Root, _Inout_ PRTL_BALANCED_NODE Node,
                _In_ ULONG Side) {
    PRTL_BALANCED_NODE Parent = RtlpParent(Node);
    PRTL_BALANCED_NODE Child = Node->Children[!Side];
    PRTL_BALANCED_NODE Inner = Child->Children[Side];

    Node->Children[!Side] = Inner;
    if (Inner != NULL) {
        RtlpSetParent(Inner, Node);
    }
    RtlpReplaceChild(Root, Parent, Node, Child);
    RtlpSetParent(Child, Parent);
    Child->Children[Side] = Node;
    RtlpSetParent(Node, Child);
}

VOID RtlpTakePlace(_Inout_ PRTL_BALANCED_NODE *Root, _In_ PRTL_BALANCED_NODE Node,
                   _Out_ PRTL_BALANCED_NODE Other) {
    *Other = *Node;
    RtlpReplaceChild(Root, RtlpParent(Node), Node, Other);
    if (Other->Left != NULL) {
        RtlpSetParent(Other->Left, Other);
    }
    if (Other->Right != NULL) {
        RtlpSetParent(Other->Right, Other);
    }
}

/* The neighbour of Node in the direction of Side. */
static PRTL_BALANCED_NODE RtlpNeighbour(PRTL_BALANCED_NODE Node, ULONG Side) {
    PRTL_BALANCED_NODE Next = Node->Children[Side];

    if (Next != NULL) {
        while (Next->Children[!Side] != NULL) {
            Next = Next->Children[!Side];
        }
        return Next;
    }
    Next = RtlpParent(Node);
    while (Next != NULL && Next->Children[Side] == Node) {
        Node = Next;
        Next = RtlpParent(Node);
    }
    return Next;
}

PRTL_BALANCED_NODE NTAPI RtlpNextNode(_In_ PRTL_BALANCED_NODE Node) {
    return RtlpNeighbour(Node, RIGHT);
}

PRTL_BALANCED_NODE NTAPI RtlpPreviousNode(_In_ PRTL_BALANCED_NODE Node) {
    return RtlpNeighbour(Node, LEFT);
}
