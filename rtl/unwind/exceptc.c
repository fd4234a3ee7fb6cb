/*
 * exceptc.c - __C_specific_handler: what __try means
 *
 * The compiler lists every __try of a function in a scope table behind the function's unwind info:
 * the range of code it guards, and either the filter funclet and the address of the __except block,
 * or the __finally funclet (JumpTarget 0). Inner scopes come first, so the order of the table is
 * the order in which they are asked.
 *
 * First pass: filters are called, on top of the stack of the exception; the first that says
 * EXCEPTION_EXECUTE_HANDLER makes this frame the target of an unwind. Second pass: the __finally
 * blocks of all frames up to the target run, and in the target's frame those that lie inside the
 * chosen __try. ScopeIndex, kept in the dispatcher context, remembers how far the pass got, so
 * that an unwind that collides with this one goes on behind the __finally that was interrupted.
 */

#include "unwindp.h"

typedef struct _RTLP_SCOPE_WALK {
    PSCOPE_TABLE Table;
    ULONG64 ImageBase;
    ULONG64 Frame;
    ULONG ControlRva;
} RTLP_SCOPE_WALK;

static BOOLEAN RtlpInScope(PSCOPE_TABLE Table, ULONG Index, ULONG Rva) {
    return Rva >= Table->ScopeRecord[Index].BeginAddress &&
           Rva < Table->ScopeRecord[Index].EndAddress;
}

/* Asks the filter of a scope. */
static LONG RtlpCallFilter(const RTLP_SCOPE_WALK *Walk, ULONG Index, PEXCEPTION_POINTERS Pointers) {
    ULONG Filter = Walk->Table->ScopeRecord[Index].HandlerAddress;
    if (Filter == EXCEPTION_EXECUTE_HANDLER) {
        return EXCEPTION_EXECUTE_HANDLER; /* a constant filter needs no funclet */
    }
    return ((PEXCEPTION_FILTER)(Walk->ImageBase + Filter))(Pointers, (PVOID)Walk->Frame);
}

/* First pass: looks for a filter that takes the exception. */
static EXCEPTION_DISPOSITION RtlpSearchScopes(const RTLP_SCOPE_WALK *Walk,
                                              PEXCEPTION_RECORD ExceptionRecord,
                                              PCONTEXT ContextRecord,
                                              PDISPATCHER_CONTEXT Dispatcher) {
    EXCEPTION_POINTERS Pointers = {ExceptionRecord, ContextRecord};
    for (ULONG Index = Dispatcher->ScopeIndex; Index < Walk->Table->Count; Index += 1) {
        ULONG Target = Walk->Table->ScopeRecord[Index].JumpTarget;
        LONG Answer;
        if (!RtlpInScope(Walk->Table, Index, Walk->ControlRva) || Target == 0) {
            continue;
        }
        Answer = RtlpCallFilter(Walk, Index, &Pointers);
        if (Answer < 0) {
            return ExceptionContinueExecution;
        }
        if (Answer > 0) {
            RtlUnwindEx((PVOID)Walk->Frame, (PVOID)(Walk->ImageBase + Target), ExceptionRecord,
                        (PVOID)(ULONG_PTR)(ULONG)ExceptionRecord->ExceptionCode,
                        Dispatcher->ContextRecord, Dispatcher->HistoryTable);
        }
    }
    return ExceptionContinueSearch;
}

/*
 * Where in the table does an unwind end that goes to an address of this function? At the scope
 * whose
 * __except block it enters; or (a jump out of a __try) at the first scope around the address.
 * Count if at none.
 *
 * The block is looked for first: a compiler may put it directly behind a call that does not
 * return, on the very byte by which the guarded range includes the return address.
 */
static ULONG RtlpTargetScope(const RTLP_SCOPE_WALK *Walk, ULONG TargetRva) {
    PSCOPE_TABLE Table = Walk->Table;
    for (ULONG Index = 0; Index < Table->Count; Index += 1) {
        ULONG Jump = Table->ScopeRecord[Index].JumpTarget;
        if (Jump != 0 && Jump == TargetRva && RtlpInScope(Table, Index, Walk->ControlRva)) {
            return Index;
        }
    }
    for (ULONG Index = 0; Index < Table->Count; Index += 1) {
        if (RtlpInScope(Table, Index, TargetRva)) {
            return Index;
        }
    }
    return Table->Count;
}

/* Do two records stand for one __try? Its range may have been cut up. */
static BOOLEAN RtlpSameScope(PSCOPE_TABLE Table, ULONG Index, ULONG Other) {
    return Other < Table->Count &&
           Table->ScopeRecord[Other].JumpTarget == Table->ScopeRecord[Index].JumpTarget &&
           Table->ScopeRecord[Other].HandlerAddress == Table->ScopeRecord[Index].HandlerAddress;
}

/* Second pass: runs the __finally blocks on the way. */
static EXCEPTION_DISPOSITION RtlpRunTerminations(const RTLP_SCOPE_WALK *Walk,
                                                 PEXCEPTION_RECORD ExceptionRecord,
                                                 PDISPATCHER_CONTEXT Dispatcher) {
    PSCOPE_TABLE Table = Walk->Table;
    ULONG Last = Table->Count;
    if (IS_TARGET_UNWIND(ExceptionRecord->ExceptionFlags)) {
        Last = RtlpTargetScope(Walk, (ULONG)(Dispatcher->TargetIp - Walk->ImageBase));
    }
    for (ULONG Index = Dispatcher->ScopeIndex; Index < Table->Count; Index += 1) {
        if (!RtlpInScope(Table, Index, Walk->ControlRva)) {
            continue;
        }
        if (RtlpSameScope(Table, Index, Last)) {
            break;
        }
        if (Table->ScopeRecord[Index].JumpTarget == 0) {
            ULONG64 Finally = Walk->ImageBase + Table->ScopeRecord[Index].HandlerAddress;
            Dispatcher->ScopeIndex = Index + 1;
            ((PTERMINATION_HANDLER)Finally)(TRUE, (PVOID)Walk->Frame);
        }
    }
    return ExceptionContinueSearch;
}

/*
 * __C_specific_handler - the language handler of C functions with __try.
 *
 * Called by RtlDispatchException and RtlUnwindEx; does not return when a filter takes the
 * exception. IRQL: that of the code that raised it. Public source: Microsoft Learn,
 * "__C_specific_handler" and the x64 exception handling pages.
 */
EXCEPTION_DISPOSITION NTAPI __C_specific_handler(PEXCEPTION_RECORD ExceptionRecord,
                                                 PVOID EstablisherFrame, PCONTEXT ContextRecord,
                                                 PDISPATCHER_CONTEXT DispatcherContext) {
    RTLP_SCOPE_WALK Walk = {
        .Table = DispatcherContext->HandlerData,
        .ImageBase = DispatcherContext->ImageBase,
        .Frame = (ULONG64)EstablisherFrame,
        .ControlRva = (ULONG)(DispatcherContext->ControlPc - DispatcherContext->ImageBase),
    };
    if (IS_UNWINDING(ExceptionRecord->ExceptionFlags)) {
        return RtlpRunTerminations(&Walk, ExceptionRecord, DispatcherContext);
    }
    return RtlpSearchScopes(&Walk, ExceptionRecord, ContextRecord, DispatcherContext);
}
