/*
 * libFuzzer target: variables of an environment are set, removed, queried and expanded as the input
 * says, beside a model of eight variables. Buffers are blocks of just their size.
 *
 * Input: steps of three bytes: what to do and with which variable, the letters of a value, a size.
 */
#include "envp.h"

#include <stdlib.h>
#include <string.h>

#define VARIABLES 8

static PEB FakePeb;
static RTL_USER_PROCESS_PARAMETERS FakeParameters;

/* Two names differ by case only; one is in front of all others. */
static const PCWSTR Names[VARIABLES] = {L"=D:", L"a", L"B", L"ab", L"z", L"=E:", L"Path", L"PATH"};
static PCWSTR Values[VARIABLES]; /* of the model; NULL: not there */

static void Assert(int Condition) {
    if (!Condition) {
        abort();
    }
}

/* ---- What the code stands on ---- */

PPEB NtCurrentPeb(VOID) {
    FakePeb.ProcessParameters = &FakeParameters;
    return &FakePeb;
}

PVOID NTAPI RtlAllocateHeap(PVOID Heap, ULONG Flags, SIZE_T Size) {
    return Flags & HEAP_ZERO_MEMORY ? calloc(1, Size) : malloc(Size);
}

BOOLEAN NTAPI RtlFreeHeap(PVOID Heap, ULONG Flags, PVOID Block) {
    free(Block);
    return TRUE;
}

static PVOID AllocateString(SIZE_T Size) {
    return malloc(Size);
}

PVOID (*const RtlAllocateStringRoutine)(SIZE_T) = AllocateString;
VOID (*const RtlFreeStringRoutine)(PVOID) = free;

VOID NTAPI RtlAcquirePebLock(VOID) {}

VOID NTAPI RtlReleasePebLock(VOID) {}

/* ---- The steps ---- */

static SIZE_T Length(PCWSTR Text) {
    SIZE_T Count = 0;
    while (Text[Count] != UNICODE_NULL) {
        Count++;
    }
    return Count;
}

static ULONG ModelOf(ULONG Variable) {
    return Variable == 7 ? 6 : Variable; /* PATH is Path */
}

static void Set(PVOID *Block, ULONG Variable, UCHAR Letters) {
    static const PCWSTR Texts[] = {L"",    L"1", L"%a%",
                                   L"a=b", L"%", L"a longer value than the others"};
    PCWSTR Value = Letters % 7 < 6 ? Texts[Letters % 7] : NULL;
    PCWSTR Name = Names[Variable];
    Assert(RtlSetEnvironmentVar(Block, Name, Length(Name), Value, Value ? Length(Value) : 0) ==
           STATUS_SUCCESS);
    Values[ModelOf(Variable)] = Value;
}

static void Query(PVOID Block, ULONG Variable, SIZE_T Size) {
    PCWSTR Wanted = Values[ModelOf(Variable)];
    PWSTR Buffer = malloc(Size * sizeof(WCHAR) + 1);
    SIZE_T Returned = 77;
    NTSTATUS Status = RtlQueryEnvironmentVariable(Block, Names[Variable], Length(Names[Variable]),
                                                  Buffer, Size, &Returned);
    if (Wanted == NULL) {
        Assert(Status == STATUS_VARIABLE_NOT_FOUND && Returned == 0);
    } else if (Length(Wanted) > Size) {
        Assert(Status == STATUS_BUFFER_TOO_SMALL && Returned == Length(Wanted) + 1);
    } else {
        Assert(Status == STATUS_SUCCESS && Returned == Length(Wanted));
        Assert(memcmp(Buffer, Wanted, Returned * sizeof(WCHAR)) == 0);
        Assert(Returned == Size || Buffer[Returned] == UNICODE_NULL);
    }
    free(Buffer);
}

/* Any source into any size: what is written is a beginning of what a large buffer gets. */
static void Expand(PVOID Block, const uint8_t *Data, size_t Size, SIZE_T Room) {
    static const WCHAR Letters[8] = {L'%', L'a', L'B', L'%', L'=', L'D', L':', L'x'};
    PWSTR Source = malloc(Size * sizeof(WCHAR) + 1);
    PWSTR Buffer = malloc(Room * sizeof(WCHAR) + 1);
    SIZE_T Needed = 0, Again = 0;
    for (size_t i = 0; i < Size; i++) {
        Source[i] = Letters[Data[i] % 8];
    }
    Assert(RtlExpandEnvironmentStrings(Block, Source, Size, NULL, 0, &Needed) ==
           STATUS_BUFFER_TOO_SMALL);
    PWSTR Whole = malloc(Needed * sizeof(WCHAR));
    Assert(RtlExpandEnvironmentStrings(Block, Source, Size, Whole, Needed, &Again) ==
               STATUS_SUCCESS &&
           Again == Needed && Whole[Needed - 1] == UNICODE_NULL);
    NTSTATUS Status = RtlExpandEnvironmentStrings(Block, Source, Size, Buffer, Room, &Again);
    Assert(Again == Needed && (Status == STATUS_SUCCESS) == (Room >= Needed));
    Assert(memcmp(Buffer, Whole, (Room < Needed ? Room : Needed) * sizeof(WCHAR)) == 0);
    free(Source);
    free(Buffer);
    free(Whole);
}

/* Sorted, one entry for each variable of the model, two zeros at the end. */
static void CheckBlock(PCWSTR Block) {
    ULONG Count = 0, Wanted = 0;
    PCWSTR Last = NULL;
    for (ULONG i = 0; i < VARIABLES - 1; i++) {
        Wanted += Values[i] != NULL;
    }
    Assert(Block[0] != UNICODE_NULL || Block[1] == UNICODE_NULL);
    while (*Block != UNICODE_NULL) {
        if (Last != NULL) {
            Assert(RtlCompareUnicodeStrings(Last, 1, Block, 1, TRUE) <= 0);
        }
        Last = Block;
        Block += Length(Block) + 1;
        Count++;
    }
    Assert(Count == Wanted);
}

int LLVMFuzzerTestOneInput(const uint8_t *Data, size_t Size) {
    PVOID Block = NULL;
    memset(Values, 0, sizeof(Values));
    Assert(RtlCreateEnvironment(FALSE, &Block) == STATUS_SUCCESS);
    for (size_t i = 0; i + 3 <= Size; i += 3) {
        ULONG Variable = Data[i] % VARIABLES;
        switch (Data[i] / VARIABLES % 4) {
        case 0:
        case 1:
            Set(&Block, Variable, Data[i + 1]);
            break;
        case 2:
            Query(Block, Variable, Data[i + 2] % 40);
            break;
        default:
            Expand(Block, Data + i, Size - i, Data[i + 2]);
        }
        CheckBlock(Block);
    }
    RtlDestroyEnvironment(Block);
    return 0;
}
