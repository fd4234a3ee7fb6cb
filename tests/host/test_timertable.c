// sources: kernel/object/timertable.c
//
// The timer table against a model: a plain array of what is set, looked through from end to end.
// Random insertions (soon, late, many turns of the face away, due already), cancellations, steps of
// the clock from a moment to years, tolerable delays, changes of the system time.

#include "host.h"
#include "../../kernel/ki.h"

#include <string.h>

#define TIMERS 400
#define STEPS  60000
#define HAND   (1ull << 17)

static KTIMER_TABLE Table;
static KTIMER Timers[TIMERS];
static ULONG64 Due[TIMERS]; // the model: 0 while it is not set
static ULONG Order[TIMERS], Orders;
static ULONG64 Now;

static ULONG64 Random(ULONG64 Below) {
    ULONG64 Value = (ULONG64)rand() << 40 ^ (ULONG64)rand() << 20 ^ (ULONG64)rand();
    return Value % Below;
}

static void Start(ULONG64 Time) {
    memset(Timers, 0, sizeof(Timers));
    memset(Due, 0, sizeof(Due));
    Now = Time;
    KiInitializeTimerTable(&Table, Now);
}

static void SetTimer(int i, ULONG64 Time, UCHAR Flags) {
    Timers[i].DueTime.QuadPart = Due[i] = Time;
    Timers[i].Header.TimerControlFlags = Flags;
    Order[i] = ++Orders;
    KiInsertTimerTable(&Table, &Timers[i]);
}

static void Cancel(int i) {
    RemoveEntryList(&Timers[i].TimerListEntry);
    Due[i] = 0;
}

/* In the order of their due times; of those that are equal and punctual, the one set first. */
static void CheckOrder(int Before, int i) {
    CHECK(Due[Before] <= Due[i]);
    if (Due[Before] == Due[i] && !Timers[Before].Header.TimerControlFlags &&
        !Timers[i].Header.TimerControlFlags) {
        CHECK(Order[Before] < Order[i]);
    }
}

/* What is due has expired, each once and in order, and nothing else has. */
static void Advance(ULONG64 Time) {
    int Before = -1, Expected = 0, Expired = 0;
    Now += Time;
    KiCollectExpiredTimers(&Table, Now);
    for (int i = 0; i < TIMERS; i++) {
        Expected += Due[i] != 0 && KiExpiryTime(&Timers[i]) <= Now;
    }
    PLIST_ENTRY Head = &Table.ExpiredListHead;
    for (PLIST_ENTRY Entry = Head->Flink; Entry != Head; Entry = Entry->Flink) {
        int i = (int)(CONTAINING_RECORD(Entry, KTIMER, TimerListEntry) - Timers);
        CHECK(Entry->Flink->Blink == Entry);
        CHECK(Due[i] != 0 && KiExpiryTime(&Timers[i]) <= Now);
        if (Before >= 0) {
            CheckOrder(Before, i);
        }
        Before = i;
        Expired++;
    }
    CHECK_EQ(Expired, Expected);
    while (!IsListEmpty(Head)) {
        Due[CONTAINING_RECORD(RemoveHeadList(Head), KTIMER, TimerListEntry) - Timers] = 0;
    }
}

static void Shift(LONGLONG Delta) {
    KiShiftAbsoluteTimers(&Table, Delta);
    for (int i = 0; i < TIMERS; i++) {
        if (Due[i] != 0 && (Timers[i].Header.TimerControlFlags & TIMER_ABSOLUTE) != 0) {
            LONGLONG Moved = (LONGLONG)Due[i] - Delta;
            Due[i] = Moved > 0 ? (ULONG64)Moved : 0;
            CHECK_EQ(Timers[i].DueTime.QuadPart, Due[i]);
            Due[i] += Due[i] == 0; /* not "not set" */
            Timers[i].DueTime.QuadPart = Due[i];
        }
    }
}

static ULONG64 RandomDue(void) {
    switch (rand() % 8) {
    case 0:
        return Now - Random(Now / 2); /* has passed already */
    case 1:
        return Now + Random(HAND * TIMER_TABLE_SIZE * 50); /* some turns away */
    case 2:
        return (Now / HAND + 1 + Random(3)) * HAND - Random(2); /* on the edge of a hand */
    case 3:
        return Now + HAND * TIMER_TABLE_SIZE - Random(3); /* just a turn away */
    default:
        return Now + 1 + Random(HAND * 12);
    }
}

static ULONG64 RandomStep(void) {
    switch (rand() % 40) {
    case 0:
        return Random(HAND * TIMER_TABLE_SIZE * 20);
    case 1:
        return HAND * TIMER_TABLE_SIZE;
    case 2:
        return HAND;
    case 3:
        return 0;
    default:
        return Random(HAND * 2);
    }
}

static void Step(void) {
    int i = rand() % TIMERS;
    if (rand() % 10 == 0) {
        Advance(RandomStep());
    } else if (rand() % 400 == 0) {
        Shift((LONGLONG)Random(HAND * 2000) - (LONGLONG)(HAND * 1000));
    } else if (Due[i] != 0) {
        Cancel(i);
    } else {
        UCHAR Flags = (UCHAR)(rand() % 4 == 0 ? TIMER_ABSOLUTE : 0);
        if (rand() % 4 == 0) {
            Flags |= KiEncodeTolerableDelay(Random(HAND * 8));
        }
        SetTimer(i, RandomDue(), Flags);
    }
}

TEST(timers_expire_as_in_the_model) {
    for (unsigned Seed = 1; Seed <= 4; Seed++) {
        srand(Seed);
        Start(HAND * (1000 + Random(1ull << 40)));
        for (int i = 0; i < STEPS / 4; i++) {
            Step();
        }
        Advance(HAND * TIMER_TABLE_SIZE * 100);
    }
}

TEST(many_at_once_come_in_order) {
    srand(7);
    Start(1000 * HAND);
    for (int i = 0; i < TIMERS; i++) {
        SetTimer(i, Now + 1 + Random(9), 0); /* many are equal */
    }
    Advance(HAND);
}

/* Many turns may pass before a timer is due; its hand is looked at, and it stays. */
TEST(a_timer_many_turns_away_waits_for_its_turn) {
    Start(5 * HAND);
    SetTimer(0, Now + 3 * TIMER_TABLE_SIZE * HAND + 1, 0);
    for (int Turn = 0; Turn < 3 * TIMER_TABLE_SIZE; Turn++) {
        Advance(HAND);
        CHECK(Due[0] != 0);
    }
    Advance(HAND);
    CHECK_EQ(Due[0], 0);
}

TEST(a_cancelled_timer_leaves_its_neighbours) {
    Start(HAND);
    SetTimer(0, Now + 10, 0);
    SetTimer(1, Now + 20, 0);
    Cancel(0); /* the hand still says that something is due at 10 */
    Advance(15);
    CHECK(Due[1] != 0);
    Advance(5);
    CHECK_EQ(Due[1], 0);
}

TEST(a_tolerable_delay_is_kept_and_brings_timers_together) {
    ULONG64 Tolerances[] = {0, 1, 2, 3, 10000, 320000, 0xFFFFFFFFull * 10000};
    for (ULONG i = 0; i < RTL_NUMBER_OF(Tolerances); i++) {
        KTIMER Timer = {.Header.TimerControlFlags = KiEncodeTolerableDelay(Tolerances[i])};
        for (int Try = 0; Try < 1000; Try++) {
            Timer.DueTime.QuadPart = Random(1ull << 50);
            CHECK(KiExpiryTime(&Timer) >= Timer.DueTime.QuadPart);
            CHECK(KiExpiryTime(&Timer) - Timer.DueTime.QuadPart <= Tolerances[i]);
        }
    }
    KTIMER First = {.Header.TimerControlFlags = KiEncodeTolerableDelay(320000)}, Second = First;
    First.DueTime.QuadPart = 262144 * 9 + 5;
    Second.DueTime.QuadPart = 262144 * 9 + 200000;
    CHECK_EQ(KiExpiryTime(&First), KiExpiryTime(&Second));
}

TEST(the_system_time_moves_absolute_timers_only) {
    Start(100 * HAND);
    SetTimer(0, Now + 50 * HAND, TIMER_ABSOLUTE);
    SetTimer(1, Now + 50 * HAND, 0);
    SetTimer(2, Now + 5 * HAND, TIMER_ABSOLUTE);
    Shift(10 * HAND);
    Advance(0); /* the third is due, though its time was another hand's */
    CHECK(Due[0] != 0 && Due[1] != 0 && Due[2] == 0);
    Advance(40 * HAND);
    CHECK(Due[0] == 0 && Due[1] != 0);
}
