/*
 * resolution.c - who wants the clock to come how often
 *
 * A program that needs short delays asks for a finer interval of the clock (NtSetTimerResolution,
 * which timeBeginPeriod calls), and so may drivers (ExSetTimerResolution). Each process, and the
 * kernel as a whole, has one EX_TIMER_RESOLUTION with what it wants; the finest counts, for all. A
 * process's wish ends with it.
 */
#include "exp.h"
#include "ntrtl.h"

static EX_PUSH_LOCK ExpResolutionLock; /* guards the rest */
static LIST_ENTRY ExpResolutionList = {&ExpResolutionList, &ExpResolutionList};
static EX_TIMER_RESOLUTION ExpKernelResolution;
static ULONG ExpKernelResolutionCount;

static VOID ExpLockResolution(VOID) {
    KeEnterCriticalRegion();
    ExAcquirePushLockExclusive(&ExpResolutionLock);
}

static VOID ExpUnlockResolution(VOID) {
    ExReleasePushLockExclusive(&ExpResolutionLock);
    KeLeaveCriticalRegion();
}

/* Lock held. */
static ULONG ExpApplyResolution(VOID) {
    ULONG Finest = KeMaximumIncrement;
    for (PLIST_ENTRY Entry = ExpResolutionList.Flink; Entry != &ExpResolutionList;
         Entry = Entry->Flink) {
        PEX_TIMER_RESOLUTION Wish = CONTAINING_RECORD(Entry, EX_TIMER_RESOLUTION, Link);
        Finest = min(Finest, Wish->Requested);
    }
    return KeSetTimeIncrement(Finest);
}

/* Lock held. Requested 0: no wish any more. */
static VOID ExpSetWish(PEX_TIMER_RESOLUTION Wish, ULONG Requested) {
    if (Wish->Requested == 0 && Requested != 0) {
        InsertTailList(&ExpResolutionList, &Wish->Link);
    } else if (Wish->Requested != 0 && Requested == 0) {
        RemoveEntryList(&Wish->Link);
    }
    Wish->Requested = Requested;
}

static ULONG ExpClipResolution(ULONG Desired) {
    return max(KeMinimumIncrement, min(Desired, KeMaximumIncrement));
}

ULONG ExRequestTimerResolution(_Inout_ PEX_TIMER_RESOLUTION Wish, _In_ ULONG DesiredTime) {
    ExpLockResolution();
    ExpSetWish(Wish, ExpClipResolution(DesiredTime));
    ULONG Actual = ExpApplyResolution();
    ExpUnlockResolution();
    return Actual;
}

BOOLEAN ExWithdrawTimerResolution(_Inout_ PEX_TIMER_RESOLUTION Wish, _Out_ PULONG Actual) {
    ExpLockResolution();
    BOOLEAN Had = Wish->Requested != 0;
    ExpSetWish(Wish, 0);
    *Actual = ExpApplyResolution();
    ExpUnlockResolution();
    return Had;
}

/* The kernel's wishes are one: the finest so far, until all have been taken back. */
ULONG NTAPI ExSetTimerResolution(_In_ ULONG DesiredTime, _In_ BOOLEAN SetResolution) {
    ULONG Wanted = ExpClipResolution(DesiredTime);
    ExpLockResolution();
    if (SetResolution) {
        ULONG Before = ExpKernelResolution.Requested;
        ExpKernelResolutionCount++;
        ExpSetWish(&ExpKernelResolution, Before != 0 ? min(Before, Wanted) : Wanted);
    } else if (ExpKernelResolutionCount != 0 && --ExpKernelResolutionCount == 0) {
        ExpSetWish(&ExpKernelResolution, 0);
    }
    ULONG Actual = ExpApplyResolution();
    ExpUnlockResolution();
    return Actual;
}
