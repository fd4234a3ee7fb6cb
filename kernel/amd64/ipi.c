/*
 * Interrupts between processors: one asks another to look at something.
 *
 * KPRCB.RequestSummary says what. A bit that is set has been asked for and not been seen yet, so
 * who finds any bit set need not send another interrupt: the receiver takes all bits at once. The
 * interrupt itself only passes the request on, to a software interrupt of the level at which it is
 * to be dealt with, since what was interrupted may be at a higher one.
 */
#include "ki.h"

/* Any IRQL. */
VOID KiIpiSend(PKPRCB Target, ULONG Request) {
    if (InterlockedOr(&Target->RequestSummary, (LONG)Request) == 0)
        HalRequestIpi(Target->SetMember);
}

VOID KiIpiSendMask(KAFFINITY Targets, ULONG Request) {
    KAFFINITY Send = 0;
    for (KAFFINITY Left = Targets; Left; Left &= Left - 1) {
        PKPRCB Target = KiProcessorBlock[__builtin_ctzll(Left)];
        if (InterlockedOr(&Target->RequestSummary, (LONG)Request) == 0)
            Send |= Target->SetMember;
    }
    if (Send)
        HalRequestIpi(Send);
}

/*
 * The interrupt, at IPI_LEVEL. A user APC needs no more than this: on the way back to user mode it
 * is seen. The idle loop looks for work by itself once hlt is over.
 */
VOID KiIpiServiceRoutine(PKPRCB Prcb) {
    LONG Requests = InterlockedExchange(&Prcb->RequestSummary, 0);
    if (Requests & IPI_TB)
        KiServeTbRequest(Prcb);
    if (Requests & IPI_APC)
        HalRequestSoftwareInterrupt(APC_LEVEL);
    if ((Requests & IPI_DPC) && Prcb->CurrentThread != Prcb->IdleThread)
        HalRequestSoftwareInterrupt(DISPATCH_LEVEL);
}
