/*
 * The translation buffer: forgetting what page tables said before, on every processor that may
 * have it.
 *
 * A processor that has a process's page tables loaded is in KPROCESS.ActiveProcessors; a
 * translation of the system's half may be anywhere. Whoever has changed a PTE calls KeFlushRangeTb
 * and may rely, when it returns, on nobody using the old one. The other processors are told in one
 * round of interrupts for the whole range: KiTbRequest says what to forget, and each receiver takes
 * its bit out of Waiting when it has done so.
 *
 * There is one request at a time, guarded by KiTbLock. Who waits, for the lock or for the others,
 * keeps serving requests, so two processors that want to flush at the same time do not wait for
 * each other. For the same reason nobody may wait with interrupts off for a lock whose holder
 * flushes: spin locks that are held across a flush are taken with interrupts on, at DISPATCH_LEVEL.
 */
#include "ki.h"

#define CR4_PGE 0x80ull

/* From this many pages on it is cheaper to drop everything. */
#define TB_FLUSH_ALL_PAGES 32

typedef enum _KI_TB_KIND { KiTbPages, KiTbProcess, KiTbAll } KI_TB_KIND;

typedef struct _KI_TB_REQUEST {
    KI_TB_KIND Kind;
    PVOID Virtual;
    ULONG_PTR Pages;
} KI_TB_REQUEST, *PKI_TB_REQUEST;

static volatile LONG KiTbLock;
static KI_TB_REQUEST KiTbRequest;      /* KiTbLock */
static volatile KAFFINITY KiTbWaiting; /* who has not served it yet; interlocked */

/* All but global pages. */
static VOID KiFlushProcessLocally(VOID) {
    ULONG64 Cr3;
    __asm__ volatile("mov %%cr3, %0; mov %0, %%cr3" : "=r"(Cr3) : : "memory");
}

/* Global pages too: clearing CR4.PGE drops everything. Interrupts off. */
VOID KiFlushAllLocally(VOID) {
    ULONG64 Cr4;
    __asm__ volatile("mov %%cr4, %0" : "=r"(Cr4));
    __asm__ volatile("mov %0, %%cr4" : : "r"(Cr4 & ~CR4_PGE) : "memory");
    __asm__ volatile("mov %0, %%cr4" : : "r"(Cr4) : "memory");
}

static VOID KiFlushLocally(const KI_TB_REQUEST *Request) {
    switch (Request->Kind) {
    case KiTbPages:
        for (ULONG_PTR i = 0; i < Request->Pages; i++)
            __asm__ volatile("invlpg (%0)"
                             :
                             : "r"((PUCHAR)Request->Virtual + i * PAGE_SIZE)
                             : "memory");
        break;
    case KiTbProcess:
        KiFlushProcessLocally();
        break;
    case KiTbAll:
        KiFlushAllLocally();
        break;
    }
}

/*
 * Serves the request at hand if it is for this processor. With interrupts off, so that the
 * interrupt cannot serve it in between and the bit of the next request be taken for this one's.
 */
VOID KiServeTbRequest(PKPRCB Prcb) {
    BOOLEAN Enabled = KeDisableInterrupts();
    if (KiTbWaiting & Prcb->SetMember) {
        KiFlushLocally(&KiTbRequest);
        InterlockedAnd64(&KiTbWaiting, ~Prcb->SetMember);
    }
    KeRestoreInterrupts(Enabled);
}

/* DISPATCH_LEVEL or above. */
static VOID KiFlushOthers(const KI_TB_REQUEST *Request, KAFFINITY Targets) {
    PKPRCB Prcb = KeGetCurrentPrcb();
    while (InterlockedExchange(&KiTbLock, 1)) {
        KiServeTbRequest(Prcb);
        YieldProcessor();
    }
    KiTbRequest = *Request;
    __atomic_store_n(&KiTbWaiting, Targets, __ATOMIC_SEQ_CST);
    KiIpiSendMask(Targets, IPI_TB);
    while (KiTbWaiting)
        YieldProcessor();
    __atomic_store_n(&KiTbLock, 0, __ATOMIC_RELEASE);
}

/* Process: whose addresses, NULL for all processors. Any IRQL. */
static VOID KiFlush(const KI_TB_REQUEST *Request, PKPROCESS Process) {
    if (KeActiveProcessors == 1) {
        BOOLEAN Enabled = KeDisableInterrupts();
        KiFlushLocally(Request);
        KeRestoreInterrupts(Enabled);
        return;
    }
    KIRQL OldIrql = KeGetCurrentIrql();
    if (OldIrql < DISPATCH_LEVEL)
        KiWriteIrql(DISPATCH_LEVEL);
    BOOLEAN Enabled = KeDisableInterrupts();
    KiFlushLocally(Request);
    KeRestoreInterrupts(Enabled);
    __atomic_thread_fence(__ATOMIC_SEQ_CST); /* the PTE is written before the set is read */
    KAFFINITY Targets = (Process ? Process->ActiveProcessors.Bitmap[0] : KeActiveProcessors) &
                        ~KeGetCurrentPrcb()->SetMember;
    if (Targets)
        KiFlushOthers(Request, Targets);
    if (OldIrql < DISPATCH_LEVEL)
        KiWriteIrql(OldIrql);
}

VOID KeFlushRangeTb(PKPROCESS Process, PVOID Virtual, ULONG_PTR Pages) {
    KI_TB_REQUEST Request = {.Kind = KiTbPages, .Virtual = Virtual, .Pages = Pages};
    if (Pages >= TB_FLUSH_ALL_PAGES)
        Request.Kind = Process ? KiTbProcess : KiTbAll;
    KiFlush(&Request, Process);
}

VOID KeFlushSingleTb(PVOID Virtual) {
    KeFlushRangeTb(NULL, Virtual, 1);
}

VOID KeFlushCurrentTb(VOID) {
    KI_TB_REQUEST Request = {.Kind = KiTbProcess};
    KiFlush(&Request, NULL);
}

VOID KeFlushEntireTb(VOID) {
    KI_TB_REQUEST Request = {.Kind = KiTbAll};
    KiFlush(&Request, NULL);
}
