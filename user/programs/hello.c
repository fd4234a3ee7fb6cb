/*
 * hello.c - the tour: what a process finds when it wakes up
 *
 * Built by the stock x86_64-w64-mingw32-gcc, imports ntdll.dll and nothing else, and runs under
 * Wine and on Windows as well. The structures are declared here as far as they are needed, so that
 * the program can be read alone; sdk/ has them whole.
 */

#include <stdarg.h>
#include <stddef.h>

typedef unsigned char UCHAR;
typedef unsigned short USHORT, WCHAR;
typedef int NTSTATUS;
typedef unsigned int ULONG;
typedef unsigned long long ULONG64;
typedef long long LONG64;
typedef void *PVOID, *HANDLE;
typedef struct {
    USHORT Length, MaximumLength;
    WCHAR *Buffer;
} UNICODE_STRING;
typedef struct {
    NTSTATUS Status;
    ULONG64 Information;
} IO_STATUS_BLOCK;
typedef struct LIST_ENTRY {
    struct LIST_ENTRY *Flink, *Blink;
} LIST_ENTRY;
typedef struct {
    short Year, Month, Day, Hour, Minute, Second, Milliseconds, Weekday;
} TIME_FIELDS;

#define FIELD(Base, Offset, Type) (*(Type *)((UCHAR *)(Base) + (Offset)))
#define NtCurrentProcess()        ((HANDLE) - 1)
#define SHARED_DATA               ((UCHAR *)0x7FFE0000)
#define MEM_COMMIT_RESERVE        0x3000
#define MEM_RELEASE               0x8000
#define PAGE_READWRITE            4

__declspec(dllimport) NTSTATUS NtWriteFile(HANDLE, HANDLE, PVOID, PVOID, IO_STATUS_BLOCK *,
                                           const void *, ULONG, LONG64 *, ULONG *);
__declspec(dllimport) NTSTATUS NtTerminateProcess(HANDLE, NTSTATUS);
__declspec(dllimport) NTSTATUS NtQuerySystemTime(LONG64 *);
__declspec(dllimport) NTSTATUS NtQueryPerformanceCounter(LONG64 *, LONG64 *);
__declspec(dllimport) NTSTATUS NtAllocateVirtualMemory(HANDLE, PVOID *, ULONG64, ULONG64 *, ULONG,
                                                       ULONG);
__declspec(dllimport) NTSTATUS NtFreeVirtualMemory(HANDLE, PVOID *, ULONG64 *, ULONG);
__declspec(dllimport) PVOID RtlAllocateHeap(PVOID, ULONG, ULONG64);
__declspec(dllimport) UCHAR RtlFreeHeap(PVOID, ULONG, PVOID);
__declspec(dllimport) void RtlTimeToTimeFields(LONG64 *, TIME_FIELDS *);
__declspec(dllimport) int _vsnprintf(char *, size_t, const char *, va_list);

static UCHAR *Teb, *Peb, *Parameters;

static void Print(const char *Format, ...) {
    char Line[512];
    IO_STATUS_BLOCK IoStatus;
    va_list Arguments;
    int Length;

    va_start(Arguments, Format);
    Length = _vsnprintf(Line, sizeof(Line), Format, Arguments);
    va_end(Arguments);
    if (Length < 0) {
        Length = sizeof(Line);
    }
    NtWriteFile(FIELD(Parameters, 0x28, HANDLE), NULL, NULL, NULL, &IoStatus, Line, (ULONG)Length,
                NULL, NULL);
}

/* Counted UTF-16 as text; what is not ASCII becomes a question mark. */
static const char *Text(const UNICODE_STRING *String) {
    static char Buffer[256];
    unsigned Index;

    for (Index = 0; Index < String->Length / 2u && Index < sizeof(Buffer) - 1; Index++) {
        Buffer[Index] = String->Buffer[Index] < 128 ? (char)String->Buffer[Index] : '?';
    }
    Buffer[Index] = 0;
    return Buffer;
}

static void ShowProcess(void) {
    Print("Process\n");
    Print("  image         %s\n", Text(&FIELD(Parameters, 0x60, UNICODE_STRING)));
    Print("  command line  %s\n", Text(&FIELD(Parameters, 0x70, UNICODE_STRING)));
    Print("  directory     %s\n", Text(&FIELD(Parameters, 0x38, UNICODE_STRING)));
    Print("  process id    %llu, thread id %llu\n", FIELD(Teb, 0x40, ULONG64),
          FIELD(Teb, 0x48, ULONG64));
    Print("  TEB %p   PEB %p   stack %p - %p\n", Teb, Peb, FIELD(Teb, 0x10, PVOID),
          FIELD(Teb, 0x08, PVOID));
}

/* The loader's list, in the order of loading: what `lm` shows in a debugger. */
static void ShowModules(void) {
    UCHAR *Ldr = FIELD(Peb, 0x18, UCHAR *);
    LIST_ENTRY *Head = (LIST_ENTRY *)(Ldr + 0x10), *Link;

    Print("\nModules (PEB->Ldr)\n");
    for (Link = Head->Flink; Link != Head; Link = Link->Flink) {
        UCHAR *Base = FIELD(Link, 0x30, UCHAR *);

        Print("  %p - %p  %s\n", Base, Base + FIELD(Link, 0x40, ULONG),
              Text(&FIELD(Link, 0x48, UNICODE_STRING)));
    }
}

static void ShowMemory(void) {
    PVOID Pages = NULL, Block;
    ULONG64 Size = 0x10000, Zero = 0;
    NTSTATUS Status;

    Status = NtAllocateVirtualMemory(NtCurrentProcess(), &Pages, 0, &Size, MEM_COMMIT_RESERVE,
                                     PAGE_READWRITE);
    Print("\nMemory\n");
    Print("  NtAllocateVirtualMemory  %08X: %llu bytes at %p\n", Status, Size, Pages);
    if (Status >= 0) {
        *(volatile ULONG *)Pages = 0x4D5A;
        Status = NtFreeVirtualMemory(NtCurrentProcess(), &Pages, &Zero, MEM_RELEASE);
        Print("  NtFreeVirtualMemory      %08X\n", Status);
    }
    Block = RtlAllocateHeap(FIELD(Peb, 0x30, PVOID), 0, 100);
    Print("  RtlAllocateHeap          %p, 100 bytes\n", Block);
    RtlFreeHeap(FIELD(Peb, 0x30, PVOID), 0, Block);
}

static void ShowSystem(void) {
    UNICODE_STRING Root = {0, 0, (WCHAR *)(SHARED_DATA + 0x30)};
    LONG64 Now = 0, Counter = 0, Frequency = 1;
    TIME_FIELDS Time;

    while (Root.Buffer[Root.Length / 2] != 0) {
        Root.Length += 2;
    }
    NtQuerySystemTime(&Now);
    NtQueryPerformanceCounter(&Counter, &Frequency);
    RtlTimeToTimeFields(&Now, &Time);
    Print("\nSystem (KUSER_SHARED_DATA at 7FFE0000)\n");
    Print("  version       %u.%u.%u, root %s\n", FIELD(SHARED_DATA, 0x26C, ULONG),
          FIELD(SHARED_DATA, 0x270, ULONG), FIELD(SHARED_DATA, 0x260, ULONG), Text(&Root));
    Print("  processors    %u\n", FIELD(SHARED_DATA, 0x3C0, ULONG));
    Print("  service call  %s\n", FIELD(SHARED_DATA, 0x308, ULONG) & 1 ? "int 2Eh" : "syscall");
    Print("  time          %04d-%02d-%02d %02d:%02d:%02d UTC\n", Time.Year, Time.Month, Time.Day,
          Time.Hour, Time.Minute, Time.Second);
    Print("  counter       %lld at %lld Hz\n", Counter, Frequency);
}

/* The entry point: no C runtime starts this program. */
void start(void) {
    __asm__("movq %%gs:0x30, %0" : "=r"(Teb));
    Peb = FIELD(Teb, 0x60, UCHAR *);
    Parameters = FIELD(Peb, 0x20, UCHAR *);
    Print("Hello from user mode.\n\n");
    ShowProcess();
    ShowModules();
    ShowMemory();
    ShowSystem();
    Print("\nThat was the tour; NtTerminateProcess is next.\n");
    NtTerminateProcess(NtCurrentProcess(), 0);
}
