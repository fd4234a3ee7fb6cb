/*
 * vectored.c - vectored exception and continue handlers (user mode only)
 *
 * A vectored handler belongs to the process, not to a frame: all are asked, in the order of the
 * list, before the stack is searched. EXCEPTION_CONTINUE_EXECUTION (-1) ends the search; the
 * continue handlers are then asked too, before the context is resumed.
 *
 * The list may be changed while it is walked, even by the handler that runs. A walker holds a
 * reference on the entry it stands on; removal marks the entry dead and drops the list's own
 * reference. The spin lock guards links and counts, and is never held across a call.
 */

#include "unwindp.h"

#ifdef NTOS_USER

#include "ntapi.h"

typedef struct _RTLP_VECTORED_HANDLER {
    LIST_ENTRY Link;
    ULONG References;
    BOOLEAN Dead;
    PVECTORED_EXCEPTION_HANDLER Routine;
} RTLP_VECTORED_HANDLER, *PRTLP_VECTORED_HANDLER;

static LIST_ENTRY RtlpExceptionHandlers = {&RtlpExceptionHandlers, &RtlpExceptionHandlers};
static LIST_ENTRY RtlpContinueHandlers = {&RtlpContinueHandlers, &RtlpContinueHandlers};
static CHAR RtlpVectoredLock;

static VOID RtlpLockVectored(VOID) {
    while (__atomic_test_and_set(&RtlpVectoredLock, __ATOMIC_ACQUIRE)) {
        NtYieldExecution();
    }
}

static VOID RtlpUnlockVectored(VOID) {
    __atomic_clear(&RtlpVectoredLock, __ATOMIC_RELEASE);
}

static PVOID RtlpAddVectored(PLIST_ENTRY Head, ULONG First, PVECTORED_EXCEPTION_HANDLER Routine) {
    PLIST_ENTRY After;
    PRTLP_VECTORED_HANDLER Node = RtlAllocateHeap(RtlProcessHeap(), 0, sizeof(*Node));
    if (Node == NULL) {
        return NULL;
    }
    Node->References = 1;
    Node->Dead = FALSE;
    Node->Routine = Routine;
    RtlpLockVectored();
    After = First != 0 ? Head : Head->Blink;
    Node->Link.Flink = After->Flink;
    Node->Link.Blink = After;
    After->Flink->Blink = &Node->Link;
    After->Flink = &Node->Link;
    RtlpUnlockVectored();
    return Node;
}

/* Drops a reference under the lock; the last one takes the entry off the list. */
static BOOLEAN RtlpDropVectored(PRTLP_VECTORED_HANDLER Node) {
    Node->References -= 1;
    if (Node->References != 0) {
        return FALSE;
    }
    Node->Link.Blink->Flink = Node->Link.Flink;
    Node->Link.Flink->Blink = Node->Link.Blink;
    return TRUE;
}

static ULONG RtlpRemoveVectored(PLIST_ENTRY Head, PVOID Handle) {
    BOOLEAN Found = FALSE;
    BOOLEAN Free = FALSE;
    RtlpLockVectored();
    for (PLIST_ENTRY Link = Head->Flink; Link != Head; Link = Link->Flink) {
        PRTLP_VECTORED_HANDLER Node = CONTAINING_RECORD(Link, RTLP_VECTORED_HANDLER, Link);
        if (Node == Handle && !Node->Dead) {
            Found = TRUE;
            Node->Dead = TRUE;
            Free = RtlpDropVectored(Node);
            break;
        }
    }
    RtlpUnlockVectored();
    if (Free) {
        RtlFreeHeap(RtlProcessHeap(), 0, Handle);
    }
    return Found;
}

/* Steps from an entry to the next living one, moving the reference along. */
static PRTLP_VECTORED_HANDLER RtlpNextVectored(PLIST_ENTRY Head, PRTLP_VECTORED_HANDLER Node) {
    PRTLP_VECTORED_HANDLER Next = NULL;
    BOOLEAN Free = FALSE;
    PLIST_ENTRY Link;
    RtlpLockVectored();
    for (Link = Node != NULL ? Node->Link.Flink : Head->Flink; Link != Head; Link = Link->Flink) {
        Next = CONTAINING_RECORD(Link, RTLP_VECTORED_HANDLER, Link);
        if (!Next->Dead) {
            Next->References += 1;
            break;
        }
        Next = NULL;
    }
    if (Node != NULL) {
        Free = RtlpDropVectored(Node);
    }
    RtlpUnlockVectored();
    if (Free) {
        RtlFreeHeap(RtlProcessHeap(), 0, Node);
    }
    return Next;
}

static BOOLEAN RtlpWalkVectored(PLIST_ENTRY Head, PEXCEPTION_POINTERS Pointers) {
    BOOLEAN Handled = FALSE;
    PRTLP_VECTORED_HANDLER Node = RtlpNextVectored(Head, NULL);
    while (Node != NULL) {
        /* Once handled, the rest of the list is only stepped over, to give up the reference. */
        Handled = Handled || Node->Routine(Pointers) == EXCEPTION_CONTINUE_EXECUTION;
        Node = RtlpNextVectored(Head, Node);
    }
    return Handled;
}

BOOLEAN NTAPI RtlpCallVectoredHandlers(PEXCEPTION_RECORD ExceptionRecord, PCONTEXT ContextRecord) {
    EXCEPTION_POINTERS Pointers = {ExceptionRecord, ContextRecord};
    if (!RtlpWalkVectored(&RtlpExceptionHandlers, &Pointers)) {
        return FALSE;
    }
    RtlpWalkVectored(&RtlpContinueHandlers, &Pointers);
    return TRUE;
}

/* RtlAddVectoredExceptionHandler - returns a handle for the removal; NULL: no memory. */
PVOID NTAPI RtlAddVectoredExceptionHandler(ULONG First, PVECTORED_EXCEPTION_HANDLER Handler) {
    return RtlpAddVectored(&RtlpExceptionHandlers, First, Handler);
}

/* RtlRemoveVectoredExceptionHandler - nonzero if the handle was one. */
ULONG NTAPI RtlRemoveVectoredExceptionHandler(PVOID Handle) {
    return RtlpRemoveVectored(&RtlpExceptionHandlers, Handle);
}

PVOID NTAPI RtlAddVectoredContinueHandler(ULONG First, PVECTORED_EXCEPTION_HANDLER Handler) {
    return RtlpAddVectored(&RtlpContinueHandlers, First, Handler);
}

ULONG NTAPI RtlRemoveVectoredContinueHandler(PVOID Handle) {
    return RtlpRemoveVectored(&RtlpContinueHandlers, Handle);
}

/*
 * RtlpUnhandledException - gives the kernel the second chance, which ends the process.
 */
DECLSPEC_NORETURN VOID NTAPI RtlpUnhandledException(PEXCEPTION_RECORD ExceptionRecord,
                                                    PCONTEXT ContextRecord) {
    NtRaiseException(ExceptionRecord, ContextRecord, FALSE);
    for (;;) {
        NtTerminateProcess(NtCurrentProcess(), ExceptionRecord->ExceptionCode);
    }
}

#endif
