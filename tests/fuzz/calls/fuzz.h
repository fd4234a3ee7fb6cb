/*
 * fuzz.h - the campaign's program: what its files share
 *
 *     campaign MODE SEED ROUNDS CALLS
 *
 * The kernel runs the program again and again in one boot (/REPEAT): each run is a *round*. A round
 * first waits until the machine is quiet and prints its counters (counters.c), then does what MODE
 * says: "calls" makes system calls with arguments of the right shapes (worker.c, value.c), "entry"
 * enters and leaves the kernel in hostile ways (entry.c), "images" loads damaged images (images.c).
 * It may well destroy itself; the next round starts with a new process. What must outlive a round
 * is in the *ledger*, a permanent section.
 *
 * Each round has a *partner*: the same program once more, started by tests/drivers/spawn.c. It is
 * there to be opened, written to and duplicated into, lets its round go on when that has suspended
 * itself, and ends it when it has come to a halt. Should both have stopped, tests/drivers/watch.c
 * ends them.
 *
 * A worker has an *arena*, in which everything lies that its arguments point at. Disturbers, which
 * are workers too, write to the arenas of others, take away their pages and close their handles
 * while the kernel looks at them.
 */
#ifndef VITRINE_FUZZ_H
#define VITRINE_FUZZ_H

#include "shape.h"

#define ROUNDS_WITHOUT_END 0xFFFFFFFF
#define MAXIMUM_WORKERS    8
#define MAXIMUM_CASES      128

/* ---- Random numbers ---- */

typedef ULONG64 RANDOM;

static inline ULONG64 Next(RANDOM *Random) {
    *Random ^= *Random << 13;
    *Random ^= *Random >> 7;
    *Random ^= *Random << 17;
    return *Random;
}

/* A number below Limit. */
static inline ULONG Pick(RANDOM *Random, ULONG Limit) {
    return (ULONG)((Next(Random) >> 20) % Limit);
}

static inline BOOL OneIn(RANDOM *Random, ULONG Count) {
    return Pick(Random, Count) == 0;
}

/* ---- The ledger ---- */

typedef struct _LEDGER {
    ULONG64 Magic;
    volatile ULONG Round;
    volatile LONG64 Calls;    /* system calls */
    volatile LONG64 Good;     /* those that succeeded */
    volatile LONG64 Restarts; /* of workers, after an exception or an end */
    volatile LONG64 Images, Loaded;
    volatile LONG Cases[MAXIMUM_CASES]; /* entry cases, by kind */
    ULONG LastShape;                    /* for the debugger */
} LEDGER;

extern LEDGER *Ledger;

/* ---- Handles and ranges (pool.c) ---- */

void FillPool(RANDOM *Random);
HANDLE PickHandle(RANDOM *Random, ULONG Class);
HANDLE PickLiveHandle(RANDOM *Random, ULONG Class);
void KeepHandle(RANDOM *Random, HANDLE Handle, ULONG Class);
void DropHandle(RANDOM *Random);
ULONG64 PickAddress(RANDOM *Random);
void KeepRange(RANDOM *Random, ULONG64 Base, ULONG64 Size);
ULONG ClassByName(const char *Name);
extern HANDLE Partner;

/* ---- Arenas and workers (worker.c) ---- */

#define ARENA_PAGES 4 /* that can be read and written; a hole comes behind them */
#define ARENA_SIZE  (ARENA_PAGES * PAGE)

typedef struct _WORKER {
    RANDOM Random;
    volatile LONG64 Calls;
    LONG64 Seen;            /* Calls, when a colleague looked last */
    ULONG Looks;            /* since then */
    ULONG Number;           /* its slot */
    ULONG Length;           /* of the buffer that the last argument points at */
    ULONG Used;             /* of the arena */
    ULONG64 Enum;           /* the information class of this call */
    volatile ULONG64 Focus; /* the structure that was built last, in the arena */
    volatile LONG Busy;
    HANDLE Thread;
    UCHAR *Arena;
} WORKER;

extern WORKER Workers[MAXIMUM_WORKERS];
extern ULONG WorkerCount;

NTSTATUS CallService(ULONG64 Number, const ULONG64 *Arguments);
NTSTATUS CallByInterrupt(ULONG64 Number, const ULONG64 *Arguments);
void RestartWorker(void);
BOOL IsFirstWorker(void);
void JustReturn(void);
void NTAPI ApcRoutine(PVOID First, PVOID Second, PVOID Third);
NTSTATUS NTAPI ThreadRoutine(PVOID Parameter);
DECLSPEC_NORETURN void RunWorkers(ULONG64 Seed, ULONG64 Calls);
LONG CALLBACK RestartAfterException(PEXCEPTION_POINTERS Pointers);
/* Runs Loop on this thread, and again after each exception. */
DECLSPEC_NORETURN void BeginLoop(void (*Loop)(void));

/* ---- Values (value.c) ---- */

/* Arguments for a call. */
void MakeArguments(WORKER *Worker, const SHAPE *Shape, ULONG64 *Arguments);
/* What a call has made is kept, what it has said about lengths too. */
void LearnFrom(WORKER *Worker, const SHAPE *Shape, const ULONG64 *Arguments, NTSTATUS Status);
void MakeContext(RANDOM *Random, CONTEXT *Context);
ULONG64 MakeWild(RANDOM *Random);

/* ---- Counters (counters.c), entries (entry.c), images (images.c) ---- */

void PrintCounters(const LEDGER *Before);
void RemoveTraces(void);
DECLSPEC_NORETURN void RunEntries(ULONG64 Seed, ULONG64 Count);
DECLSPEC_NORETURN void RunImages(ULONG64 Seed, ULONG From, ULONG Count);
extern const ULONG EntryCount;
const char *EntryName(ULONG Number);

#endif
