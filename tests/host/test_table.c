// sources: rtl/tree/splay.c rtl/tree/generictable.c rtl/tree/avltree.c rtl/tree/avltable.c
//
// Splay trees, generic tables and AVL tables against sorted arrays: random operations, and the rules
// of each structure after each.

#include <string.h>

#include "host.h"
#include "ntrtltable.h"

#define KEYS 200

typedef struct _RECORD {
    ULONG Key;
    ULONG Payload;
} RECORD;

static BOOLEAN Present[KEYS];
static ULONG Count;
static int Blocks; /* allocated and not freed */
static BOOLEAN AllocationFails;

/* The model's neighbour of a key; -1: there is none. */
static int Next(int Key) {
    for (Key++; Key < KEYS && !Present[Key]; Key++) {
    }
    return Key < KEYS ? Key : -1;
}

static void ResetModel(void) {
    memset(Present, 0, sizeof(Present));
    Count = 0;
    Blocks = 0;
}

/* ---- Splay trees ---- */

typedef struct _ITEM {
    RTL_SPLAY_LINKS Links;
    int Key;
} ITEM;

static ITEM Items[KEYS];
static PRTL_SPLAY_LINKS Root;

static int KeyOf(PRTL_SPLAY_LINKS Node) {
    return CONTAINING_RECORD(Node, ITEM, Links)->Key;
}

static ULONG CheckSplay(PRTL_SPLAY_LINKS Node, PRTL_SPLAY_LINKS Parent, int Low, int High) {
    if (Node == NULL) {
        return 0;
    }
    CHECK(Node->Parent == Parent);
    CHECK(KeyOf(Node) > Low && KeyOf(Node) < High);
    return 1 + CheckSplay(Node->LeftChild, Node, Low, KeyOf(Node)) +
           CheckSplay(Node->RightChild, Node, KeyOf(Node), High);
}

static void LinkItem(ITEM *Item) {
    PRTL_SPLAY_LINKS Node = Root;
    RtlInitializeSplayLinks(&Item->Links);
    while (Node != NULL) {
        PRTL_SPLAY_LINKS *Child = Item->Key < KeyOf(Node) ? &Node->LeftChild : &Node->RightChild;
        if (*Child == NULL) {
            *Child = &Item->Links;
            Item->Links.Parent = Node;
            break;
        }
        Node = *Child;
    }
    Root = RtlSplay(&Item->Links);
}

static void CheckNeighbours(int Key) {
    PRTL_SPLAY_LINKS After = RtlRealSuccessor(&Items[Key].Links);
    int Follower = Next(Key);
    CHECK(After == (Follower < 0 ? NULL : &Items[Follower].Links));
    if (After != NULL) {
        CHECK(RtlRealPredecessor(After) == &Items[Key].Links);
    }
    if (Next(-1) == Key) {
        CHECK(RtlRealPredecessor(&Items[Key].Links) == NULL);
    }
    if (Items[Key].Links.RightChild != NULL) {
        CHECK(RtlSubtreeSuccessor(&Items[Key].Links) == After);
    } else {
        CHECK(RtlSubtreeSuccessor(&Items[Key].Links) == NULL);
    }
}

TEST(splay_trees) {
    srand(1);
    ResetModel();
    for (int Step = 0; Step < 20000; Step++) {
        int Key = rand() % KEYS;
        Items[Key].Key = Key;
        if (!Present[Key]) {
            LinkItem(&Items[Key]);
            Present[Key] = TRUE;
            Count++;
            CHECK(Root == &Items[Key].Links);
        } else if (rand() % 3 == 0) {
            Root = RtlSplay(&Items[Key].Links);
            CHECK(Root == &Items[Key].Links);
        } else {
            if (rand() % 2) {
                Root = RtlDelete(&Items[Key].Links);
            } else {
                RtlDeleteNoSplay(&Items[Key].Links, &Root);
            }
            Present[Key] = FALSE;
            Count--;
        }
        CHECK_EQ(CheckSplay(Root, Root, -1, KEYS), Count);
        if (Present[Key]) {
            CheckNeighbours(Key);
        }
    }
}

static ULONG Depth(PRTL_SPLAY_LINKS Node) {
    ULONG Left, Right;
    if (Node == NULL) {
        return 0;
    }
    Left = Depth(Node->LeftChild);
    Right = Depth(Node->RightChild);
    return 1 + max(Left, Right);
}

/* A chain becomes half as long when its end is brought up: that is what makes a splay tree fast. */
TEST(splaying_halves_a_chain) {
    Root = NULL;
    for (int Key = 0; Key < KEYS; Key++) {
        Items[Key].Key = Key;
        LinkItem(&Items[Key]);
    }
    CHECK_EQ(Depth(Root), KEYS);
    Root = RtlSplay(&Items[0].Links);
    CHECK(Depth(Root) <= KEYS / 2 + 2);
}

/* ---- Generic tables ---- */

static RTL_GENERIC_TABLE Generic;
static ULONG Order[100000]; /* keys in the order of their insertion */

static RTL_GENERIC_COMPARE_RESULTS Compare(ULONG Left, ULONG Right) {
    return Left < Right ? GenericLessThan : Left > Right ? GenericGreaterThan : GenericEqual;
}

static RTL_GENERIC_COMPARE_RESULTS NTAPI CompareGeneric(PRTL_GENERIC_TABLE Table, PVOID First,
                                                        PVOID Second) {
    CHECK(Table->TableContext == Order);
    return Compare(((RECORD *)First)->Key, ((RECORD *)Second)->Key);
}

static PVOID Allocate(ULONG Size) {
    if (AllocationFails) {
        return NULL;
    }
    Blocks++;
    return malloc(Size);
}

static PVOID NTAPI AllocateGeneric(PRTL_GENERIC_TABLE Table, CLONG Size) {
    CHECK_EQ(Size, 0x28 + sizeof(RECORD));
    return Allocate(Size);
}

static VOID NTAPI FreeGeneric(PRTL_GENERIC_TABLE Table, PVOID Buffer) {
    Blocks--;
    free(Buffer);
}

static void RemoveFromOrder(ULONG Key) {
    ULONG At = 0;
    while (Order[At] != Key) {
        At++;
    }
    memmove(&Order[At], &Order[At + 1], (Count - At) * sizeof(ULONG));
}

static void InsertGeneric(ULONG Key) {
    RECORD Record = {Key, Key * 7};
    BOOLEAN New = 2;
    RECORD *Element;
    if (rand() % 2) {
        PVOID NodeOrParent;
        TABLE_SEARCH_RESULT Result;
        RtlLookupElementGenericTableFull(&Generic, &Record, &NodeOrParent, &Result);
        Element = RtlInsertElementGenericTableFull(&Generic, &Record, sizeof(Record), &New,
                                                   NodeOrParent, Result);
    } else {
        Element = RtlInsertElementGenericTable(&Generic, &Record, sizeof(Record), &New);
    }
    CHECK(Element != NULL && Element->Key == Key && Element->Payload == Key * 7);
    CHECK_EQ(New, !Present[Key]);
    if (New) {
        Order[Count++] = Key;
        Present[Key] = TRUE;
    }
}

static void CheckGeneric(BOOLEAN All) {
    RECORD *Element;
    int Key = -1;
    PVOID Restart = NULL;
    CHECK_EQ(RtlNumberGenericTableElements(&Generic), Count);
    CHECK_EQ(RtlIsGenericTableEmpty(&Generic), Count == 0);
    CHECK_EQ(Blocks, Count);
    for (ULONG n = 0; n < 3 && Count != 0; n++) {
        ULONG i = (ULONG)rand() % Count;
        Element = RtlGetElementGenericTable(&Generic, i);
        CHECK_EQ(Element->Key, Order[i]);
    }
    CHECK(RtlGetElementGenericTable(&Generic, Count) == NULL);
    CHECK(RtlGetElementGenericTable(&Generic, MAXULONG) == NULL);
    while (All && (Element = RtlEnumerateGenericTableWithoutSplaying(&Generic, &Restart)) != NULL) {
        Key = Next(Key);
        CHECK_EQ(Element->Key, Key);
    }
    CHECK(!All || Next(Key) == -1);
}

TEST(generic_tables) {
    RECORD *Element;
    int Key;
    srand(2);
    ResetModel();
    RtlInitializeGenericTable(&Generic, CompareGeneric, AllocateGeneric, FreeGeneric, Order);
    CHECK(RtlEnumerateGenericTable(&Generic, TRUE) == NULL);
    for (int Step = 0; Step < 20000; Step++) {
        RECORD Record = {(ULONG)rand() % KEYS, 0};
        if (rand() % 2) {
            InsertGeneric(Record.Key);
        } else {
            Element = RtlLookupElementGenericTable(&Generic, &Record);
            CHECK_EQ(Element != NULL, Present[Record.Key]);
            CHECK_EQ(RtlDeleteElementGenericTable(&Generic, &Record), Present[Record.Key]);
            if (Present[Record.Key]) {
                Count--;
                RemoveFromOrder(Record.Key);
                Present[Record.Key] = FALSE;
            }
        }
        CheckGeneric(Step % 16 == 0);
    }
    Key = -1;
    for (Element = RtlEnumerateGenericTable(&Generic, TRUE); Element != NULL;
         Element = RtlEnumerateGenericTable(&Generic, FALSE)) {
        Key = Next(Key);
        CHECK_EQ(Element->Key, Key);
    }
    CHECK_EQ(Next(Key), -1);
    while ((Element = RtlGetElementGenericTable(&Generic, 0)) != NULL) {
        CHECK(RtlDeleteElementGenericTable(&Generic, Element));
    }
    CHECK_EQ(Blocks, 0);
}

/* ---- AVL tables ---- */

static RTL_AVL_TABLE Avl;

static RTL_GENERIC_COMPARE_RESULTS NTAPI CompareAvl(PRTL_AVL_TABLE Table, PVOID First,
                                                    PVOID Second) {
    CHECK(Table->TableContext == Order);
    return Compare(((RECORD *)First)->Key, ((RECORD *)Second)->Key);
}

static PVOID NTAPI AllocateAvl(PRTL_AVL_TABLE Table, CLONG Size) {
    CHECK_EQ(Size, 0x20 + sizeof(RECORD));
    return Allocate(Size);
}

static VOID NTAPI FreeAvl(PRTL_AVL_TABLE Table, PVOID Buffer) {
    Blocks--;
    free(Buffer);
}

/* The height of a subtree whose balances are right. */
static int CheckAvlTree(PRTL_BALANCED_LINKS Node, PRTL_BALANCED_LINKS Parent) {
    int Left, Right;
    if (Node == NULL) {
        return 0;
    }
    CHECK(Node->Parent == Parent);
    Left = CheckAvlTree(Node->LeftChild, Node);
    Right = CheckAvlTree(Node->RightChild, Node);
    CHECK(Node->Balance >= -1 && Node->Balance <= 1);
    CHECK_EQ(Node->Balance, Right - Left);
    return 1 + max(Left, Right);
}

static void CheckAvl(void) {
    RECORD *Element;
    int Key = -1;
    ULONG Number = 0;
    PVOID Restart = NULL;
    CHECK_EQ(CheckAvlTree(Avl.BalancedRoot.RightChild, &Avl.BalancedRoot), Avl.DepthOfTree);
    CHECK_EQ(RtlNumberGenericTableElementsAvl(&Avl), Count);
    CHECK_EQ(RtlIsGenericTableEmptyAvl(&Avl), Count == 0);
    CHECK_EQ(Blocks, Count);
    while ((Element = RtlEnumerateGenericTableWithoutSplayingAvl(&Avl, &Restart)) != NULL) {
        Key = Next(Key);
        CHECK_EQ(Element->Key, Key);
        CHECK(rand() % 4 || RtlGetElementGenericTableAvl(&Avl, Number) == Element);
        Number++;
    }
    CHECK_EQ(Next(Key), -1);
    CHECK(RtlGetElementGenericTableAvl(&Avl, Count) == NULL);
}

static void InsertAvl(ULONG Key) {
    RECORD Record = {Key, Key * 7};
    BOOLEAN New = 2;
    RECORD *Element;
    if (rand() % 2) {
        PVOID NodeOrParent;
        TABLE_SEARCH_RESULT Result;
        RtlLookupElementGenericTableFullAvl(&Avl, &Record, &NodeOrParent, &Result);
        Element = RtlInsertElementGenericTableFullAvl(&Avl, &Record, sizeof(Record), &New,
                                                      NodeOrParent, Result);
    } else {
        Element = RtlInsertElementGenericTableAvl(&Avl, &Record, sizeof(Record), &New);
    }
    CHECK(Element != NULL && Element->Key == Key && Element->Payload == Key * 7);
    CHECK_EQ(New, !Present[Key]);
    Count += New;
    Present[Key] = TRUE;
}

static void DeleteAvl(ULONG Key) {
    RECORD Record = {Key, 0};
    ULONG Deletions = Avl.DeleteCount;
    CHECK_EQ(RtlLookupElementGenericTableAvl(&Avl, &Record) != NULL, Present[Key]);
    CHECK_EQ(RtlDeleteElementGenericTableAvl(&Avl, &Record), Present[Key]);
    CHECK_EQ(Avl.DeleteCount, Deletions + Present[Key]);
    Count -= Present[Key];
    Present[Key] = FALSE;
}

static void EmptyAvl(void) {
    for (ULONG i = 0; i < KEYS; i++) {
        DeleteAvl(i);
    }
    CHECK_EQ(Blocks, 0);
    CHECK_EQ(Avl.DepthOfTree, 0);
}

static void FillAvl(unsigned Seed, int Steps) {
    srand(Seed);
    ResetModel();
    RtlInitializeGenericTableAvl(&Avl, CompareAvl, AllocateAvl, FreeAvl, Order);
    for (int Step = 0; Step < Steps; Step++) {
        ULONG Key = (ULONG)rand() % KEYS;
        if (rand() % 2) {
            InsertAvl(Key);
        } else {
            DeleteAvl(Key);
        }
        CheckAvl();
    }
}

TEST(avl_tables) {
    FillAvl(3, 20000);
    EmptyAvl();
}

/* An enumeration goes on rightly when the element where it stands is deleted. */
TEST(avl_enumeration_with_deletions) {
    for (unsigned Seed = 10; Seed < 60; Seed++) {
        int Key = -1;
        RECORD *Element;
        FillAvl(Seed, 300);
        for (Element = RtlEnumerateGenericTableAvl(&Avl, TRUE); Element != NULL;
             Element = RtlEnumerateGenericTableAvl(&Avl, FALSE)) {
            Key = Next(Key);
            CHECK_EQ(Element->Key, Key);
            if (rand() % 2) {
                DeleteAvl(Element->Key);
            }
        }
        CHECK_EQ(Next(Key), -1);
        EmptyAvl();
    }
}

static NTSTATUS NTAPI MatchEven(PRTL_AVL_TABLE Table, PVOID UserData, PVOID MatchData) {
    if (((RECORD *)UserData)->Key > *(PULONG)MatchData) {
        return STATUS_NO_MORE_MATCHES;
    }
    return ((RECORD *)UserData)->Key % 2 == 0 ? STATUS_SUCCESS : STATUS_NO_MATCH;
}

static int NextEven(int Key) {
    do {
        Key = Next(Key);
    } while (Key >= 0 && Key % 2 != 0);
    return Key;
}

/* As a file system lists a directory: by a copy of the last name, while names come and go. */
TEST(avl_enumeration_like_a_directory) {
    for (unsigned Seed = 100; Seed < 150; Seed++) {
        RECORD Last = {0, 0};
        RECORD *Element;
        PVOID Restart = NULL;
        ULONG Deletions = 0, Limit = KEYS - 50;
        int Key = -1;
        BOOLEAN NextFlag = FALSE;
        FillAvl(Seed, 300);
        while ((Element = RtlEnumerateGenericTableLikeADirectory(
                    &Avl, MatchEven, &Limit, NextFlag, &Restart, &Deletions, &Last)) != NULL) {
            Key = NextEven(Key);
            CHECK_EQ(Element->Key, Key);
            Last = *Element;
            NextFlag = TRUE;
            switch (rand() % 4) {
            case 0:
                DeleteAvl(Last.Key);
                break;
            case 1:
                InsertAvl((ULONG)rand() % KEYS);
                break;
            }
        }
        Key = NextEven(Key);
        CHECK(Key == -1 || (ULONG)Key > Limit);
        EmptyAvl();
    }
}

/* Keys that compare equal by tens only: the first of ten is found. */
static RTL_GENERIC_COMPARE_RESULTS NTAPI CompareTens(PRTL_AVL_TABLE Table, PVOID First,
                                                     PVOID Second) {
    return Compare(((RECORD *)First)->Key / 10, ((RECORD *)Second)->Key / 10);
}

TEST(avl_first_match) {
    FillAvl(4, 2000);
    Avl.CompareRoutine = CompareTens;
    for (ULONG i = 0; i < KEYS; i++) {
        RECORD Record = {i, 0};
        PVOID Restart = &Record;
        RECORD *Element = RtlLookupFirstMatchingElementGenericTableAvl(&Avl, &Record, &Restart);
        int First = Next((int)(i / 10 * 10) - 1);
        CHECK_EQ(Element != NULL, First >= 0 && (ULONG)First / 10 == i / 10);
        CHECK(Element == NULL || Element->Key == (ULONG)First);
        CHECK_EQ(Restart != NULL, Element != NULL);
    }
    Avl.CompareRoutine = CompareAvl;
    EmptyAvl();
}

TEST(tables_without_memory) {
    RECORD Record = {1, 1};
    BOOLEAN New = 2;
    ResetModel();
    RtlInitializeGenericTableAvl(&Avl, CompareAvl, AllocateAvl, FreeAvl, Order);
    RtlInitializeGenericTable(&Generic, CompareGeneric, AllocateGeneric, FreeGeneric, Order);
    AllocationFails = TRUE;
    CHECK(RtlInsertElementGenericTableAvl(&Avl, &Record, sizeof(Record), &New) == NULL);
    CHECK_EQ(New, FALSE);
    New = 2;
    CHECK(RtlInsertElementGenericTable(&Generic, &Record, sizeof(Record), &New) == NULL);
    CHECK_EQ(New, FALSE);
    AllocationFails = FALSE;
    CHECK(RtlInsertElementGenericTableAvl(&Avl, &Record, 0xFFFFFFF0, NULL) == NULL);
    CHECK(RtlInsertElementGenericTable(&Generic, &Record, 0xFFFFFFF0, NULL) == NULL);
    CHECK(RtlIsGenericTableEmptyAvl(&Avl) && RtlIsGenericTableEmpty(&Generic));
}
