/*
 * The order in which locks are taken, in the checked build.
 *
 * Two processors that take two locks in opposite orders may each come to hold one and wait for the
 * other, so there is one order. The kernel's own locks have theirs from the list in kelock.h; a
 * lock's class says where it stands. What is not in the list (a driver's locks) has none yet: its
 * first use makes one. When B is taken while A is held, that "B after A" is kept, with the stack,
 * for as long as the memory holds those locks; when later A is wanted under B, directly or by way
 * of others (A before C, C before B), the two orders contradict each other, and it does not matter
 * whether anybody has been caught in between.
 *
 * The same with interrupts. A lock that is taken in an interrupt routine at level n must not be
 * held by code at a lower level, because the routine may come on top of that code and wait for it
 * for ever. So for locks that are taken above DISPATCH_LEVEL the highest such level and the lowest
 * level at all are kept, and must not differ.
 *
 * A node is a class, or one lock that is in no class. Nodes are found without a lock; all changes
 * are made under KiOrderLock, which is no spin lock of the kind that is checked here.
 */
#include "ki.h"

#if DBG

#define NODES   (KiClassCount + 176)
#define EDGES   256
#define BUCKETS 64

typedef struct _KI_LOCK_NODE {
    PVOID volatile Lock; /* NULL: free, or a class */
    KI_LOCK_CLASS Class; /* of a lock that was named: it only leads to its class's node */
    UCHAR Next;          /* in its bucket, 0 at the end */
    KIRQL Lowest;        /* level at which it is taken, with what is held off counted */
    KIRQL Highest;       /* above DISPATCH_LEVEL at which it is taken; 0: never was */
    KI_STACK_LIST LowestStack, HighestStack;
    ULONG64 After[(NODES + 63) / 64]; /* nodes that have been taken while this one was held */
} KI_LOCK_NODE, *PKI_LOCK_NODE;

typedef struct _KI_LOCK_EDGE {
    UCHAR From, To;
    KI_STACK_LIST Stack;
} KI_LOCK_EDGE;

static KI_LOCK_NODE KiLockNodes[NODES];
static volatile UCHAR KiLockBuckets[BUCKETS];
static KI_LOCK_EDGE
    KiLockEdges[EDGES]; /* where each order was first seen, as far as there is room */
static volatile LONG KiOrderLock;
static BOOLEAN KiOrderFull; /* no more nodes: what comes now is not learned */

static const PCSTR KiLockNames[KiClassCount] = {[KiClassUnnamed] = "(unnamed)",
                                                [KiClassIoDatabase] = "IopDatabaseLock",
                                                [KiClassWorkQueue] = "ExpWorkLock",
                                                [KiClassReaper] = "PspReapLock",
                                                [KiClassProcess] = "ProcessLock",
                                                [KiClassDispatcher] = "dispatcher object",
                                                [KiClassAbsoluteTime] = "KiAbsoluteTimeLock",
                                                [KiClassTimerTable] = "TimerLock",
                                                [KiClassThread] = "ThreadLock",
                                                [KiClassPrcb] = "PrcbLock",
                                                [KiClassSystemSpace] = "MiSystemSpaceLock",
                                                [KiClassPfn] = "MmPfnLock",
                                                [KiClassVector] = "vector",
                                                [KiClassInterrupt] = "interrupt",
                                                [KiClassDpc] = "DpcLock"};

PCSTR KiLockClassName(KI_LOCK_CLASS Class) {
    return KiLockNames[Class];
}

/* --- nodes --------------------------------------------------------------------------------------
 */

static BOOLEAN KiEnterOrder(VOID) {
    BOOLEAN Enabled = KeDisableInterrupts();
    while (InterlockedExchange(&KiOrderLock, 1))
        YieldProcessor();
    return Enabled;
}

static VOID KiLeaveOrder(BOOLEAN Enabled) {
    __atomic_store_n(&KiOrderLock, 0, __ATOMIC_RELEASE);
    KeRestoreInterrupts(Enabled);
}

static ULONG KiLockBucket(PVOID Lock) {
    return (ULONG)(((ULONG_PTR)Lock >> 3) * 0x9E3779B1u >> 8) % BUCKETS;
}

/* The number of a lock's node, 0 if it has none. */
static ULONG KiFindLockNode(PVOID Lock) {
    ULONG Node = KiLockBuckets[KiLockBucket(Lock)];
    for (ULONG Steps = 0; Node && Steps < NODES; Steps++, Node = KiLockNodes[Node].Next)
        if (KiLockNodes[Node].Lock == Lock)
            return Node;
    return 0;
}

/* Order lock held. 0: there is no room. */
static ULONG KiMakeLockNode(PVOID Lock) {
    ULONG Node = KiFindLockNode(Lock), Bucket = KiLockBucket(Lock);
    if (Node)
        return Node;
    for (Node = KiClassCount; Node < NODES && KiLockNodes[Node].Lock; Node++)
        ;
    if (Node == NODES) {
        KiOrderFull = TRUE;
        return 0;
    }
    memset(&KiLockNodes[Node], 0, sizeof(KiLockNodes[Node]));
    KiLockNodes[Node].Lowest = HIGH_LEVEL;
    KiLockNodes[Node].Next = KiLockBuckets[Bucket];
    KiLockNodes[Node].Lock = Lock;
    __atomic_store_n(&KiLockBuckets[Bucket], (UCHAR)Node, __ATOMIC_RELEASE);
    return Node;
}

/* Order lock held. */
static VOID KiDropLockNode(ULONG Node) {
    volatile UCHAR *Link = &KiLockBuckets[KiLockBucket(KiLockNodes[Node].Lock)];
    while (*Link != Node)
        Link = &KiLockNodes[*Link].Next;
    *Link = KiLockNodes[Node].Next;
    KiLockNodes[Node].Lock = NULL;
    for (ULONG Other = 0; Other < NODES; Other++)
        KiLockNodes[Other].After[Node / 64] &= ~(1ull << Node % 64);
    for (ULONG i = 0; i < EDGES; i++)
        if (KiLockEdges[i].From == Node || KiLockEdges[i].To == Node)
            KiLockEdges[i].From = KiLockEdges[i].To = 0;
}

KI_LOCK_CLASS KiClassOfLock(PVOID Lock) {
    ULONG Node = KiFindLockNode(Lock);
    return Node ? KiLockNodes[Node].Class : KiClassUnnamed;
}

VOID KeNameSpinLock(PKSPIN_LOCK SpinLock, KI_LOCK_CLASS Class) {
    BOOLEAN Enabled = KiEnterOrder();
    ULONG Node = KiMakeLockNode(SpinLock);
    if (Node)
        KiLockNodes[Node].Class = Class;
    KiLeaveOrder(Enabled);
}

VOID KeForgetSpinLocks(PVOID Memory, SIZE_T Size) {
    for (ULONG Node = KiClassCount; Node < NODES; Node++) {
        if ((ULONG_PTR)KiLockNodes[Node].Lock - (ULONG_PTR)Memory >= Size)
            continue;
        BOOLEAN Enabled = KiEnterOrder();
        if ((ULONG_PTR)KiLockNodes[Node].Lock - (ULONG_PTR)Memory < Size)
            KiDropLockNode(Node);
        KiLeaveOrder(Enabled);
    }
}

/* --- the level ----------------------------------------------------------------------------------
 */

/* Not the frames of the check itself. */
static VOID KiCaptureList(PKI_STACK_LIST List) {
    memset(List, 0, sizeof(*List));
    RtlCaptureStackBackTrace(3, KI_STACK_ADDRESSES, List->Address, NULL);
}

/* Named locks: which level belongs to each is known. */
static PCSTR KiCheckClassIrql(const KI_LOCK_USE *Wanted) {
    if (Wanted->Class == KiClassDpc)
        return Wanted->Effective == HIGH_LEVEL ? NULL
                                               : "a DpcLock is taken with interrupts enabled";
    if (Wanted->Class < KiClassVector && Wanted->Irql > DISPATCH_LEVEL)
        return "a lock of DISPATCH_LEVEL is taken above that";
    return NULL;
}

PCSTR KiCheckLockIrql(const KI_LOCK_USE *Wanted, PKI_STACK_LIST Where) {
    if (Wanted->Class != KiClassUnnamed)
        return KiCheckClassIrql(Wanted);
    ULONG Number = KiFindLockNode(Wanted->Lock);
    if (!Number && Wanted->Irql <= DISPATCH_LEVEL)
        return NULL;
    PKI_LOCK_NODE Node = &KiLockNodes[Number];
    if (Number && Wanted->Effective >= Node->Lowest && Wanted->Irql <= Node->Highest)
        return NULL; /* nothing new */
    BOOLEAN Enabled = KiEnterOrder();
    Number = KiMakeLockNode(Wanted->Lock);
    Node = &KiLockNodes[Number];
    PCSTR Rule = NULL;
    if (Number && Wanted->Irql > DISPATCH_LEVEL && Wanted->Irql > Node->Highest) {
        Node->Highest = Wanted->Irql;
        KiCaptureList(&Node->HighestStack);
        *Where = Node->LowestStack;
        Rule = "a lock that is held at a lower level is taken at that of an interrupt routine";
    }
    if (Number && Wanted->Effective < Node->Lowest) {
        Node->Lowest = Wanted->Effective;
        KiCaptureList(&Node->LowestStack);
        *Where = Node->HighestStack;
        Rule = "a lock that an interrupt routine takes is taken with that interrupt let in";
    }
    Rule = Number && Node->Lowest < Node->Highest ? Rule : NULL;
    KiLeaveOrder(Enabled);
    return Rule;
}

/* --- the order ----------------------------------------------------------------------------------
 */

static PCSTR KiCheckSameClass(const KI_LOCK_USE *Held, const KI_LOCK_USE *Wanted) {
    if (Wanted->Class != KiClassDispatcher)
        return "two locks of one kind are held at once";
    return Wanted->Lock > Held->Lock ? NULL
                                     : "dispatcher objects are not locked in ascending order";
}

static PCSTR KiCheckClassOrder(const KI_LOCK_USE *Held, const KI_LOCK_USE *Wanted) {
    /* The routine of a higher level comes on top of one of a lower: that cannot be the other way.
     */
    if ((Held->Class == KiClassVector || Held->Class == KiClassInterrupt) &&
        (Wanted->Class == KiClassVector || Wanted->Class == KiClassInterrupt) &&
        Wanted->Irql > Held->Irql)
        return NULL;
    if (Wanted->Class == Held->Class)
        return KiCheckSameClass(Held, Wanted);
    return Wanted->Class > Held->Class ? NULL : "locks are not taken in the order of their list";
}

static BOOLEAN KiIsAfter(ULONG From, ULONG To) {
    if (From < KiClassCount && To < KiClassCount)
        return From < To;
    return KiLockNodes[From].After[To / 64] >> To % 64 & 1;
}

/* Whether something leads from From to To. Order lock held, so one set of marks is enough. */
static BOOLEAN KiIsReachable(ULONG From, ULONG To) {
    static UCHAR Stack[NODES];
    static BOOLEAN Seen[NODES];
    ULONG Depth = 0;
    memset(Seen, 0, sizeof(Seen));
    Stack[Depth++] = (UCHAR)From;
    Seen[From] = TRUE;
    while (Depth) {
        ULONG At = Stack[--Depth];
        if (At == To)
            return TRUE;
        for (ULONG Next = 1; Next < NODES; Next++) {
            if (!Seen[Next] && KiIsAfter(At, Next)) {
                Seen[Next] = TRUE;
                Stack[Depth++] = (UCHAR)Next;
            }
        }
    }
    return FALSE;
}

/* Order lock held. */
static VOID KiLearnOrder(ULONG From, ULONG To) {
    KiLockNodes[From].After[To / 64] |= 1ull << To % 64;
    for (ULONG i = 0; i < EDGES; i++) {
        if (KiLockEdges[i].To == 0) {
            KiLockEdges[i].From = (UCHAR)From;
            KiLockEdges[i].To = (UCHAR)To;
            KiCaptureList(&KiLockEdges[i].Stack);
            return;
        }
    }
}

/* Order lock held. The stack of an order that led from From towards To. */
static VOID KiFindLearned(ULONG From, ULONG To, PKI_STACK_LIST Where) {
    for (ULONG i = 0; i < EDGES; i++) {
        if (KiLockEdges[i].From == From && KiLockEdges[i].To &&
            KiIsReachable(KiLockEdges[i].To, To)) {
            *Where = KiLockEdges[i].Stack;
            return;
        }
    }
}

PCSTR KiCheckLockOrder(const KI_LOCK_USE *Held, const KI_LOCK_USE *Wanted, PKI_STACK_LIST Where) {
    PCSTR Rule = NULL;
    if (Held->Class != KiClassUnnamed && Wanted->Class != KiClassUnnamed)
        return KiCheckClassOrder(Held, Wanted);
    ULONG From = Held->Class ? Held->Class : KiFindLockNode(Held->Lock);
    ULONG To = Wanted->Class ? Wanted->Class : KiFindLockNode(Wanted->Lock);
    if (KiOrderFull || (From && To && KiIsAfter(From, To)))
        return NULL;
    BOOLEAN Enabled = KiEnterOrder();
    From = Held->Class ? Held->Class : KiMakeLockNode(Held->Lock);
    To = Wanted->Class ? Wanted->Class : KiMakeLockNode(Wanted->Lock);
    if (From && To) {
        if (KiIsReachable(To, From)) {
            KiFindLearned(To, From, Where);
            Rule = "locks are taken in the opposite of an order that was seen before";
        } else {
            KiLearnOrder(From, To);
        }
    }
    KiLeaveOrder(Enabled);
    return Rule;
}

#endif
