// sources: rtl/tree/avlnode.c rtl/tree/node.c
//
// The AVL tree against a sorted model: random insertions and removals, its rules after each.

#include "host.h"

typedef struct _ITEM {
    RTL_BALANCED_NODE Node;
    ULONG Key;
    BOOLEAN Present;
} ITEM;

#define ITEMS 300

static ITEM Items[ITEMS];
static RTL_AVL_TREE Tree;

static void Insert(ITEM *Item) {
    PRTL_BALANCED_NODE Parent = NULL, At = Tree.Root;
    BOOLEAN Right = FALSE;
    while (At != NULL) {
        Parent = At;
        Right = Item->Key > CONTAINING_RECORD(At, ITEM, Node)->Key;
        At = At->Children[Right];
    }
    RtlAvlInsertNodeEx(&Tree, Parent, Right, &Item->Node);
    Item->Present = TRUE;
}

/* Checks a subtree; returns its height. */
static int CheckSubtree(PRTL_BALANCED_NODE Node, PRTL_BALANCED_NODE Parent) {
    static const int Difference[4] = {0, 1, 99, -1};
    if (Node == NULL) {
        return 0;
    }
    CHECK(RTL_BALANCED_NODE_GET_PARENT_POINTER(Node) == Parent);
    int Left = CheckSubtree(Node->Left, Node);
    int Right = CheckSubtree(Node->Right, Node);
    CHECK_EQ(Right - Left, Difference[Node->Balance]);
    return 1 + (Left > Right ? Left : Right);
}

static void CheckTree(void) {
    PRTL_BALANCED_NODE Node = Tree.Root;
    while (Node != NULL && Node->Left != NULL) {
        Node = Node->Left;
    }
    CheckSubtree(Tree.Root, NULL);
    for (int i = 0; i < ITEMS; i++) {
        if (Items[i].Present) {
            CHECK(Node == &Items[i].Node);
            Node = RtlpNextNode(Node);
        }
    }
    CHECK(Node == NULL);
}

static void Remove(ITEM *Item) {
    RtlAvlRemoveNode(&Tree, &Item->Node);
    Item->Present = FALSE;
}

TEST(random_insertions_and_removals) {
    srand(1);
    for (int i = 0; i < ITEMS; i++) {
        Items[i].Key = (ULONG)i;
    }
    for (int Step = 0; Step < 20000; Step++) {
        ITEM *Item = &Items[rand() % ITEMS];
        if (Item->Present) {
            Remove(Item);
        } else {
            Insert(Item);
        }
        if (Step % 8 == 0) {
            CheckTree();
        }
    }
    for (int i = 0; i < ITEMS; i++) {
        if (Items[i].Present) {
            Remove(&Items[i]);
            CheckTree();
        }
    }
    CHECK(Tree.Root == NULL);
}

/* 255 keys in order make the perfect tree of height 8, every node even. */
TEST(ascending_is_perfect_then_backwards) {
    for (int i = 0; i < 255; i++) {
        Items[i].Key = (ULONG)i;
        Insert(&Items[i]);
        CheckTree();
    }
    CHECK_EQ(CheckSubtree(Tree.Root, NULL), 8);
    CHECK(Tree.Root == &Items[127].Node);
    PRTL_BALANCED_NODE Node = &Items[254].Node;
    for (int i = 254; i >= 0; i--) {
        CHECK(Node == &Items[i].Node);
        CHECK_EQ(Node->Balance, 0);
        Node = RtlpPreviousNode(Node);
    }
    CHECK(Node == NULL);
}
