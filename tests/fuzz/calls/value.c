/*
 * value.c - arguments for a call: plausible ones mostly, each kind in its own way, and wrong ones
 *
 * What an argument points at lies in the worker's arena, where disturbers change it during the call.
 */
#include "fuzz.h"
#include "fuzz_shapes.h"

#define WRONG          20 /* one argument in so many is of no sense */
#define LEARNED_ENUMS  128
#define MAXIMUM_SHAPES 512

/* Lengths that a service has taken for an information class, found by trial. */
static USHORT Learned[MAXIMUM_SHAPES][LEARNED_ENUMS];

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

static ULONG64 MakeNumber(RANDOM *Random) {
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
static ULONG64 Place(WORKER *Worker, ULONG Size, ULONG Alignment) {
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

static BOOL InArena(const WORKER *Worker, ULONG64 Address, ULONG64 Size) {
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

static void FillAtRandom(WORKER *Worker, ULONG64 Address, ULONG Size) {
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

static ULONG64 MakeName(WORKER *Worker) {
    ULONG64 Address;
    UNICODE_STRING *String = Build(Worker, sizeof(*String), 8, &Address);
    if (String != NULL) {
        MakeString(Worker, String);
    }
    return Address;
}

static ULONG64 MakeAttributes(WORKER *Worker) {
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

static ULONG64 MakeTextArgument(WORKER *Worker) {
    ULONG64 Address = Reserve(Worker, 160, 2);
    Worker->Length = MakeText(&Worker->Random, (WCHAR *)Address) * 2;
    if (OneIn(&Worker->Random, 8)) {
        return 0xC000 + Pick(&Worker->Random, 64); /* an atom by its number */
    }
    return OneIn(&Worker->Random, 16) ? Place(Worker, 160, 2) : Address;
}

/* ---- Contexts and exception records ---- */

static ULONG64 MakeCode(RANDOM *Random) {
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

static ULONG64 MakeContextArgument(WORKER *Worker) {
    ULONG64 Address;
    CONTEXT *Context = Build(Worker, sizeof(*Context), 16, &Address);
    if (Context != NULL && Address % 16 == 0) {
        MakeContext(&Worker->Random, Context);
    }
    return Address;
}

static ULONG64 MakeRecord(WORKER *Worker) {
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

static ULONG64 MakeClientId(WORKER *Worker) {
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

static ULONG64 MakeProcessAttributes(WORKER *Worker) {
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
static ULONG64 MakeTime(WORKER *Worker) {
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

static ULONG64 MakeValue(WORKER *Worker, ULONG64 Value) {
    ULONG64 Address;
    ULONG64 *Place = Build(Worker, sizeof(*Place), 8, &Address);
    if (Place != NULL) {
        *Place = Value;
    }
    return Address;
}

static ULONG64 MakeSize(RANDOM *Random) {
    ULONG Chance = Pick(Random, 32);
    if (Chance < 20) {
        return Pick(Random, 16) * PAGE + (OneIn(Random, 4) ? Pick(Random, PAGE) : 0);
    }
    return Chance < 26 ? Pick(Random, 0x200000) : Chance < 28 ? MakeWild(Random) : 0;
}

static ULONG64 MakeHandles(WORKER *Worker) {
    ULONG64 Address;
    HANDLE *Handles = Build(Worker, 64 * sizeof(HANDLE), 8, &Address);
    for (ULONG i = 0; Handles != NULL && i < 64; i++) {
        Handles[i] = PickHandle(&Worker->Random, 0);
    }
    return Address;
}

static ULONG MakeCount(RANDOM *Random) {
    return OneIn(Random, 12) ? (ULONG)MakeWild(Random)
                             : 1 + Pick(Random, OneIn(Random, 4) ? 66 : 4);
}

/* ---- Numbers ---- */

static ULONG FromTable(RANDOM *Random, ULONG Table) {
    const VALUES *Values = &Tables[Table];
    return Values->Values[Pick(Random, Values->Count)];
}

static ULONG64 MakeEnum(RANDOM *Random, ULONG Table) {
    ULONG Chance = Pick(Random, 32);
    return Chance == 0   ? (ULONG)MakeWild(Random)
           : Chance == 1 ? Pick(Random, 0x100)
                         : FromTable(Random, Table);
}

static ULONG64 MakeFlags(RANDOM *Random, ULONG Table) {
    ULONG Value = FromTable(Random, Table);
    while (OneIn(Random, 2)) {
        Value |= FromTable(Random, Table);
    }
    return OneIn(Random, 24) ? (ULONG)Next(Random) : OneIn(Random, 12) ? 0 : Value;
}

static ULONG64 MakeAccess(RANDOM *Random, ULONG Table) {
    static const ULONG All[] = {0x1FFFFF,  0x1F0003,   0xF001F,    0xF000F,   0x1F01FF,
                                0x2000000, 0x80000000, 0x10000000, 0x40000000};
    ULONG Chance = Pick(Random, 16);
    return Chance < 9    ? All[Pick(Random, ARRAYSIZE(All))]
           : Chance < 15 ? (ULONG)MakeFlags(Random, Table)
                         : (ULONG)Next(Random);
}

static ULONG PickLength(WORKER *Worker, ULONG Shape) {
    static const USHORT Lengths[] = {0,  1,   2,   4,   4,    8,     8,     12,    16,    16,    20,
                                     24, 24,  32,  40,  48,   48,    56,    64,    72,    80,    88,
                                     96, 104, 112, 128, 0x98, 0x100, 0x158, 0x230, 0x400, 0x1000};
    RANDOM *Random = &Worker->Random;
    ULONG Known = Learned[Shape % MAXIMUM_SHAPES][Worker->Enum % LEARNED_ENUMS];
    if (Known != 0 && !OneIn(Random, 4)) {
        return Known - 1;
    }
    return OneIn(Random, 16) ? Pick(Random, 0x2000) : Lengths[Pick(Random, ARRAYSIZE(Lengths))];
}

static ULONG64 MakeLength(WORKER *Worker) {
    RANDOM *Random = &Worker->Random;
    return OneIn(Random, 24) ? (ULONG)MakeWild(Random)
                             : Worker->Length + (OneIn(Random, 12) ? Pick(Random, 9) - 4 : 0);
}

/* ---- A call ---- */

static ULONG64 MakeBuffer(WORKER *Worker, const SHAPE *Shape, ULONG i, BOOL In) {
    BOOL HasLength = i + 1 < Shape->Count && Shape->Arguments[i + 1].Kind == Kind_LENGTH;
    Worker->Length = HasLength ? PickLength(Worker, (ULONG)(Shape - Shapes)) : 16;
    if (OneIn(&Worker->Random, 6)) {
        return 0;
    }
    ULONG64 Address = Place(Worker, Worker->Length, 8);
    if (In || OneIn(&Worker->Random, 4)) {
        FillAtRandom(Worker, Address, (Worker->Length + 7) & ~7u);
    }
    return Address;
}

static ULONG64 MakePointer(WORKER *Worker, const SHAPE *Shape, ULONG i) {
    RANDOM *Random = &Worker->Random;
    switch (Shape->Arguments[i].Kind) {
    case Kind_OUTHANDLE:
        return Place(Worker, sizeof(HANDLE), 8);
    case Kind_HANDLES:
        return MakeHandles(Worker);
    case Kind_TIME:
        return MakeTime(Worker);
    case Kind_LARGE:
        return OneIn(Random, 4) ? 0 : MakeValue(Worker, MakeSize(Random));
    case Kind_BASE:
        return MakeValue(Worker, OneIn(Random, 3) ? 0 : PickAddress(Random));
    case Kind_SIZE:
        return MakeValue(Worker, MakeSize(Random));
    case Kind_TEXT:
        return MakeTextArgument(Worker);
    case Kind_NAME:
        return MakeName(Worker);
    case Kind_ATTRIBUTES:
        return MakeAttributes(Worker);
    case Kind_CONTEXT:
        return MakeContextArgument(Worker);
    case Kind_RECORD:
        return MakeRecord(Worker);
    case Kind_CLIENTID:
        return MakeClientId(Worker);
    case Kind_PSATTRIBUTES:
        return MakeProcessAttributes(Worker);
    default:
        return MakeBuffer(Worker, Shape, i, Shape->Arguments[i].Kind == Kind_IN);
    }
}

static ULONG64 MakeArgument(WORKER *Worker, const SHAPE *Shape, ULONG i) {
    RANDOM *Random = &Worker->Random;
    ARGUMENT Argument = Shape->Arguments[i];
    switch (Argument.Kind) {
    case Kind_NUMBER:
        return MakeNumber(Random);
    case Kind_BOOLEAN:
        return Pick(Random, Argument.Table ? 32 : 2) != 0;
    case Kind_ENUM:
        return Worker->Enum;
    case Kind_FLAGS:
        return MakeFlags(Random, Argument.Table);
    case Kind_ACCESS:
        return MakeAccess(Random, Argument.Table);
    case Kind_ATOM:
        return 0xC000 + Pick(Random, 64);
    case Kind_ID:
        return (ULONG64)MyThreadId() + 4 * Pick(Random, 8) - 16;
    case Kind_HANDLE:
        return (ULONG64)PickHandle(Random, Argument.Table);
    case Kind_COUNT:
        return MakeCount(Random);
    case Kind_LENGTH:
        return MakeLength(Worker);
    case Kind_ADDRESS:
        return PickAddress(Random);
    case Kind_CODE:
        return MakeCode(Random);
    default:
        return MakePointer(Worker, Shape, i);
    }
}

void MakeArguments(WORKER *Worker, const SHAPE *Shape, ULONG64 *Arguments) {
    Worker->Used = Pick(&Worker->Random, 16) * 0x100;
    for (ULONG i = 0; i < Shape->Count; i++) {
        if (Shape->Arguments[i].Kind == Kind_ENUM) {
            Worker->Enum = MakeEnum(&Worker->Random, Shape->Arguments[i].Table);
        }
    }
    for (ULONG i = 0; i < Shape->Count; i++) {
        Arguments[i] = MakeArgument(Worker, Shape, i);
        if (OneIn(&Worker->Random, WRONG)) {
            Arguments[i] = MakeWild(&Worker->Random);
        }
    }
}

void LearnFrom(WORKER *Worker, const SHAPE *Shape, const ULONG64 *Arguments, NTSTATUS Status) {
    ULONG64 Base = 0;
    for (ULONG i = 0; i < Shape->Count; i++) {
        ULONG Kind = Shape->Arguments[i].Kind;
        BOOL Inside = InArena(Worker, Arguments[i], 8);
        if (Kind == Kind_LENGTH && Status >= 0 && Arguments[i] < 0xFFFF) {
            Learned[(Shape - Shapes) % MAXIMUM_SHAPES][Worker->Enum % LEARNED_ENUMS] =
                (USHORT)(Arguments[i] + 1);
        }
        if (Status < 0 || !Inside) {
            continue;
        }
        ULONG64 Value = *(volatile ULONG64 *)Arguments[i];
        if (Kind == Kind_OUTHANDLE && Value != 0) {
            KeepHandle(&Worker->Random, (HANDLE)Value, Shape->Arguments[i].Table);
        } else if (Kind == Kind_BASE) {
            Base = Value;
        } else if (Kind == Kind_SIZE && Base != 0 && Shape->Count >= 6) {
            KeepRange(&Worker->Random, Base, Value);
        }
    }
}
