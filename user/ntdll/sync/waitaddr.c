/*
 * waitaddr.c - waiting for an address
 *
 * A thread waits until somebody says that the memory at an address has changed. The kernel knows
 * nothing of addresses: it gives each thread an alert by its id. So ntdll keeps the list of who
 * waits for what. It is spread over the hash table that the PEB has for it; each waiter's entry
 * stands on its own stack. All other locks of this folder are made of this.
 *
 * A bucket is one word: the first waiter's address, whose lowest bit is the bucket's lock.
 * Comparing the memory and entering the list happen under that lock, and so does waking: a change
 * followed by a wake cannot fall between the two.
 *
 * A waiter that has been taken out of the list always gets an alert, so it waits for that one even
 * if its time runs out meanwhile: the alert must not be left over for its next wait.
 */
#include "ntdllp.h"

#define BUCKET_LOCKED 1ull
#define SPINS         100

typedef struct _RTLP_WAITER {
    struct _RTLP_WAITER *Next; /* the bucket's lock */
    const volatile VOID *Address;
    HANDLE ThreadId;
    volatile BOOLEAN Woken; /* out of the list, and the alert is on its way */
} RTLP_WAITER, *PRTLP_WAITER;

typedef ULONG_PTR RTLP_BUCKET;

static RTLP_BUCKET *RtlpBucketOf(const volatile VOID *Address) {
    ULONG_PTR Value = (ULONG_PTR)Address >> 3;
    return (RTLP_BUCKET *)&NtCurrentPeb()
        ->WaitOnAddressHashTable[(Value ^ Value >> 7) % WAIT_ON_ADDRESS_BUCKETS];
}

/* The holder has a few instructions to do; if it lost the processor, let it have it again. */
static PRTLP_WAITER RtlpLockBucket(RTLP_BUCKET *Bucket) {
    LARGE_INTEGER Tick = {.QuadPart = -10000};
    for (ULONG Tries = 0;; Tries++) {
        RTLP_BUCKET Old = __atomic_fetch_or(Bucket, BUCKET_LOCKED, __ATOMIC_ACQUIRE);
        if (!(Old & BUCKET_LOCKED))
            return (PRTLP_WAITER)Old;
        if (Tries < SPINS)
            __builtin_ia32_pause();
        else if (NtYieldExecution() == STATUS_NO_YIELD_PERFORMED)
            NtDelayExecution(FALSE, &Tick); /* it may have a lower priority */
    }
}

static VOID RtlpUnlockBucket(RTLP_BUCKET *Bucket, PRTLP_WAITER First) {
    __atomic_store_n(Bucket, (RTLP_BUCKET)First, __ATOMIC_RELEASE);
}

/* Lock held: the list with Waiter at its end, so that who waits longest is woken first. */
static PRTLP_WAITER RtlpAppend(PRTLP_WAITER First, PRTLP_WAITER Waiter) {
    PRTLP_WAITER *Link = &First;
    while (*Link)
        Link = &(*Link)->Next;
    Waiter->Next = NULL;
    *Link = Waiter;
    return First;
}

/* Lock held: takes out the waiters for Address, all or the first, and returns them as a list. */
static PRTLP_WAITER RtlpTakeOut(PRTLP_WAITER *First, const volatile VOID *Address, BOOLEAN All) {
    PRTLP_WAITER Taken = NULL, *End = &Taken, *Link = First;
    while (*Link && (All || !Taken)) {
        PRTLP_WAITER Waiter = *Link;
        if (Waiter->Address != Address) {
            Link = &Waiter->Next;
            continue;
        }
        *Link = Waiter->Next;
        Waiter->Next = NULL;
        *End = Waiter;
        End = &Waiter->Next;
    }
    return Taken;
}

static VOID RtlpWake(const volatile VOID *Address, BOOLEAN All) {
    RTLP_BUCKET *Bucket = RtlpBucketOf(Address);
    PRTLP_WAITER First = RtlpLockBucket(Bucket);
    PRTLP_WAITER Waiter = RtlpTakeOut(&First, Address, All);
    RtlpUnlockBucket(Bucket, First);
    while (Waiter) {
        PRTLP_WAITER Next = Waiter->Next;
        HANDLE ThreadId = Waiter->ThreadId;
        __atomic_store_n(&Waiter->Woken, TRUE, __ATOMIC_RELEASE); /* may be gone from here on */
        NtAlertThreadByThreadId(ThreadId);
        Waiter = Next;
    }
}

/* RtlWakeAddressSingle, RtlWakeAddressAll - one, or all, of the threads that wait for Address. */
VOID NTAPI RtlWakeAddressSingle(_In_ PVOID Address) {
    RtlpWake(Address, FALSE);
}

VOID NTAPI RtlWakeAddressAll(_In_ PVOID Address) {
    RtlpWake(Address, TRUE);
}

static BOOLEAN RtlpUnchanged(const volatile VOID *Address, const VOID *Compare, SIZE_T Size) {
    switch (Size) {
    case 1:
        return *(const volatile UCHAR *)Address == *(const UCHAR *)Compare;
    case 2:
        return *(const volatile USHORT *)Address == *(const USHORT *)Compare;
    case 4:
        return *(const volatile ULONG *)Address == *(const ULONG *)Compare;
    default:
        return *(const volatile ULONG64 *)Address == *(const ULONG64 *)Compare;
    }
}

/* The time is over. TRUE: the waiter is out of the list; FALSE: somebody else took it out. */
static BOOLEAN RtlpGiveUp(PRTLP_WAITER Waiter) {
    RTLP_BUCKET *Bucket = RtlpBucketOf(Waiter->Address);
    PRTLP_WAITER First = RtlpLockBucket(Bucket), *Link = &First;
    while (*Link && *Link != Waiter)
        Link = &(*Link)->Next;
    BOOLEAN Found = *Link != NULL;
    if (Found)
        *Link = Waiter->Next;
    RtlpUnlockBucket(Bucket, First);
    return Found;
}

/*
 * RtlWaitOnAddress - waits while the Size bytes at Address are those at Compare, until woken.
 *
 * May also return when nothing has changed. STATUS_SUCCESS, STATUS_TIMEOUT,
 * STATUS_INVALID_PARAMETER (a size that is not 1, 2, 4 or 8). Source: Windows SDK, WaitOnAddress.
 */
NTSTATUS NTAPI RtlWaitOnAddress(_In_ volatile VOID *Address, _In_ PVOID Compare, _In_ SIZE_T Size,
                                _In_opt_ PLARGE_INTEGER Timeout) {
    RTLP_WAITER Waiter = {.Address = Address, .ThreadId = NtCurrentTeb()->ClientId.UniqueThread};
    RTLP_BUCKET *Bucket = RtlpBucketOf(Address);

    if (Size != 1 && Size != 2 && Size != 4 && Size != 8)
        return STATUS_INVALID_PARAMETER;
    if (!RtlpUnchanged(Address, Compare, Size)) /* touches the memory once before the lock */
        return STATUS_SUCCESS;
    PRTLP_WAITER First = RtlpLockBucket(Bucket);
    BOOLEAN Wait = RtlpUnchanged(Address, Compare, Size);
    RtlpUnlockBucket(Bucket, Wait ? RtlpAppend(First, &Waiter) : First);
    while (Wait) {
        NTSTATUS Status = NtWaitForAlertByThreadId((PVOID)Address, Timeout);
        if (Status == STATUS_ALERTED) {
            Wait = !__atomic_load_n(&Waiter.Woken, __ATOMIC_ACQUIRE);
        } else if (RtlpGiveUp(&Waiter)) {
            return Status;
        } else {
            Timeout = NULL;
        }
    }
    return STATUS_SUCCESS;
}
