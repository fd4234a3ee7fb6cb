/*
 * value.c - arguments for a call: plausible ones mostly, each kind in its own way, and wrong ones
 *
 * What an argument points at lies in the worker's arena, where disturbers change it during the call.
 */
#include "structure.h"
#include "fuzz_shapes.h"

#define WRONG          20 /* one argument in so many is of no sense */
#define LEARNED_ENUMS  128
#define MAXIMUM_SHAPES 512

/* Lengths that a service has taken for an information class, found by trial. */
static USHORT Learned[MAXIMUM_SHAPES][LEARNED_ENUMS];

static ULONG64 MakeSize(RANDOM *Random) {
    ULONG Chance = Pick(Random, 32);
    if (Chance < 20) {
        return Pick(Random, 16) * PAGE + (OneIn(Random, 4) ? Pick(Random, PAGE) : 0);
    }
    return Chance < 26 ? Pick(Random, 0x200000) : Chance < 28 ? MakeWild(Random) : 0;
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
