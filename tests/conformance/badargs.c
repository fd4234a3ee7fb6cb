/*
 * Bad pointers for every pointer argument of every service.
 *
 * A table has one row for each service of sdk/services.tbl that is there (a missing one is a
 * failure, and so is a wrong number of arguments). A row says what each argument is; from it come a
 * call that is right, whose status is checked, and then one call for each pointer argument and each
 * way in which a pointer can be bad. A bad pointer must give an error, a read-only one where the
 * service writes too; a misaligned one may be refused or not. Nothing may be left behind: no
 * handle, no object.
 *
 * Letters for arguments:
 *   0       0                          #  the next of the row's numbers
 *   p T     this process, this thread
 *   e m s t d l k c S f   handles: event, mutant, semaphore, timer, directory, link, keyed event,
 *           completion, section, file
 *   a A     in: object attributes, without a name; optional
 *   b       in: object attributes with the name of the row's Kind
 *   x       in: client id             h  in: two handles        u  in: string
 *   v       a set event               N  in: text of 6 bytes    n  in: anything, not looked at
 *   F       in: object attributes of \Device\Null              C  in and out: context
 *   q Q     in: 64 bits; optional     Z  the same, but null would wait for ever
 *   y       in: 64 bits, the next number
 *   B       in and out: 64 bits, the next number               P  in and out: 64 bits, optional
 *   D       in: 32 bits, optional     K  in and out: 32 bits
 *   G       out: handle, not null
 *   i       in: the next number is its size
 *   H       out: handle               o O  out: the next number is its size; optional
 *   w       out: a large structure    r  out: 32 bits, optional
 *   j       out: I/O status block     U  in and out: string with a buffer
 */
#include "objects.h"

typedef struct {
    USHORT Number, Arguments;
    PCSTR Name;
} SERVICE;

static const SERVICE Services[] = {
#include "all_services.h"
};

#define NO_CALL  0x7FFFFFFF /* never called rightly: it would end or change the caller */
#define MAX_ARGS 11

typedef struct {
    PCSTR Name, Arguments;
    KIND Kind;       /* of the name for b */
    NTSTATUS Status; /* of the right call */
    ULONG64 Numbers[6];
} ROW;

NTSTATUS CallService(ULONG64 Number, const ULONG64 *Arguments);
__asm__(".globl CallService\nCallService:\n"
        "pushq %rsi\n pushq %rdi\n subq $0xA8, %rsp\n"
        "movq %rcx, %rax\n"
        "leaq 0x20(%rdx), %rsi\n leaq 0x28(%rsp), %rdi\n movl $12, %ecx\n rep movsq\n"
        "movq (%rdx), %r10\n movq 0x10(%rdx), %r8\n movq 0x18(%rdx), %r9\n movq 8(%rdx), %rdx\n"
        "syscall\n"
        "addq $0xA8, %rsp\n popq %rdi\n popq %rsi\n ret\n");

static const ROW Rows[] = {
#include "badargs.h"
};

/* --- handles and names ---------------------------------------------------------------------- */

static HANDLE Handles[KINDS], File, Second;
static WCHAR NameText[] = L"\\BaseNamedObjects\\VitrineBad0";
static WCHAR Slash[] = L"\\";
static ULONG Surprises, Calls;

static void SetName(KIND Kind, UNICODE_STRING *Name) {
    NameText[sizeof(NameText) / 2 - 2] = (WCHAR)('0' + Kind);
    RtlInitUnicodeString(Name, NameText);
}

static void MakeHandles(void) {
    UNICODE_STRING Name, Target = {2, 4, Slash};
    OBJECT_ATTRIBUTES Attributes;
    IO_STATUS_BLOCK Io;
    for (KIND Kind = Directory; Kind < KINDS; Kind++) {
        SetName(Kind, &Name);
        InitializeObjectAttributes(&Attributes, &Name, 0, NULL, NULL);
        NTSTATUS Status =
            Kind == Semaphore
                ? NtCreateSemaphore(&Handles[Kind], SEMAPHORE_ALL, &Attributes, 0, 0x7FFFFFFF)
                : CreateObject(Kind, &Handles[Kind], Kinds[Kind].All, &Attributes, &Target);
        if (!NT_SUCCESS(Status)) {
            ShowStatus(Kinds[Kind].Name, Status);
        }
    }
    NtOpenFile(&File, FILE_READ_DATA | FILE_WRITE_DATA | SYNCHRONIZE, NamedBy(L"\\Device\\Null"),
               &Io, 0, 0x20);
    RtlInitUnicodeString(&Name, L"Inside"); /* so that there is something to list */
    InitializeObjectAttributes(&Attributes, &Name, 0, Handles[Directory], NULL);
    NtCreateEvent(&Second, EVENT_ALL, &Attributes, 0, TRUE);
}

static HANDLE HandleFor(char Letter) {
    static const char Letters[] = "dlemstSkc";
    for (ULONG i = 0; i < KINDS; i++) {
        if (Letters[i] == Letter) {
            return Handles[i];
        }
    }
    return Letter == 'v'   ? Second
           : Letter == 'f' ? File
           : Letter == 'p' ? SELF
           : Letter == 'T' ? SELF_THREAD
                           : NULL;
}

/* --- memory: for each argument two pages, of which the second can be taken away -------------- */

static UCHAR *Area; /* MAX_ARGS times four pages: good, read-only, half, nothing */

static UCHAR *Place(ULONG Argument, ULONG Page) {
    return Area + (Argument * 5 + Page) * PAGE;
}

static void MakeArea(void) {
    SIZE_T Size = MAX_ARGS * 5 * PAGE;
    NtAllocateVirtualMemory(SELF, (PVOID *)&Area, 0, &Size, MEM_RESERVE, PAGE_READWRITE);
    for (ULONG i = 0; i < MAX_ARGS; i++) {
        PVOID Base = Place(i, 0);
        Size = 4 * PAGE;
        NtAllocateVirtualMemory(SELF, &Base, 0, &Size, MEM_COMMIT, PAGE_READWRITE);
    }
}

static void Protect(ULONG Argument, ULONG Protection) {
    PVOID Base = Place(Argument, 1);
    SIZE_T Size = PAGE;
    ULONG Old;
    NtProtectVirtualMemory(SELF, &Base, &Size, Protection, &Old);
}

/* --- arguments -------------------------------------------------------------------------------- */

typedef struct {
    BOOL Pointer, Out, Optional, NeverNull, Unchecked, MayBeShort;
    ULONG Size;
    UCHAR Content[256];
} ARGUMENT;

static OBJECT_ATTRIBUTES *Attributes(ARGUMENT *Argument, UNICODE_STRING *Name) {
    OBJECT_ATTRIBUTES *Result = (OBJECT_ATTRIBUTES *)Argument->Content;
    InitializeObjectAttributes(Result, Name, 0, NULL, NULL);
    Argument->Size = sizeof(*Result);
    return Result;
}

/* The letters for results, whose sizes are told or known. TRUE: it is one of them. */
static BOOL DescribeResult(char Letter, const ROW *Row, ULONG *Numbers, ARGUMENT *Argument) {
    switch (Letter) {
    case 'i':
        Argument->Size = (ULONG)Row->Numbers[(*Numbers)++];
        break;
    case 'o':
    case 'O':
        Argument->Size = (ULONG)Row->Numbers[(*Numbers)++];
        Argument->Out = TRUE;
        break;
    case 'H':
        Argument->Out = TRUE;
        break;
    case 'w':
        Argument->Size = 0x400;
        Argument->MayBeShort = TRUE; /* the answer may end before the buffer does */
        Argument->Out = TRUE;
        break;
    case 'r':
        Argument->Size = 4;
        Argument->Out = TRUE;
        break;
    case 'j':
        Argument->Size = sizeof(IO_STATUS_BLOCK);
        Argument->Out = TRUE;
        break;
    default:
        return FALSE;
    }
    return TRUE;
}

/* Pointers to numbers, to plain memory and to structures without pointers in them. */
static BOOL DescribePlain(char Letter, const ROW *Row, ULONG *Numbers, ARGUMENT *Argument) {
    switch (Letter) {
    case 'x':
        ((CLIENT_ID *)Argument->Content)->UniqueProcess = Row->Kind ? NULL : MyProcessId();
        ((CLIENT_ID *)Argument->Content)->UniqueThread = Row->Kind ? MyThreadId() : NULL;
        Argument->Size = sizeof(CLIENT_ID);
        break;
    case 'h':
        ((HANDLE *)Argument->Content)[0] = Second;
        ((HANDLE *)Argument->Content)[1] = Handles[Event];
        Argument->Size = 2 * sizeof(HANDLE);
        break;
    case 'C':
        ((CONTEXT *)Argument->Content)->ContextFlags = CONTEXT_INTEGER;
        Argument->Size = sizeof(CONTEXT);
        Argument->Out = TRUE;
        break;
    case 'n':
        Argument->Unchecked = TRUE;
        break;
    case 'q':
    case 'Q':
        break;
    case 'D':
        Argument->Size = 4;
        break;
    case 'Z':
        Argument->NeverNull = TRUE;
        break;
    case 'y':
        *(ULONG64 *)Argument->Content = Row->Numbers[(*Numbers)++];
        break;
    case 'P':
        Argument->Out = Argument->Optional = TRUE;
        break;
    case 'K':
        Argument->Size = 4;
        Argument->Out = TRUE;
        break;
    case 'G':
        Argument->NeverNull = Argument->Out = TRUE;
        break;
    case 'B':
        *(ULONG64 *)Argument->Content = Row->Numbers[(*Numbers)++];
        Argument->Out = TRUE;
        break;
    default:
        return FALSE;
    }
    return TRUE;
}

/* What argument n of a row is: the value, and for a pointer what it points to. */
static ULONG64 Describe(const ROW *Row, ULONG n, ULONG *Numbers, ARGUMENT *Argument) {
    static UNICODE_STRING Name;
    static WCHAR Room[64];
    char Letter = Row->Arguments[n];
    memset(Argument, 0, sizeof(*Argument));
    Argument->Size = 8;
    Argument->Optional =
        Letter == 'A' || Letter == 'D' || Letter == 'Q' || Letter == 'O' || Letter == 'r';
    Argument->Pointer = TRUE;
    switch (Letter) {
    case '0':
        Argument->Pointer = FALSE;
        return 0;
    case '#':
        Argument->Pointer = FALSE;
        return Row->Numbers[(*Numbers)++];
    case 'A':
    case 'a':
        Attributes(Argument, NULL);
        break;
    case 'b':
        SetName(Row->Kind, &Name);
        Attributes(Argument, &Name);
        break;
    case 'u':
    case 'U':
        *(UNICODE_STRING *)Argument->Content =
            (UNICODE_STRING){2, sizeof(Room), Letter == 'u' ? Slash : Room};
        Argument->Size = sizeof(UNICODE_STRING);
        Argument->Out = Letter == 'U';
        break;
    case 'F':
        RtlInitUnicodeString(&Name, L"\\Device\\Null");
        Attributes(Argument, &Name);
        break;
    case 'N':
        AppendText((PWSTR)Argument->Content, 0, L"abc", 3);
        Argument->Size = 6;
        Argument->NeverNull = TRUE;
        break;
    default:
        if (DescribePlain(Letter, Row, Numbers, Argument) ||
            DescribeResult(Letter, Row, Numbers, Argument)) {
            break;
        }
        Argument->Pointer = FALSE;
        return (ULONG64)HandleFor(Letter);
    }
    return 0;
}

enum { Good, Null, Kernel, Hole, Missing, ReadOnly, Half, Odd, WAYS };
static const char *const Ways[WAYS] = {"good",    "null",      "kernel", "hole",
                                       "missing", "read-only", "half",   "odd"};

static ULONG64 Fill(ULONG n, const ARGUMENT *Argument, ULONG Way) {
    UCHAR *To = Place(n, 0);
    switch (Way) {
    case Null:
        return 0;
    case Kernel:
        return 0xFFFFF80000200000;
    case Hole:
        return 0x8000000000000000;
    case Missing:
        return (ULONG64)Place(n, 4);
    case ReadOnly:
        To = Place(n, 1);
        Protect(n, PAGE_READWRITE);
        break;
    case Half:
        To = Place(n, 4) -
             (Argument->Size > 8 ? (Argument->Size / 2 + 7) / 8 * 8 : Argument->Size / 2);
        break;
    case Odd:
        To++;
    }
    ULONG Size = Argument->Size < sizeof(Argument->Content) ? Argument->Size
                                                            : (ULONG)sizeof(Argument->Content);
    for (ULONG i = 0; i < Size && (Way != Half || To + i < Place(n, 4)); i++) {
        To[i] = Argument->Content[i];
    }
    if (Way == ReadOnly) {
        Protect(n, PAGE_READONLY);
    }
    return (ULONG64)To;
}

/* A call with argument Bad passed in a bad way; what it made is closed. */
static NTSTATUS Call(const ROW *Row, const SERVICE *Service, ULONG Bad, ULONG Way) {
    ULONG64 Values[16] = {0};
    ULONG Numbers = 0, HandleAt = MAX_ARGS;
    ARGUMENT Argument;
    for (ULONG n = 0; n < Service->Arguments; n++) {
        Values[n] = Describe(Row, n, &Numbers, &Argument);
        if (Argument.Pointer) {
            Values[n] = Fill(n, &Argument, n == Bad ? Way : Good);
        }
        if (Row->Arguments[n] == 'H' || Row->Arguments[n] == 'G') {
            HandleAt = n;
        }
    }
    Calls++;
    NTSTATUS Status = CallService(Service->Number, Values);
    if (NT_SUCCESS(Status) && HandleAt != MAX_ARGS && Values[HandleAt] != 0) {
        NtClose(*(HANDLE *)Values[HandleAt]);
    }
    return Status;
}

static void Complain(const ROW *Row, ULONG n, ULONG Way, NTSTATUS Status) {
    if (++Surprises <= 40) {
        Print("%s, argument %u (%c) %s: %08x\n", Row->Name, (unsigned)n + 1, Row->Arguments[n],
              Ways[Way], (unsigned)Status);
    }
}

/* Must this way to pass the argument be an error? */
static BOOL MustFail(const ARGUMENT *Argument, ULONG Way) {
    switch (Way) {
    case Null:
        return !Argument->Optional;
    case ReadOnly:
        return Argument->Out;
    case Odd:
        return FALSE;
    default:
        return TRUE;
    }
}

/* A call that has no right form is tried with nothing but what must fail. */
static BOOL MayTry(const ROW *Row, const ARGUMENT *Argument, ULONG Way) {
    if (Way == Null && Argument->NeverNull) {
        return FALSE;
    }
    return Row->Status != NO_CALL || (Way != Odd && MustFail(Argument, Way));
}

static void TryArgument(const ROW *Row, const SERVICE *Service, ULONG n) {
    ARGUMENT Argument;
    ULONG Numbers = 0;
    for (ULONG i = 0; i <= n; i++) {
        Describe(Row, i, &Numbers, &Argument);
    }
    for (ULONG Way = Null; Argument.Pointer && Way < WAYS; Way++) {
        if (!MayTry(Row, &Argument, Way)) {
            continue;
        }
        NTSTATUS Status = Call(Row, Service, n, Way);
        BOOL Failed = (ULONG)Status >> 30 >= 2; /* a warning tells of a bad pointer too */
        BOOL Must = MustFail(&Argument, Way);
        BOOL Checked = Way != Odd && !Argument.Unchecked && !(Way == Half && Argument.MayBeShort);
        if (Checked && (Must ? !Failed : Failed && NT_SUCCESS(Row->Status))) {
            Complain(Row, n, Way, Status);
        }
    }
}

static void TryRow(const ROW *Row, const SERVICE *Service) {
    ULONG Handles = HandleCountOf(SELF);
    if (strlen(Row->Arguments) != Service->Arguments) {
        Surprises++;
        Print("%s: %u arguments, not %u\n", Row->Name, (unsigned)strlen(Row->Arguments),
              (unsigned)Service->Arguments);
        return;
    }
    if (Row->Status != NO_CALL) {
        NTSTATUS Status = Call(Row, Service, MAX_ARGS, Good);
        if (Status != Row->Status) {
            Complain(Row, 0, Good, Status);
        }
    }
    for (ULONG n = 0; n < Service->Arguments; n++) {
        TryArgument(Row, Service, n);
    }
    if (HandleCountOf(SELF) != Handles) {
        Surprises++;
        Print("%s: %u handles, not %u\n", Row->Name, (unsigned)HandleCountOf(SELF),
              (unsigned)Handles);
    }
}

static BOOL SameName(PCSTR One, PCSTR Other) {
    while (*One && *One == *Other) {
        One++, Other++;
    }
    return *One == *Other;
}

void Start(void) {
    TOTALS Before[KINDS];
    MakeHandles();
    MakeArea();
    for (KIND Kind = Directory; Kind < KINDS; Kind++) {
        Before[Kind] = Totals(Kind);
    }
    for (ULONG i = 0; i < ARRAYSIZE(Services); i++) {
        const ROW *Row = NULL;
        for (ULONG j = 0; j < ARRAYSIZE(Rows); j++) {
            Row = SameName(Services[i].Name, Rows[j].Name) ? &Rows[j] : Row;
        }
        if (Row != NULL) {
            TryRow(Row, &Services[i]);
        } else {
            Surprises++;
            Print("%s: no row in badargs.h\n", Services[i].Name);
        }
    }
    for (KIND Kind = Directory; Kind < KINDS; Kind++) {
        TOTALS After = Totals(Kind);
        if (After.Objects != Before[Kind].Objects || After.Handles != Before[Kind].Handles) {
            Surprises++;
            Print("%s: left behind\n", Kinds[Kind].Name);
        }
    }
    Print("%s, %u surprises\n", Calls > 1000 ? "many calls" : "few calls", (unsigned)Surprises);
    Exit(0);
}
