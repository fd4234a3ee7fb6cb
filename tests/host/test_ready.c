// sources: kernel/sched/ready.c
//
// The ready queues against a model: an array with the order of each priority. Random insertions,
// removals, choices with a floor or an affinity, and changes of priority; both are compared whole
// after each.

#include "host.h"
#include "../../kernel/ki.h"

#include <string.h>

#define THREADS 60
#define STEPS   60000

volatile ULONG64 KeTickCountStorage;

static KTHREAD Threads[THREADS], Idle;
static KPRCB Prcb;
static PKTHREAD Queue[MAXIMUM_PRIORITY][THREADS]; // the model
static int Count[MAXIMUM_PRIORITY];

static void Start(void) {
    memset(&Prcb, 0, sizeof(Prcb));
    memset(Threads, 0, sizeof(Threads));
    memset(Count, 0, sizeof(Count));
    Prcb.CurrentThread = Prcb.IdleThread = &Idle;
    KiInitializeReadyQueues(&Prcb);
    for (int i = 0; i < THREADS; i++) {
        Threads[i].Affinity.Mask = (KAFFINITY)(rand() % 15 + 1);
        Threads[i].State = Waiting;
    }
}

static void ModelInsert(PKTHREAD Thread, BOOLEAN Front) {
    int Priority = Thread->Priority, At = Front ? 0 : Count[Priority];
    memmove(&Queue[Priority][At + 1], &Queue[Priority][At],
            (size_t)(Count[Priority]++ - At) * sizeof(PKTHREAD));
    Queue[Priority][At] = Thread;
}

static PKTHREAD ModelTake(int Priority, int At) {
    PKTHREAD Thread = Queue[Priority][At];
    memmove(&Queue[Priority][At], &Queue[Priority][At + 1],
            (size_t)(--Count[Priority] - At) * sizeof(PKTHREAD));
    return Thread;
}

static void ModelRemove(PKTHREAD Thread) {
    for (int At = 0; At < Count[(int)Thread->Priority]; At++) {
        if (Queue[(int)Thread->Priority][At] == Thread) {
            ModelTake(Thread->Priority, At);
            return;
        }
    }
    CHECK(!"in the model");
}

static PKTHREAD ModelSelect(int Floor, KAFFINITY Set) {
    for (int Priority = HIGH_PRIORITY; Priority >= Floor; Priority--) {
        for (int At = 0; At < Count[Priority]; At++) {
            if (Queue[Priority][At]->Affinity.Mask & Set) {
                return ModelTake(Priority, At);
            }
        }
    }
    return NULL;
}

static void Compare(void) {
    for (int Priority = 0; Priority < MAXIMUM_PRIORITY; Priority++) {
        PLIST_ENTRY Head = &Prcb.DispatcherReadyListHead[Priority], Entry = Head;
        for (int At = 0; At < Count[Priority]; At++) {
            CHECK(Entry->Flink->Blink == Entry);
            Entry = Entry->Flink;
            CHECK(Entry == &Queue[Priority][At]->WaitListEntry);
            CHECK_EQ(Queue[Priority][At]->State, Ready);
        }
        CHECK(Entry->Flink == Head && Head->Blink == Entry);
        CHECK_EQ(Prcb.ReadySummary >> Priority & 1, Count[Priority] != 0);
    }
}

static void Taken(PKTHREAD Thread, PKTHREAD Expected) {
    CHECK(Thread == Expected);
    if (Thread) {
        Thread->State = Waiting;
    }
}

static void Step(PKTHREAD Thread) {
    KAFFINITY Set = (KAFFINITY)(rand() % 15 + 1);
    int Floor = rand() % (MAXIMUM_PRIORITY + 1);
    if (Thread->State != Ready) {
        BOOLEAN Front = rand() % 2 == 0;
        Thread->Priority = (CHAR)(rand() % MAXIMUM_PRIORITY);
        KeTickCountStorage++;
        KiInsertReady(&Prcb, Thread, Front);
        ModelInsert(Thread, Front);
        CHECK_EQ(Thread->WaitTime, KeTickCountStorage);
    } else if (rand() % 3 == 0) {
        KiRemoveReady(&Prcb, Thread);
        ModelRemove(Thread);
        Thread->State = Waiting;
    } else if (rand() % 2 == 0) {
        Taken(KiSelectReady(&Prcb, Floor), ModelSelect(Floor, ~0ull));
    } else {
        Taken(KiSelectReadyFor(&Prcb, Set), ModelSelect(0, Set));
    }
}

TEST(queues_behave_as_the_model) {
    for (unsigned Seed = 1; Seed <= 4; Seed++) {
        srand(Seed);
        Start();
        for (int i = 0; i < STEPS / 4; i++) {
            Step(&Threads[rand() % THREADS]);
            Compare();
        }
    }
}

static PKTHREAD Make(int Index, int Priority, KTHREAD_STATE State) {
    Threads[Index].Priority = (CHAR)Priority;
    Threads[Index].State = (UCHAR)State;
    return &Threads[Index];
}

TEST(an_empty_processor_gives_nobody) {
    Start();
    CHECK(!KiSelectReady(&Prcb, 0) && !KiSelectReadyFor(&Prcb, ~0ull) && !KiChooseAgain(&Prcb));
    CHECK_EQ(KiRunningPriority(&Prcb), -1);
}

TEST(a_newcomer_has_to_beat_who_stands_by_not_who_runs) {
    Start();
    Prcb.CurrentThread = Make(0, 8, Running);
    CHECK_EQ(KiRunningPriority(&Prcb), 8);
    KiSetStandby(&Prcb, Make(1, 12, Waiting));
    CHECK_EQ(Threads[1].State, Standby);
    CHECK_EQ(KiRunningPriority(&Prcb), 12);
    Prcb.NextThread = NULL;
    Threads[0].State = Waiting; // it is about to leave
    CHECK_EQ(KiRunningPriority(&Prcb), -1);
    Threads[0].State = Terminated;
    CHECK_EQ(KiRunningPriority(&Prcb), -1);
}

/* The choice after any change of priorities is the best of all, and the running thread where nobody
   is better. */
TEST(the_choice_is_the_best_of_all) {
    srand(5);
    for (int Round = 0; Round < 20000; Round++) {
        Start();
        PKTHREAD Current = Make(0, rand() % 32, Running);
        int Best = -1, Others = rand() % 6;
        Prcb.CurrentThread = rand() % 4 ? Current : &Idle;
        for (int i = 1; i <= Others; i++) {
            PKTHREAD Thread = Make(i, rand() % 32, Waiting);
            Best = Thread->Priority > Best ? Thread->Priority : Best;
            if (i == 1 && rand() % 2) {
                KiSetStandby(&Prcb, Thread);
            } else {
                KiInsertReady(&Prcb, Thread, FALSE);
            }
        }
        PKTHREAD Old = Prcb.NextThread;
        int ToBeat = Prcb.CurrentThread == &Idle ? -1 : Current->Priority;
        BOOLEAN New = KiChooseAgain(&Prcb);
        CHECK_EQ(Prcb.NextThread != NULL, Best > ToBeat);
        CHECK(!Prcb.NextThread || Prcb.NextThread->Priority == Best);
        CHECK_EQ(New, Prcb.NextThread && Prcb.NextThread != Old);
        CHECK(!Old || Old->State == (Old == Prcb.NextThread ? Standby : Ready));
    }
}
