/*
 * structure.c - what arguments point at: structures in the arena, mostly good, some wrong in a place
 */
#include "structure.h"

/* ---- Values of no sense ---- */

ULONG64 MakeWild(RANDOM *Random) {
    static const ULONG64 Wild[] = {0,
                                   1,
                                   2,
                                   7,
                                   8,
                                   0x10,
                                   0xFFF,
                                   0x1000,
                                   0x10000,
                                   0x7FFFFFFF,
                                   0x80000000,
                                   0xFFFFFFFF,
                                   0x100000000,
                                   0x7FFE0000,
                                   0x7FFFFFFEFFFF,
                                   0x7FFFFFFF0000,
                                   0x7FFFFFFFFFFF,
                                   0x800000000000,
                                   0xFFFF7FFFFFFFFFFF,
                                   0xFFFF800000000000,
                                   0xFFFFF68000000000,
                                   0xFFFFF6FB7DBED000,
                                   0xFFFFF78000000000,
                                   0xFFFFF80000000000,
                                   0xFFFFF80000200000,
                                   0xFFFFFA8000000000,
                                   0x7FFFFFFFFFFFFFFF,
                                   0x8000000000000000,
                                   0xFFFFFFFFFFFFFFF8,
                                   0xFFFFFFFFFFFFFFFF};
    switch (Pick(Random, 8)) {
    case 0:
        return Next(Random);
    case 1:
        return 1ull << Pick(Random, 64);
    case 2:
        return (1ull << Pick(Random, 64)) - 1;
    case 3:
        return Next(Random) & 0x7FFFFFFFFFFF;
    default:
        return Wild[Pick(Random, ARRAYSIZE(Wild))];
    }
}

ULONG64 MakeNumber(RANDOM *Random) {
    static const ULONG64 Common[] = {0, 0, 0, 1, 1, 2, 3, 4, 8, 16, 0x40, 0x100, 0x1000, 0x10000};
    ULONG Chance = Pick(Random, 16);
    if (Chance < 11) {
        return Common[Pick(Random, ARRAYSIZE(Common))];
    }
    return Chance < 14 ? Pick(Random, 0x200) : MakeWild(Random);
}

/* ---- Places in memory ---- */

/* Room in the arena; the contents are what the call before has left. */
static ULONG64 Reserve(WORKER *Worker, ULONG Size, ULONG Alignment) {
    ULONG Start = (Worker->Used + Alignment - 1) & ~(Alignment - 1);
    if (Start + Size > ARENA_SIZE) {
        Start = 0;
    }
    Worker->Used = Start + Size;
    return (ULONG64)Worker->Arena + Start;
}

/* An address for Size bytes: mostly good, sometimes at an edge, sometimes bad. */
ULONG64 Place(WORKER *Worker, ULONG Size, ULONG Alignment) {
    RANDOM *Random = &Worker->Random;
    ULONG64 End = (ULONG64)Worker->Arena + ARENA_SIZE;
    if (Size > ARENA_SIZE / 2) {
        return (ULONG64)Worker->Arena;
    }
    switch (Pick(Random, 64)) {
    case 0:
        return 0;
    case 1:
        return MakeWild(Random);
    case 2: /* begins in the arena, ends in the hole */
        return End - Size + Pick(Random, Size + 1);
    case 3:
        return Reserve(Worker, Size, Alignment) + Pick(Random, 8);
    case 4: /* a page that can be read only */
        return End + PAGE + Pick(Random, PAGE / 8) * 8;
    case 5: /* a guard page */
        return End + 2 * PAGE + Pick(Random, PAGE / 8) * 8;
    case 6:
        return PickAddress(Random);
    case 7:
    case 8:
        return End - Size; /* to the last byte */
    default:
        return Reserve(Worker, Size, Alignment);
    }
}

BOOL InArena(const WORKER *Worker, ULONG64 Address, ULONG64 Size) {
    return Address >= (ULONG64)Worker->Arena &&
           Address + Size <= (ULONG64)Worker->Arena + ARENA_SIZE && Size <= ARENA_SIZE;
}

/* A structure of Size bytes in the arena, or NULL where it was placed elsewhere. */
static PVOID Build(WORKER *Worker, ULONG Size, ULONG Alignment, ULONG64 *Address) {
    *Address = Place(Worker, Size, Alignment);
    if (!InArena(Worker, *Address, Size) || *Address % 8 != 0) {
        return NULL;
    }
    Worker->Focus = *Address;
    return (PVOID)*Address;
}

void FillAtRandom(WORKER *Worker, ULONG64 Address, ULONG Size) {
    RANDOM *Random = &Worker->Random;
    if (!InArena(Worker, Address, Size)) {
        return;
    }
    for (ULONG i = 0; i + 8 <= Size && i < 0x400; i += 8) {
        ULONG Chance = Pick(Random, 16);
        ULONG64 Value = Chance < 8    ? MakeNumber(Random)
                        : Chance < 10 ? (ULONG64)PickHandle(Random, 0)
                        : Chance < 12 ? (ULONG64)Worker->Arena + Pick(Random, ARENA_SIZE)
                        : Chance < 14 ? Next(Random)
                                      : MakeWild(Random);
        memcpy((PVOID)(Address + i), &Value, sizeof(Value));
    }
}

/* ---- Names ---- */

/* All begin with Fz in their last component: RemoveTraces finds them. */
static ULONG MakeText(RANDOM *Random, WCHAR *Text) {
    static const PCWSTR Names[] = {L"FzA",
                                   L"FzB",
                                   L"FzC",
                                   L"fzd",
                                   L"FzDir\\FzA",
                                   L"FzLink\\FzB",
                                   L"FzDir\\FzDir\\FzC",
                                   L"\\BaseNamedObjects\\FzA",
                                   L"\\BaseNamedObjects\\FzB",
                                   L"\\BaseNamedObjects\\FzDir",
                                   L"\\BaseNamedObjects\\FzDir\\FzA",
                                   L"\\BaseNamedObjects\\FzDir\\FzDir",
                                   L"\\BaseNamedObjects\\FzLink",
                                   L"\\BaseNamedObjects\\FzLink\\FzA",
                                   L"\\??\\C:\\Windows\\System32\\ntdll.dll",
                                   L"\\??\\C:\\",
                                   L"\\??\\C:\\Windows",
                                   L"\\??\\C:\\campaign.exe",
                                   L"\\Device\\Null",
                                   L"\\Device\\ConDrv",
                                   L"\\SystemRoot",
                                   L"\\??\\NUL",
                                   L"\\??\\C:",
                                   L"\\",
                                   L"\\BaseNamedObjects",
                                   L"\\Device",
                                   L"\\??",
                                   L"",
                                   L"\\ObjectTypes\\Event",
                                   L"\\Device\\Null\\FzA",
                                   L"\\FzA",
                                   L"\\KernelObjects\\FzA"};
    PCWSTR Name = Names[Pick(Random, ARRAYSIZE(Names))];
    ULONG Length = 0;
    for (; Name[Length] != 0; Length++) {
        Text[Length] = Name[Length];
    }
    ULONG Last = Length;
    while (Last != 0 && Text[Last - 1] != L'\\') {
        Last--;
    }
    if (Length > Last + 2 && OneIn(Random, 12)) { /* one character is another, but for Fz */
        static const WCHAR Odd[] = {L'\\', L'/', L':', L'*', 0, 0xFFFF, L' ', L'.', 0xE9};
        Text[Last + 2 + Pick(Random, Length - Last - 2)] = Odd[Pick(Random, ARRAYSIZE(Odd))];
    }
    return Length;
}

static void MakeString(WORKER *Worker, UNICODE_STRING *String) {
    RANDOM *Random = &Worker->Random;
    WCHAR *Text = (WCHAR *)Reserve(Worker, 160, 2);
    ULONG Length = MakeText(Random, Text) * 2;
    String->Length = (USHORT)(OneIn(Random, 16) ? Next(Random) : Length);
    String->MaximumLength = (USHORT)(OneIn(Random, 16) ? Next(Random) : Length + 2);
    String->Buffer = OneIn(Random, 16) ? (PWSTR)Place(Worker, Length + 2, 2) : Text;
}

ULONG64 MakeName(WORKER *Worker) {
    ULONG64 Address;
    UNICODE_STRING *String = Build(Worker, sizeof(*String), 8, &Address);
    if (String != NULL) {
        MakeString(Worker, String);
    }
    return Address;
}

ULONG64 MakeAttributes(WORKER *Worker) {
    RANDOM *Random = &Worker->Random;
    ULONG64 Address;
    if (OneIn(Random, 4)) {
        return 0;
    }
    OBJECT_ATTRIBUTES *Attributes = Build(Worker, sizeof(*Attributes), 8, &Address);
    if (Attributes == NULL) {
        return Address;
    }
    Attributes->Length = OneIn(Random, 24) ? Pick(Random, 100) : sizeof(*Attributes);
    Attributes->RootDirectory = NULL;
    if (OneIn(Random, 3)) {
        Attributes->RootDirectory =
            PickHandle(Random, ClassByName(OneIn(Random, 2) ? "Directory" : "File"));
    }
    Attributes->ObjectName = NULL;
    if (!OneIn(Random, 3)) {
        Attributes->ObjectName = (PUNICODE_STRING)MakeName(Worker);
    }
    Attributes->Attributes = OneIn(Random, 2) ? OBJ_CASE_INSENSITIVE : Pick(Random, 0x2000);
    if (OneIn(Random, 16)) {
        Attributes->Attributes = (ULONG)Next(Random);
    }
    Attributes->Attributes &= ~(ULONG)OBJ_PERMANENT; /* could get out of RemoveTraces' reach */
    Attributes->SecurityDescriptor = OneIn(Random, 12) ? (PVOID)Place(Worker, 20, 8) : NULL;
    Attributes->SecurityQualityOfService = OneIn(Random, 12) ? (PVOID)Place(Worker, 12, 4) : NULL;
    return Address;
}

ULONG64 MakeTextArgument(WORKER *Worker) {
    ULONG64 Address = Reserve(Worker, 160, 2);
    Worker->Length = MakeText(&Worker->Random, (WCHAR *)Address) * 2;
    if (OneIn(&Worker->Random, 8)) {
        return 0xC000 + Pick(&Worker->Random, 64); /* an atom by its number */
    }
    return OneIn(&Worker->Random, 16) ? Place(Worker, 160, 2) : Address;
}

/* ---- Contexts and exception records ---- */

ULONG64 MakeCode(RANDOM *Random) {
    switch (Pick(Random, 8)) {
    case 0:
        return MakeWild(Random);
    case 1:
        return PickAddress(Random);
    case 2:
        return (ULONG64)JustReturn;
    case 3:
        return (ULONG64)ApcRoutine;
    case 4:
        return OneIn(Random, 2) ? 0 : (ULONG64)RestartWorker;
    default:
        return (ULONG64)ThreadRoutine;
    }
}

/* Most parts are good, so that the others are looked at. */
void MakeContext(RANDOM *Random, CONTEXT *Context) {
    static const ULONG Flags[] = {0x100001, 0x100002, 0x100003, 0x100004, 0x100008, 0x10000B,
                                  0x10001F, 0x10005F, 0x100010, 0x100040, 0x108003, 0x1};
    static const USHORT Selectors[] = {0,    0x10, 0x18, 0x1B, 0x20, 0x23,
                                       0x28, 0x2B, 0x30, 0x33, 0x40, 0x53};
    memset(Context, 0, sizeof(*Context));
    RtlCaptureContext(Context);
    for (ULONG64 *Register = &Context->Rax; Register <= &Context->R15; Register++) {
        *Register = OneIn(Random, 4) ? MakeWild(Random) : MakeNumber(Random);
    }
    Context->Rsp = OneIn(Random, 24) ? MakeWild(Random) : (ULONG64)__readgsqword(8) - 0x800;
    Context->Rip = OneIn(Random, 8) ? MakeCode(Random) : (ULONG64)RestartWorker;
    Context->ContextFlags =
        OneIn(Random, 12) ? (ULONG)Next(Random) : Flags[Pick(Random, ARRAYSIZE(Flags))];
    if (OneIn(Random, 6)) {
        Context->SegCs = Selectors[Pick(Random, ARRAYSIZE(Selectors))];
    }
    if (OneIn(Random, 6)) {
        Context->SegSs = Selectors[Pick(Random, ARRAYSIZE(Selectors))];
    }
    if (OneIn(Random, 6)) {
        Context->EFlags = (ULONG)Next(Random);
    }
    if (OneIn(Random, 8)) {
        Context->MxCsr = Context->FltSave.MxCsr = (ULONG)Next(Random);
    }
    if (OneIn(Random, 8)) {
        for (ULONG i = 0; i < sizeof(Context->FltSave) / 8; i++) {
            ((ULONG64 *)&Context->FltSave)[i] = Next(Random);
        }
    }
    if (OneIn(Random, 4)) {
        Context->Dr0 = MakeWild(Random);
        Context->Dr1 = (ULONG64)__readgsqword(8) - 0x800 - Pick(Random, 0x400) * 8;
        Context->Dr2 = (ULONG64)CallService + Pick(Random, 64);
        Context->Dr3 = Next(Random);
        Context->Dr6 = Next(Random);
        Context->Dr7 = OneIn(Random, 2) ? Next(Random) : (Next(Random) & 0xFFFF0055);
    }
}

ULONG64 MakeContextArgument(WORKER *Worker) {
    ULONG64 Address;
    CONTEXT *Context = Build(Worker, sizeof(*Context), 16, &Address);
    if (Context != NULL && Address % 16 == 0) {
        MakeContext(&Worker->Random, Context);
    }
    return Address;
}

ULONG64 MakeRecord(WORKER *Worker) {
    static const ULONG Codes[] = {0xC0000005, 0x80000003, 0x80000004, 0xC000001D, 0x80000001,
                                  0xC00000FD, 0xC0000409, 0x40010006, 0xE06D7363, 0};
    RANDOM *Random = &Worker->Random;
    ULONG64 Address;
    EXCEPTION_RECORD *Record = Build(Worker, sizeof(*Record), 8, &Address);
    if (Record != NULL) {
        FillAtRandom(Worker, Address, sizeof(*Record));
        Record->ExceptionCode =
            OneIn(Random, 6) ? (ULONG)Next(Random) : Codes[Pick(Random, ARRAYSIZE(Codes))];
        Record->NumberParameters = OneIn(Random, 6) ? (ULONG)MakeWild(Random) : Pick(Random, 16);
    }
    return Address;
}

/* ---- Other structures ---- */

ULONG64 MakeClientId(WORKER *Worker) {
    RANDOM *Random = &Worker->Random;
    ULONG64 Address;
    CLIENT_ID *Id = Build(Worker, sizeof(*Id), 8, &Address);
    if (Id != NULL) {
        Id->UniqueProcess = OneIn(Random, 2) ? NULL : MyProcessId();
        Id->UniqueThread = OneIn(Random, 2) ? NULL : MyThreadId();
        if (OneIn(Random, 3)) {
            Id->UniqueProcess = (HANDLE)(ULONG_PTR)(Pick(Random, 64) * 4);
        }
        if (OneIn(Random, 3)) {
            Id->UniqueThread = (HANDLE)(ULONG_PTR)(Pick(Random, 256) * 4);
        }
    }
    return Address;
}

ULONG64 MakeProcessAttributes(WORKER *Worker) {
    static const ULONG Known[] = {0x10003, 0x10004, 0x20005, 6, 0x2000A, 0x60000, 0x3000C, 0x3000E};
    RANDOM *Random = &Worker->Random;
    ULONG Count = Pick(Random, 4);
    ULONG64 Address;
    if (OneIn(Random, 2)) {
        return 0;
    }
    ULONG64 *List = Build(Worker, 8 + 32 * 4, 8, &Address);
    if (List == NULL) {
        return Address;
    }
    List[0] = OneIn(Random, 8) ? MakeWild(Random) : 8 + 32 * Count;
    for (ULONG i = 0; i < Count; i++) {
        List[1 + 4 * i] =
            OneIn(Random, 4) ? Pick(Random, 0x80000) : Known[Pick(Random, ARRAYSIZE(Known))];
        List[2 + 4 * i] = OneIn(Random, 3) ? MakeNumber(Random) : 16;
        List[3 + 4 * i] = Place(Worker, 16, 8);
        List[4 + 4 * i] = OneIn(Random, 2) ? 0 : Place(Worker, 8, 8);
    }
    return Address;
}

/* Time-outs are short, so that a worker gets on; only few wait for ever. */
ULONG64 MakeTime(WORKER *Worker) {
    static const LONG64 Times[] = {0, 0, 0, -1, -100, -10000, 1, 116444736000000000};
    RANDOM *Random = &Worker->Random;
    ULONG64 Address;
    if (OneIn(Random, 64)) {
        return 0;
    }
    LONG64 *Time = Build(Worker, sizeof(*Time), 8, &Address);
    if (Time != NULL) {
        *Time =
            OneIn(Random, 24) ? (LONG64)MakeWild(Random) : Times[Pick(Random, ARRAYSIZE(Times))];
    }
    return Address;
}

ULONG64 MakeValue(WORKER *Worker, ULONG64 Value) {
    ULONG64 Address;
    ULONG64 *Place = Build(Worker, sizeof(*Place), 8, &Address);
    if (Place != NULL) {
        *Place = Value;
    }
    return Address;
}

ULONG64 MakeHandles(WORKER *Worker) {
    ULONG64 Address;
    HANDLE *Handles = Build(Worker, 64 * sizeof(HANDLE), 8, &Address);
    for (ULONG i = 0; Handles != NULL && i < 64; i++) {
        Handles[i] = PickHandle(&Worker->Random, 0);
    }
    return Address;
}
