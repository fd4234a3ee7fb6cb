/* What a process is told about its own modules, by the loader and through a debug buffer. */
#include "threading.h"

typedef struct _MODULE {
    HANDLE Section;
    PVOID MappedBase, ImageBase;
    ULONG ImageSize, Flags;
    USHORT LoadOrderIndex, InitOrderIndex, LoadCount, OffsetToFileName;
    char FullPathName[256];
} MODULE;

typedef struct _MODULES {
    ULONG Number;
    MODULE Modules[8];
} MODULES;

NTSYS NTSTATUS NTAPI LdrQueryProcessModuleInformation(MODULES *, ULONG, PULONG);
NTSYS PVOID NTAPI RtlCreateQueryDebugBuffer(ULONG, BOOLEAN);
NTSYS NTSTATUS NTAPI RtlDestroyQueryDebugBuffer(PVOID);
NTSYS NTSTATUS NTAPI RtlQueryProcessDebugInformation(ULONG_PTR, ULONG, PVOID);

static MODULES Modules;

/* Under Wine more modules follow. */
static void ShowModules(const MODULES *Found) {
    for (ULONG i = 0; i < Found->Number && i < 2; i++) {
        const MODULE *M = &Found->Modules[i];
        PIMAGE_NT_HEADERS Headers = RtlImageNtHeader(M->ImageBase);
        Print("%u: %s, load order %u, header's size %s\n", i, M->FullPathName + M->OffsetToFileName,
              M->LoadOrderIndex, YesNo(M->ImageSize == Headers->OptionalHeader.SizeOfImage));
    }
}

/* The program's own base, as its PEB has it. */
static void Loader(void) {
    ULONG Length = 0;
    ShowStatus("all", LdrQueryProcessModuleInformation(&Modules, sizeof(Modules), &Length));
    Check("program and ntdll", Modules.Number >= 2);
    Check("length for all", Length >= 4 + Modules.Number * sizeof(MODULE));
    Check("base", Modules.Modules[0].ImageBase == AT(PebPointer(), 0x10, PVOID));
    ShowModules(&Modules);
}

static void ShortBuffers(void) {
    static const ULONG Sizes[] = {4, 8, 8 + sizeof(MODULE)};
    for (ULONG i = 0; i < ARRAYSIZE(Sizes); i++) {
        ULONG Length = 0;
        Modules.Number = 0x77;
        ShowStatus("short", LdrQueryProcessModuleInformation(&Modules, Sizes[i], &Length));
        Print("number %u\n", Modules.Number);
        Check("length for all", Length >= 4 + 2 * sizeof(MODULE));
    }
}

static void Buffers(void) {
    PVOID Buffer = RtlCreateQueryDebugBuffer(0, FALSE);
    Check("buffer", Buffer != NULL);
    ShowStatus("destroy", RtlDestroyQueryDebugBuffer(Buffer));
    Buffer = RtlCreateQueryDebugBuffer(0x20000, FALSE);
    ShowStatus("no such process", RtlQueryProcessDebugInformation(0xFFFFFFF0, 1, Buffer));
    ShowStatus("destroy", RtlDestroyQueryDebugBuffer(Buffer));
}

/* Wine fills in nothing; what phnt says of RTL_QUERY_PROCESS_MODULES. */
static void Query(void) {
    ULONG Length = 0;
    Modules.Number = 0;
    ShowStatus("a byte less than one",
               LdrQueryProcessModuleInformation(&Modules, 8 + sizeof(MODULE) - 1, &Length));
    Print("number %u, length for %u\n", Modules.Number, (Length - 8) / (ULONG)sizeof(MODULE));
    PVOID Buffer = RtlCreateQueryDebugBuffer(0x20000, FALSE), Small;
    ULONG_PTR Self = (ULONG_PTR)MyProcessId();
    ShowStatus("modules", RtlQueryProcessDebugInformation(Self, 1, Buffer));
    const MODULES *Found = AT(Buffer, 0x60, const MODULES *);
    Check("in the buffer",
          (ULONG_PTR)Found > (ULONG_PTR)Buffer && (ULONG_PTR)Found < (ULONG_PTR)Buffer + 0x20000);
    ShowModules(Found);
    ShowStatus("again", RtlQueryProcessDebugInformation(Self, 1, Buffer));
    ShowStatus("nothing", RtlQueryProcessDebugInformation(Self, 0, Buffer));
    Check("no modules", AT(Buffer, 0x60, PVOID) == NULL);
    ShowStatus("another process", RtlQueryProcessDebugInformation(4, 1, Buffer));
    ShowStatus("heap entries", RtlQueryProcessDebugInformation(Self, 0x10, Buffer));
    ShowStatus("destroy", RtlDestroyQueryDebugBuffer(Buffer));
    Small = RtlCreateQueryDebugBuffer(0x200, FALSE);
    ShowStatus("too small", RtlQueryProcessDebugInformation(Self, 1, Small));
    ShowStatus("destroy", RtlDestroyQueryDebugBuffer(Small));
    ShowStatus("destroy again", RtlDestroyQueryDebugBuffer(Small));
}

void Start(void) {
    if (LastArgumentIs(L"documented")) {
        Query();
        Exit(0);
    }
    Loader();
    ShortBuffers();
    Buffers();
    Exit(0);
}
