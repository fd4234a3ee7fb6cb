/*
 * interrupt.c - IoConnectInterrupt: allocates a KINTERRUPT for a driver's service routine
 *
 * Ke connects it (kernel/amd64/interrupt.c); this file manages the memory. One object serves all
 * processors, since Ke has one table of vectors.
 */
#include "iop.h"

#define IOP_TAG_INTERRUPT 0x6E496F49 /* 'IoIn' */

/*
 * Source: WDK page of the same name. STATUS_INVALID_PARAMETER: no processor in the mask, a vector
 * that belongs to no device or cannot be shared. STATUS_INSUFFICIENT_RESOURCES. PASSIVE_LEVEL.
 */
NTSTATUS IoConnectInterrupt(_Out_ PKINTERRUPT *Interrupt, _In_ PKSERVICE_ROUTINE ServiceRoutine,
                            _In_opt_ PVOID ServiceContext, _In_opt_ PKSPIN_LOCK SpinLock,
                            _In_ ULONG Vector, _In_ KIRQL Irql, _In_ KIRQL SynchronizeIrql,
                            _In_ KINTERRUPT_MODE InterruptMode, _In_ BOOLEAN ShareVector,
                            _In_ KAFFINITY ProcessorEnableMask, _In_ BOOLEAN FloatingSave) {
    *Interrupt = NULL;
    if (ProcessorEnableMask == 0) {
        return STATUS_INVALID_PARAMETER;
    }
    CCHAR Number = (CCHAR)__builtin_ctzll(ProcessorEnableMask);
    PKINTERRUPT Object =
        ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(KINTERRUPT), IOP_TAG_INTERRUPT);
    if (Object == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    KeInitializeInterrupt(Object, ServiceRoutine, ServiceContext, SpinLock, Vector, Irql,
                          SynchronizeIrql, InterruptMode, ShareVector, Number, FloatingSave);
    *Interrupt = Object; /* the routine may run before the next call returns */
    if (!KeConnectInterrupt(Object)) {
        *Interrupt = NULL;
        ExFreePoolWithTag(Object, IOP_TAG_INTERRUPT);
        return STATUS_INVALID_PARAMETER;
    }
    return STATUS_SUCCESS;
}

/* Source: WDK page of the same name. PASSIVE_LEVEL. */
VOID IoDisconnectInterrupt(_In_ PKINTERRUPT InterruptObject) {
    KeDisconnectInterrupt(InterruptObject);
    ExFreePoolWithTag(InterruptObject, IOP_TAG_INTERRUPT);
}
