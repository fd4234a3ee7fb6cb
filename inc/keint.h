/*
 * keint.h - interrupts and queues of Ke; ke.h brings this in.
 */
#ifndef VITRINE_KEINT_H
#define VITRINE_KEINT_H

#include "hal.h"

/* --- interrupts (kernel/amd64/interrupt.c) ------------------------------------------------------------
 */

typedef struct _KINTERRUPT KINTERRUPT, *PKINTERRUPT;

/* Called at SynchronizeIrql with the interrupt's lock. TRUE: the device had asked, and is served.
 */
typedef BOOLEAN (*PKSERVICE_ROUTINE)(_In_ PKINTERRUPT Interrupt, _In_opt_ PVOID ServiceContext);
typedef BOOLEAN (*PKSYNCHRONIZE_ROUTINE)(_In_opt_ PVOID SynchronizeContext);
/* How the service routines of a vector are called; at the vector's level. TRUE: one claimed it. */
typedef BOOLEAN (*PKI_INTERRUPT_DISPATCH)(_In_ PKINTERRUPT Interrupt);

typedef enum _KINTERRUPT_POLARITY {
    InterruptPolarityUnknown,
    InterruptActiveHigh,
    InterruptActiveLow
} KINTERRUPT_POLARITY;

/* A service routine, tied to a vector. What is not marked is written before it is connected. */
struct _KINTERRUPT {
    SHORT Type; /* InterruptObject */
    SHORT Size;
    LIST_ENTRY InterruptListEntry; /* the others of the vector (the vector's lock) */
    PKSERVICE_ROUTINE ServiceRoutine;
    PVOID MessageServiceRoutine;
    ULONG MessageIndex;
    PVOID ServiceContext;
    KSPIN_LOCK SpinLock;
    ULONG TickCount;
    PKSPIN_LOCK ActualLock;                 /* SpinLock, or the one that the driver gave */
    PKI_INTERRUPT_DISPATCH DispatchAddress; /* the vector's lock */
    ULONG Vector;
    KIRQL Irql;
    KIRQL SynchronizeIrql;
    BOOLEAN FloatingSave;
    BOOLEAN Connected; /* the vector's lock */
    ULONG Number;
    BOOLEAN ShareVector;
    BOOLEAN EmulateActiveBoth;
    USHORT ActiveCount;
    LONG InternalState;
    KINTERRUPT_MODE Mode;
    KINTERRUPT_POLARITY Polarity;
    ULONG ServiceCount;  /* times that the routine was called (the vector's lock) */
    ULONG DispatchCount; /* times that it said TRUE (the vector's lock) */
};
static_assert(offsetof(KINTERRUPT, ServiceRoutine) == 0x18, "as in Windows");
static_assert(offsetof(KINTERRUPT, ActualLock) == 0x48, "as in Windows");
static_assert(offsetof(KINTERRUPT, Vector) == 0x58, "as in Windows");
static_assert(offsetof(KINTERRUPT, Mode) == 0x6C, "as in Windows");
static_assert(offsetof(KINTERRUPT, DispatchCount) == 0x78, "as in Windows");

/* Vectors that devices may have; the others are the processor's and the kernel's. */
#define KI_FIRST_DEVICE_VECTOR 0x30
#define KI_LAST_DEVICE_VECTOR  0xCF

/*
 * Fills in Interrupt, in nonpaged memory. ServiceContext: the routine's second argument. SpinLock:
 * NULL, or one that several interrupts share; SynchronizeIrql is then the highest of their levels.
 * Vector and Irql: what HalGetInterruptVector gave. ProcessorNumber: where the line is to
 * interrupt. FloatingSave is not used. Any IRQL. Source: WDK page of IoConnectInterrupt.
 */
VOID NTAPI KeInitializeInterrupt(_Out_ PKINTERRUPT Interrupt, _In_ PKSERVICE_ROUTINE ServiceRoutine,
                                 _In_opt_ PVOID ServiceContext, _In_opt_ PKSPIN_LOCK SpinLock,
                                 _In_ ULONG Vector, _In_ KIRQL Irql, _In_ KIRQL SynchronizeIrql,
                                 _In_ KINTERRUPT_MODE InterruptMode, _In_ BOOLEAN ShareVector,
                                 _In_ CHAR ProcessorNumber, _In_ BOOLEAN FloatingSave);

/*
 * Ties Interrupt to its vector and lets its line interrupt. FALSE if the vector is no device's,
 * Irql not its level, SynchronizeIrql below that, the interrupt connected already, or others are on
 * the vector and not all of them share it in the same mode. IRQL <= DISPATCH_LEVEL. Source: WDK
 * page of IoConnectInterrupt.
 */
BOOLEAN NTAPI KeConnectInterrupt(_Inout_ PKINTERRUPT Interrupt);

/* The routine does not run any more when this returns. FALSE: it was not connected.
   IRQL <= DISPATCH_LEVEL. (WDK: IoDisconnectInterrupt) */
BOOLEAN NTAPI KeDisconnectInterrupt(_Inout_ PKINTERRUPT Interrupt);

/*
 * Calls the routine at SynchronizeIrql with the interrupt's lock: the service routine does not run
 * meanwhile, on any processor. Returns what the routine returns. KeAcquireInterruptSpinLock does
 * the first half, and returns the level that KeReleaseInterruptSpinLock goes back to. IRQL <=
 * SynchronizeIrql, for the release equal to it. Source: WDK pages of these names.
 */
BOOLEAN NTAPI KeSynchronizeExecution(_Inout_ PKINTERRUPT Interrupt,
                                     _In_ PKSYNCHRONIZE_ROUTINE SynchronizeRoutine,
                                     _In_opt_ PVOID SynchronizeContext);
KIRQL NTAPI KeAcquireInterruptSpinLock(_Inout_ PKINTERRUPT Interrupt);
VOID NTAPI KeReleaseInterruptSpinLock(_Inout_ PKINTERRUPT Interrupt, _In_ KIRQL OldIrql);

/* --- queues (kernel/object/queue.c) --------------------------------------------------------------------
 */

/* The head's lock bit guards all fields, but CurrentCount is changed with interlocked operations by
   whoever ends a wait of one of its threads. */
typedef struct _KQUEUE {
    DISPATCHER_HEADER Header; /* SignalState: number of entries */
    LIST_ENTRY EntryListHead;
    volatile ULONG CurrentCount; /* its threads that are not waiting */
    ULONG MaximumCount;
    LIST_ENTRY ThreadListHead; /* KTHREAD.QueueListEntry */
} KQUEUE, *PKQUEUE, *PRKQUEUE;
static_assert(sizeof(KQUEUE) == 0x40, "as in Windows");

/* Count: threads that may be at work with entries at once, 0: as many as there are processors. Any
   IRQL. (WDK: KeInitializeQueue) */
VOID NTAPI KeInitializeQueue(_Out_ PRKQUEUE Queue, _In_ ULONG Count);

/* The number of entries at this moment. Any IRQL. (WDK: KeReadStateQueue) */
LONG NTAPI KeReadStateQueue(_In_ PRKQUEUE Queue);

/* Puts Entry, in nonpaged memory, at the queue's end, or its head. Return the number of entries
   before. IRQL <= DISPATCH_LEVEL. (WDK pages of these names) */
LONG NTAPI KeInsertQueue(_Inout_ PRKQUEUE Queue, _Inout_ PLIST_ENTRY Entry);
LONG NTAPI KeInsertHeadQueue(_Inout_ PRKQUEUE Queue, _Inout_ PLIST_ENTRY Entry);

/*
 * Makes the calling thread one of Queue's and takes the first entry, waiting for one and for its
 * turn. Returns the entry, or instead of an address STATUS_TIMEOUT, STATUS_USER_APC,
 * STATUS_ALERTED (KeRemoveQueueAlertable only) or STATUS_ABANDONED (the queue was run down).
 * WaitMode, Alertable, Timeout: as for KeWaitForSingleObject. IRQL <= APC_LEVEL, with a timeout of
 * zero <= DISPATCH_LEVEL. Source: WDK page of KeRemoveQueue.
 */
PLIST_ENTRY NTAPI KeRemoveQueue(_Inout_ PRKQUEUE Queue, _In_ KPROCESSOR_MODE WaitMode,
                                _In_opt_ PLARGE_INTEGER Timeout);
PLIST_ENTRY KeRemoveQueueAlertable(_Inout_ PRKQUEUE Queue, _In_ KPROCESSOR_MODE WaitMode,
                                   _In_ BOOLEAN Alertable, _In_opt_ PLARGE_INTEGER Timeout);

/* Ends the queue: its threads are nobody's, waiters are woken. Returns the first of the entries
   that were left, linked in a ring without a head, or NULL. IRQL <= DISPATCH_LEVEL.
   (WDK: KeRundownQueue) */
PLIST_ENTRY NTAPI KeRundownQueue(_Inout_ PRKQUEUE Queue);

#endif
