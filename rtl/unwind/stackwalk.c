/*
 * stackwalk.c - the return addresses on a stack
 */

#include "unwindp.h"

/* Frames of the walkers themselves, which callers do not want to see. */
#define RTLP_OWN_FRAMES 1

/*
 * RtlWalkFrameChain - collects the return addresses above the caller.
 *
 * Callers receives up to Count addresses, the caller's own return address first. Flags is 0: only
 * the current stack is walked (Windows' bit 0, the user stack of a kernel-mode caller, finds
 * nothing here). Returns how many were stored. Any IRQL. Public source: phnt, ntrtl.h.
 */
ULONG NTAPI RtlWalkFrameChain(PVOID *Callers, ULONG Count, ULONG Flags) {
    CONTEXT Context;
    ULONG64 Low, High;
    ULONG Stored = 0;
    ULONG Skip = RTLP_OWN_FRAMES;

    if (Flags != 0) {
        return 0;
    }
    RtlpGetStackLimits(&Low, &High);
    RtlCaptureContext(&Context);
    while (Stored < Count && Context.Rsp >= Low && Context.Rsp < High) {
        ULONG64 ImageBase, Frame;
        PVOID HandlerData;
        PEXCEPTION_ROUTINE Handler;
        PRUNTIME_FUNCTION Entry = RtlLookupFunctionEntry(Context.Rip, &ImageBase, NULL);
        NTSTATUS Status =
            RtlVirtualUnwind2(UNW_FLAG_NHANDLER, ImageBase, Context.Rip, Entry, &Context, NULL,
                              &HandlerData, &Frame, NULL, &Low, &High, &Handler, 0);
        if (!NT_SUCCESS(Status) || Context.Rip == 0) {
            break;
        }
        if (Skip != 0) {
            Skip -= 1;
        } else {
            Callers[Stored] = (PVOID)Context.Rip;
            Stored += 1;
        }
    }
    return Stored;
}

/*
 * RtlCaptureStackBackTrace - the same, without the first FramesToSkip, with a hash.
 *
 * The first frame is that of the caller, as RtlWalkFrameChain sees it. BackTraceHash, if given,
 * receives the sum of the addresses. Frames beyond the 64th are not seen. Any IRQL.
 * Public source: SDK, "CaptureStackBackTrace".
 */
USHORT NTAPI RtlCaptureStackBackTrace(ULONG FramesToSkip, ULONG FramesToCapture, PVOID *BackTrace,
                                      PULONG BackTraceHash) {
    PVOID Callers[64];
    ULONG Found, Kept = 0, Hash = 0;

    if (FramesToSkip >= RTL_NUMBER_OF(Callers)) {
        return 0;
    }
    Found = RtlWalkFrameChain(Callers, RTL_NUMBER_OF(Callers), 0);
    for (ULONG Index = FramesToSkip; Index < Found && Kept < FramesToCapture; Index += 1) {
        BackTrace[Kept] = Callers[Index];
        Hash += (ULONG)(ULONG_PTR)Callers[Index];
        Kept += 1;
    }
    if (BackTraceHash != NULL) {
        *BackTraceHash = Hash;
    }
    return (USHORT)Kept;
}
