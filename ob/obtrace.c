/*
 * obtrace.c - who has references to an object: traces of every reference taken and given back
 *
 * An object whose count is too high will never be deleted, and the count does not say who forgot
 * to give a reference back. So in the checked build the objects of chosen types can be traced: the
 * boot option /OBTRACE=Event,Mutant names the types (Windows: ObTracePoolTags in the registry).
 * Each reference and dereference is written down with a sequence number, a tag, and the stack of
 * calls that led there; the debugger's !obtrace shows the list and what is left over by tag.
 *
 * The tag says what a reference is for. Who passes none has "Dflt"; the object manager's own are
 *
 *      Hndl    a handle holds it: it took the reference over from the one who made the handle
 *      Name    the entry of a directory holds it
 *
 * so a reference that is left over is the handle's, the name's or, with its stack, somebody's who
 * holds a pointer. An object has a ring of the latest records, but its sums by tag are of all of
 * them. Stacks are kept once each, in a table by hash. All is guarded by one spin lock.
 */
#include "obp.h"
#include "hal.h"
#include "ntrtl.h"

#if DBG

#define OBTRACE_OBJECTS      64
#define OBTRACE_REFERENCES   128
#define OBTRACE_TAGS         8
#define OBTRACE_STACKS       1024
#define OBTRACE_STACK_LENGTH 16
#define OBTRACE_OTHER_TAGS   0x2A2A2A2A /* '****': there are more tags than fit */

typedef struct _OBJECT_REF_TRACE {
    PVOID StackTrace[OBTRACE_STACK_LENGTH]; /* the innermost first; NULL ends it */
} OBJECT_REF_TRACE, *POBJECT_REF_TRACE;

typedef struct _OBJECT_REF_STACK_INFO {
    ULONG Sequence;
    USHORT Index; /* in ObpStackTable */
    SHORT Change; /* +1 or -1 */
    ULONG Tag;
} OBJECT_REF_STACK_INFO, *POBJECT_REF_STACK_INFO;

typedef struct _OBJECT_REF_TAG {
    ULONG Tag;
    ULONG References;
    ULONG Dereferences;
} OBJECT_REF_TAG;

typedef struct _OBJECT_REF_INFO {
    POBJECT_HEADER ObjectHeader; /* NULL: free */
    UCHAR ImageFileName[16];     /* of the process that created it */
    ULONG NextPos;               /* records ever made; they go round in Refs */
    OBJECT_REF_TAG Tags[OBTRACE_TAGS];
    OBJECT_REF_STACK_INFO Refs[OBTRACE_REFERENCES];
} OBJECT_REF_INFO, *POBJECT_REF_INFO;

/* Guarded by ObpTraceLock; NULL unless the boot option is given. */
static POBJECT_REF_INFO ObpObjectTable;
static POBJECT_REF_TRACE ObpStackTable;
static ULONG ObpStackSequence;
static KSPIN_LOCK ObpTraceLock;

ULONG64 ObpTracedTypes; /* bit n: the type of index n; constant once it is created */

/* Is Name one of the comma-separated words of the boot option? */
static BOOLEAN ObpIsTraced(PCUNICODE_STRING Name) {
    PCSTR Text = HalQueryLoadOption("OBTRACE");
    ULONG Letter = 0, Letters = Name->Length / sizeof(WCHAR);
    BOOLEAN Same = TRUE;
    for (; Text != NULL; Text++) {
        if (*Text == ',' || *Text == ' ' || *Text == 0) {
            if (Same && Letter == Letters) {
                return TRUE;
            }
            if (*Text != ',') {
                break;
            }
            Letter = 0;
            Same = TRUE;
        } else {
            Same = Same && Letter < Letters && (*Text | 0x20) == (Name->Buffer[Letter] | 0x20);
            Letter++;
        }
    }
    return FALSE;
}

/* A type is made: are its objects to be traced? The tables are made with the first such type. */
VOID ObpTraceType(_In_ POBJECT_TYPE Type) {
    if (!ObpIsTraced(&Type->Name)) {
        return;
    }
    if (ObpObjectTable == NULL) {
        ObpStackTable = MmAllocateSystemPages(OBTRACE_STACKS * sizeof(OBJECT_REF_TRACE));
        ObpObjectTable = MmAllocateSystemPages(OBTRACE_OBJECTS * sizeof(OBJECT_REF_INFO));
    }
    if (ObpStackTable != NULL && ObpObjectTable != NULL) {
        ObpTracedTypes |= 1ull << Type->Index;
    }
}

/* The index of a stack in the table, entered if need be; the last one stands for all that found no
 * room. */
static USHORT ObpFindStack(const OBJECT_REF_TRACE *Trace, ULONG Hash) {
    for (ULONG i = 0; i < OBTRACE_STACKS - 1; i++) {
        ULONG Index = (Hash + i) % (OBTRACE_STACKS - 1);
        POBJECT_REF_TRACE Place = &ObpStackTable[Index];
        if (Place->StackTrace[0] == NULL) {
            *Place = *Trace;
        }
        if (RtlCompareMemory(Place, Trace, sizeof(*Trace)) == sizeof(*Trace)) {
            return (USHORT)Index;
        }
    }
    return OBTRACE_STACKS - 1;
}

static VOID ObpCountTag(POBJECT_REF_INFO Info, LONG Change, ULONG Tag) {
    OBJECT_REF_TAG *Found = Info->Tags;
    while (Found->Tag != Tag && Found->Tag != 0 && Found != &Info->Tags[OBTRACE_TAGS - 1]) {
        Found++;
    }
    if (Found->Tag != Tag) {
        Found->Tag = Found->Tag == 0 ? Tag : OBTRACE_OTHER_TAGS;
    }
    if (Change > 0) {
        Found->References++;
    } else {
        Found->Dereferences++;
    }
}

static POBJECT_REF_INFO ObpFindTrace(POBJECT_HEADER Header) {
    for (ULONG i = 0; i < OBTRACE_OBJECTS; i++) {
        if (ObpObjectTable[i].ObjectHeader == Header) {
            return &ObpObjectTable[i];
        }
    }
    return NULL;
}

/*
 * Writes down that a reference is about to be taken or given back (Change +1, -1). The caller has
 * one, so the object is there. IRQL <= DISPATCH_LEVEL.
 */
__attribute__((noinline)) VOID ObpTraceReference(_In_ POBJECT_HEADER Header, _In_ LONG Change,
                                                 _In_ ULONG Tag) {
    OBJECT_REF_TRACE Trace = {0};
    ULONG Hash = 0;
    KIRQL OldIrql;
    RtlCaptureStackBackTrace(1, OBTRACE_STACK_LENGTH, Trace.StackTrace, &Hash);
    KeAcquireSpinLock(&ObpTraceLock, &OldIrql);
    POBJECT_REF_INFO Info = ObpFindTrace(Header);
    if (Info != NULL) {
        Info->Refs[Info->NextPos++ % OBTRACE_REFERENCES] =
            (OBJECT_REF_STACK_INFO){.Sequence = ++ObpStackSequence,
                                    .Index = ObpFindStack(&Trace, Hash),
                                    .Change = (SHORT)Change,
                                    .Tag = Tag};
        ObpCountTag(Info, Change, Tag);
    }
    KeReleaseSpinLock(&ObpTraceLock, OldIrql);
}

/* A new object of a traced type. Without a free place it is not traced. */
VOID ObpTraceNewObject(_Inout_ POBJECT_HEADER Header) {
    KIRQL OldIrql;
    KeAcquireSpinLock(&ObpTraceLock, &OldIrql);
    POBJECT_REF_INFO Info = ObpFindTrace(NULL);
    if (Info != NULL) {
        *Info = (OBJECT_REF_INFO){.ObjectHeader = Header};
        RtlCopyMemory(Info->ImageFileName, PsGetCurrentProcess()->ImageFileName,
                      sizeof(PsGetCurrentProcess()->ImageFileName));
        Header->DbgRefTrace = TRUE;
    }
    KeReleaseSpinLock(&ObpTraceLock, OldIrql);
    if (Info != NULL) {
        ObpTraceReference(Header, 1, OBP_TAG_DEFAULT);
    }
}

/* The object is freed. */
VOID ObpTraceDeletedObject(_In_ POBJECT_HEADER Header) {
    KIRQL OldIrql;
    KeAcquireSpinLock(&ObpTraceLock, &OldIrql);
    POBJECT_REF_INFO Info = ObpFindTrace(Header);
    if (Info != NULL) {
        Info->ObjectHeader = NULL;
    }
    KeReleaseSpinLock(&ObpTraceLock, OldIrql);
}

#endif
