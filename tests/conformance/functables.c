/*
 * functables.c - unwind entries that a program registers for code that it makes
 *
 * Eight equal functions are made at 40h from each other, with unwind data and a thunk to a handler
 * behind them, and each calls what it is given: so an exception in its callee must find its entry.
 */
#include "threading.h"

NTSYS ULONG NTAPI RtlAddGrowableFunctionTable(PVOID *, PRUNTIME_FUNCTION, ULONG, ULONG, ULONG_PTR,
                                              ULONG_PTR);
NTSYS VOID NTAPI RtlGrowFunctionTable(PVOID, ULONG);
NTSYS VOID NTAPI RtlDeleteGrowableFunctionTable(PVOID);

#define FUNCTIONS 8
#define STEP      0x40
#define LENGTH    14
#define THUNK     0x800
#define UNWIND    0x900

typedef ULONG (*MADE)(void (*Callee)(void));

static PUCHAR Code;
static RUNTIME_FUNCTION Entries[FUNCTIONS], Others[FUNCTIONS];
static PVOID CallbackContext;
static ULONG Callbacks;

/* sub rsp, 28h; call rcx; nop; add rsp, 28h; ret */
static const UCHAR Function[LENGTH] = {0x48, 0x83, 0xEC, 0x28, 0xFF, 0xD1, 0x90,
                                       0x48, 0x83, 0xC4, 0x28, 0xC3, 0xCC, 0xCC};
static const UCHAR Unwind[8] = {0x19, 4, 1, 0, 4, 0x42, 0, 0};

/* Takes every exception: the made function goes on behind its call, and returns the code. */
static EXCEPTION_DISPOSITION Handler(PEXCEPTION_RECORD Record, PVOID Frame, PCONTEXT Context,
                                     PDISPATCHER_CONTEXT Dispatcher) {
    (void)Context;
    if ((Record->ExceptionFlags & 2) == 0) {
        RtlUnwindEx(Frame, (PVOID)Dispatcher->ControlPc, Record,
                    (PVOID)(ULONG_PTR)Record->ExceptionCode, Dispatcher->ContextRecord, NULL);
    }
    return ExceptionContinueSearch;
}

static void Raise(void) {
    EXCEPTION_RECORD Record = {.ExceptionCode = 0xE0000042};
    RtlRaiseException(&Record);
}

static void MakeCode(void) {
    SIZE_T Size = PAGE;
    PVOID Base = NULL;
    NtAllocateVirtualMemory(SELF, &Base, 0, &Size, MEM_COMMIT | MEM_RESERVE,
                            PAGE_EXECUTE_READWRITE);
    Code = Base;
    for (ULONG i = 0; i < FUNCTIONS; i++) {
        memcpy(Code + i * STEP, Function, LENGTH);
        Entries[i].BeginAddress = i * STEP;
        Entries[i].EndAddress = i * STEP + LENGTH;
        Entries[i].UnwindData = UNWIND;
        Others[i] = Entries[i];
    }
    memcpy(Code + THUNK, "\xFF\x25\0\0\0\0", 6);
    *(PULONG64)(Code + THUNK + 6) = (ULONG64)Handler;
    memcpy(Code + UNWIND, Unwind, sizeof(Unwind));
    *(PULONG)(Code + UNWIND + sizeof(Unwind)) = THUNK;
    memcpy(Code + UNWIND + 0x20, Unwind, sizeof(Unwind));
    *(PULONG)(Code + UNWIND + 0x20 + sizeof(Unwind)) = THUNK + PAGE;
}

/* Which entry of which table is found for an offset of the made code? */
static void Look(const char *What, ULONG Offset) {
    ULONG64 Base = 0;
    PRUNTIME_FUNCTION Found = RtlLookupFunctionEntry((ULONG64)Code + Offset, &Base, NULL);
    if (Found == NULL) {
        Print("%s %03x: none\n", What, Offset);
    } else if (Found >= Others && Found < Others + FUNCTIONS) {
        Print("%s %03x: other %u, base %d\n", What, Offset, (ULONG)(Found - Others),
              (int)(Base - (ULONG64)Code));
    } else {
        Print("%s %03x: entry %u, base %d\n", What, Offset, (ULONG)(Found - Entries),
              (int)(Base - (ULONG64)Code));
    }
}

static void LookAround(const char *What) {
    static const ULONG Offsets[] = {0,    LENGTH - 1,   LENGTH,   STEP - 1,
                                    STEP, 2 * STEP + 5, 3 * STEP, 7 * STEP + LENGTH - 1,
                                    0x400};
    for (ULONG i = 0; i < ARRAYSIZE(Offsets); i++) {
        Look(What, Offsets[i]);
    }
}

static void Call(ULONG Index) {
    Print("exception in function %u: %08x\n", Index, ((MADE)(Code + Index * STEP))(Raise));
}

static void Tables(void) {
    LookAround("nothing");
    Check("add three", RtlAddFunctionTable(Entries, 3, (ULONG64)Code));
    LookAround("three");
    Call(0);
    Call(2);
    Check("add others", RtlAddFunctionTable(Others + 1, 2, (ULONG64)Code));
    Look("first table wins", STEP);
    Check("delete", RtlDeleteFunctionTable(Entries));
    Look("second table", STEP);
    Look("second table", 0);
    Check("delete again", RtlDeleteFunctionTable(Entries));
    Check("delete by an entry", RtlDeleteFunctionTable(Others + 2));
    Check("delete others", RtlDeleteFunctionTable(Others + 1));
    LookAround("deleted");
}

/* The same address, relative to another base; so is the handler in its unwind data. */
static void OtherBase(void) {
    RUNTIME_FUNCTION One = Entries[4];
    One.BeginAddress += PAGE;
    One.EndAddress += PAGE;
    One.UnwindData = UNWIND + 0x20 + PAGE;
    ULONG64 Base = 0;
    Check("add below", RtlAddFunctionTable(&One, 1, (ULONG64)Code - PAGE));
    Check("found below", RtlLookupFunctionEntry((ULONG64)Code + 4 * STEP, &Base, NULL) == &One);
    Check("base below", Base == (ULONG64)Code - PAGE);
    Call(4);
    Check("delete below", RtlDeleteFunctionTable(&One));
}

static PRUNTIME_FUNCTION CALLBACK Provide(DWORD64 ControlPc, PVOID Context) {
    Callbacks++;
    CallbackContext = Context;
    ULONG Index = (ULONG)(ControlPc - (ULONG64)Code) / STEP;
    return Index < FUNCTIONS ? &Entries[Index] : NULL;
}

static void Callback(void) {
    ULONG64 Identifier = (ULONG64)Code | 3;
    Check("identifier without bits", RtlInstallFunctionTableCallback((ULONG64)Code, (ULONG64)Code,
                                                                     0x200, Provide, NULL, NULL));
    Check("identifier with one bit",
          RtlInstallFunctionTableCallback((ULONG64)Code | 1, (ULONG64)Code, 0x200, Provide, NULL,
                                          NULL));
    Check("install", RtlInstallFunctionTableCallback(Identifier, (ULONG64)Code, 0x200, Provide,
                                                     &Callbacks, NULL));
    Look("callback", 3 * STEP + 1);
    Look("callback", 0x1FF);
    Print("calls: %u\n", Callbacks);
    Look("outside", 0x200);
    Print("calls: %u\n", Callbacks);
    Check("context", CallbackContext == &Callbacks);
    Call(5);
    Check("remove", RtlDeleteFunctionTable((PRUNTIME_FUNCTION)Identifier));
    Check("remove again", RtlDeleteFunctionTable((PRUNTIME_FUNCTION)Identifier));
    Look("removed", 3 * STEP + 1);
}

static void Growable(void) {
    PVOID Table = NULL;
    ULONG64 Base = (ULONG64)Code;
    ShowStatus("growable",
               (NTSTATUS)RtlAddGrowableFunctionTable(&Table, Entries, 1, 4, Base, Base + 0x100));
    Check("handle", Table != NULL);
    Look("one", 0);
    Look("one", STEP);
    RtlGrowFunctionTable(Table, 3);
    Look("three", 2 * STEP);
    Look("three", 3 * STEP);
    Call(2);
    RtlGrowFunctionTable(Table, 2);
    Look("not smaller", 2 * STEP);
    RtlGrowFunctionTable(Table, 5);
    Look("not past the maximum", 3 * STEP);
    RtlGrowFunctionTable(Table, 4);
    Look("four", 3 * STEP);
    Look("behind the range", 4 * STEP);
    RtlDeleteGrowableFunctionTable(Table);
    LookAround("no growable");
}

/* A range over the program itself is never asked. */
static void Images(void) {
    ULONG64 Base = 0, Image = 0;
    PRUNTIME_FUNCTION Own = RtlLookupFunctionEntry((ULONG64)Start, &Image, NULL);
    Callbacks = 0;
    Check("install over the program",
          RtlInstallFunctionTableCallback(7, Image, 0x1000000, Provide, NULL, NULL));
    Check("image first", RtlLookupFunctionEntry((ULONG64)Start, &Base, NULL) == Own);
    Print("calls: %u\n", Callbacks);
    Check("remove", RtlDeleteFunctionTable((PRUNTIME_FUNCTION)7));
}

static volatile LONG Stop, Wrong;

/* Tables come and go while other threads' exceptions need the one that stays. */
static NTSTATUS NTAPI Changer(PVOID Parameter) {
    PRUNTIME_FUNCTION Table = Parameter;
    for (ULONG i = 0; i < 500; i++) {
        PVOID Grown;
        RtlAddFunctionTable(Table, 1, (ULONG64)Code);
        RtlAddGrowableFunctionTable(&Grown, Table + 1, 1, 1, (ULONG64)Code + 0x1000,
                                    (ULONG64)Code + 0x2000);
        if (!RtlDeleteFunctionTable(Table)) {
            InterlockedIncrement(&Wrong);
        }
        RtlDeleteGrowableFunctionTable(Grown);
    }
    InterlockedIncrement(&Stop);
    return 0;
}

static NTSTATUS NTAPI Raiser(PVOID Parameter) {
    (void)Parameter;
    while (Stop < 2) {
        if (((MADE)(Code + 6 * STEP))(Raise) != 0xE0000042) {
            InterlockedIncrement(&Wrong);
        }
    }
    return 0;
}

static void Threads(void) {
    HANDLE Threads[3];
    Check("add", RtlAddFunctionTable(Entries + 6, 1, (ULONG64)Code));
    Threads[0] = Begin(Changer, Entries, FALSE);
    Threads[1] = Begin(Changer, Others, FALSE);
    Threads[2] = Begin(Raiser, NULL, FALSE);
    for (ULONG i = 0; i < 3; i++) {
        EndOf(Threads[i]);
    }
    Print("wrong: %d\n", Wrong);
    Check("delete", RtlDeleteFunctionTable(Entries + 6));
}

/* Windows takes note of a table that is not sorted (RF_UNSORTED in phnt's FUNCTION_TABLE_TYPE). */
static void Unsorted(void) {
    for (ULONG i = 0; i < FUNCTIONS; i++) {
        Entries[i] = Others[FUNCTIONS - 1 - i];
    }
    Check("add unsorted", RtlAddFunctionTable(Entries, FUNCTIONS, (ULONG64)Code));
    LookAround("unsorted");
    Call(0);
    Check("delete", RtlDeleteFunctionTable(Entries));
}

void Start(void) {
    MakeCode();
    if (LastArgumentIs(L"documented")) {
        Unsorted();
        Exit(0);
    }
    Tables();
    OtherBase();
    Callback();
    Growable();
    Images();
    Threads();
    Exit(0);
}
