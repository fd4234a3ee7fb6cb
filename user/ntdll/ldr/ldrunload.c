/*
 * ldrunload.c - a module goes when its last reference does
 *
 * A module is referenced by each LdrLoadDll of it and by each module that imports from it (the
 * edges of the dependency graph). When the last reference goes, its DllMain is told, then it lets
 * go of its own dependencies, then it is unmapped. What the process needs from the start is pinned.
 *
 * Simplified: modules that import each other keep each other, and stay until the process ends.
 * (Windows merges such a loop into one node of the graph.)
 */

#include "ntdllp.h"

static PLDR_DATA_TABLE_ENTRY LdrpEntryOfNode(_In_ PLDR_DDAG_NODE Node) {
    return CONTAINING_RECORD(Node->Modules.Flink, LDR_DATA_TABLE_ENTRY, NodeModuleLink);
}

/* Takes one edge out of a node's list and returns it; NULL when there is none left. */
static PLDRP_DEPENDENCY LdrpPopDependency(_Inout_ PLDR_DDAG_NODE Node) {
    PSINGLE_LIST_ENTRY Tail = Node->Dependencies.Tail;
    PSINGLE_LIST_ENTRY First;

    if (Tail == NULL) {
        return NULL;
    }
    First = Tail->Next;
    if (First == Tail) {
        Node->Dependencies.Tail = NULL;
    } else {
        Tail->Next = First->Next;
    }
    return CONTAINING_RECORD(First, LDRP_DEPENDENCY, DependencyLink);
}

/*
 * LdrpUnloadModule - takes a module out of the process, with all that only it kept. Its LoadCount
 * is 0, or its loading failed. The caller holds the loader's lock.
 */
VOID LdrpUnloadModule(_In_ PLDR_DATA_TABLE_ENTRY Entry) {
    PLDR_DDAG_NODE Node = Entry->DdagNode;
    PLDRP_DEPENDENCY Edge;

    if (Node->State == LdrModulesUnloading) {
        return;
    }
    Node->State = LdrModulesUnloading;
    LdrpCallDetach(Entry, NULL);
    while ((Edge = LdrpPopDependency(Node)) != NULL) {
        PLDR_DDAG_NODE Target = Edge->DependencyNode;

        RtlFreeHeap(LdrpHeap(), 0, Edge);
        LdrpDereference(LdrpEntryOfNode(Target));
    }
    LdrpReleaseTlsData(Entry);
    LdrpUnmapDll(Entry);
}

/* LdrpDereference - one reason less to keep a module; the last one unloads it. */
VOID LdrpDereference(_In_ PLDR_DATA_TABLE_ENTRY Entry) {
    PLDR_DDAG_NODE Node = Entry->DdagNode;

    if (Node->LoadCount == LDRP_PINNED || Node->State == LdrModulesUnloading) {
        return;
    }
    if (Node->LoadCount > 0 && --Node->LoadCount == 0) {
        LdrpUnloadModule(Entry);
    }
}
