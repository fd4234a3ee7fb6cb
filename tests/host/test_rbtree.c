// sources: rtl/tree/rbtree.c rtl/tree/node.c
//
// The red-black tree against a sorted model: random insertions and removals, its rules after each.

#include "host.h"

typedef struct _ITEM {
    RTL_BALANCED_NODE Node;
    ULONG Key;
    BOOLEAN Present;
} ITEM;

#define ITEMS 300

static ITEM Items[ITEMS];
static RTL_RB_TREE Tree;

static void Insert(ITEM *Item) {
    PRTL_BALANCED_NODE Parent = NULL, At = Tree.Root;
    BOOLEAN Right = FALSE;
    while (At != NULL) {
        Parent = At;
        Right = Item->Key > CONTAINING_RECORD(At, ITEM, Node)->Key;
        At = At->Children[Right];
    }
    RtlRbInsertNodeEx(&Tree, Parent, Right, &Item->Node);
    Item->Present = TRUE;
}

/* Checks a subtree; returns its black height. */
static int CheckSubtree(PRTL_BALANCED_NODE Node, PRTL_BALANCED_NODE Parent) {
    if (Node == NULL) {
        return 1;
    }
    CHECK(RTL_BALANCED_NODE_GET_PARENT_POINTER(Node) == Parent);
    CHECK(!(Node->Red && Parent != NULL && Parent->Red));
    int Left = CheckSubtree(Node->Left, Node);
    CHECK_EQ(Left, CheckSubtree(Node->Right, Node));
    return Left + !Node->Red;
}

static void CheckTree(void) {
    PRTL_BALANCED_NODE Node = Tree.Min;
    CHECK(Tree.Root == NULL || !Tree.Root->Red);
    CheckSubtree(Tree.Root, NULL);
    for (int Index = 0; Index < ITEMS; Index++) {
        if (Items[Index].Present) {
            CHECK(Node == &Items[Index].Node);
            Node = RtlpNextNode(Node);
        }
    }
    CHECK(Node == NULL);
}

TEST(random_insertions_and_removals) {
    srand(1);
    for (int Index = 0; Index < ITEMS; Index++) {
        Items[Index].Key = (ULONG)Index;
    }
    for (int Step = 0; Step < 20000; Step++) {
        ITEM *Item = &Items[rand() % ITEMS];
        if (Item->Present) {
            RtlRbRemoveNode(&Tree, &Item->Node);
            Item->Present = FALSE;
        } else {
            Insert(Item);
        }
        if (Step % 8 == 0) {
            CheckTree();
        }
    }
    for (int Index = 0; Index < ITEMS; Index++) {
        if (Items[Index].Present) {
            RtlRbRemoveNode(&Tree, &Items[Index].Node);
            Items[Index].Present = FALSE;
            CheckTree();
        }
    }
    CHECK(Tree.Root == NULL && Tree.Min == NULL);
}

TEST(ascending_then_backwards) {
    for (int Index = 0; Index < ITEMS; Index++) {
        Items[Index].Key = (ULONG)Index;
        Insert(&Items[Index]);
        CheckTree();
    }
    PRTL_BALANCED_NODE Node = &Items[ITEMS - 1].Node;
    for (int Index = ITEMS - 1; Index >= 0; Index--) {
        CHECK(Node == &Items[Index].Node);
        Node = RtlpPreviousNode(Node);
    }
    CHECK(Node == NULL);
}
