/*
 * images.c - damaged images: as sections, as programs and as DLLs
 *
 * The driver of the campaign puts them on the drive as C:\im0000.dll, C:\im0001.dll, ... A round takes
 * the next few of them. Each is mapped and looked at page by page, then started as a program; at last
 * they are loaded as DLLs, which may end the process.
 */
#include "fuzz.h"

#define PROGRAM_TIME 400 /* milliseconds that a program may run */

static ULONG First, Last, NextDll;
static RANDOM State;
static WCHAR Path[] = L"\\??\\C:\\im0000.dll";
#define DIGITS 9

static void NameImage(ULONG Number) {
    for (ULONG i = 0; i < 4; i++, Number /= 10) {
        Path[DIGITS + 3 - i] = (WCHAR)(L'0' + Number % 10);
    }
}

static volatile UCHAR Sink;

/* Reads each page of a view, and writes to some. What cannot be accessed starts the worker again. */
static void TouchView(PUCHAR Base) {
    static UCHAR Answer[0x400];
    MEMORY_BASIC_INFORMATION Info;
    PUCHAR At = Base;
    for (ULONG i = 0; i < 64; i++) {
        if (NtQueryVirtualMemory(SELF, At, 0, &Info, sizeof(Info), NULL) != 0 ||
            Info.AllocationBase != Base) {
            break;
        }
        NtQueryVirtualMemory(SELF, At, 2, Answer, sizeof(Answer), NULL);
        BOOL Readable = Info.State == MEM_COMMIT && (Info.Protect & 0xEE) != 0;
        for (ULONG j = 0; Readable && j < 16 && j * PAGE < Info.RegionSize; j++) {
            Sink = At[j * PAGE];
            if ((Info.Protect & 0xCC) != 0) {
                At[j * PAGE + 1] ^= 1;
            }
        }
        At += Info.RegionSize;
    }
}

static void MapImage(ULONG Number) {
    HANDLE File = NULL, Section = NULL;
    IO_STATUS_BLOCK Io;
    NameImage(Number);
    InterlockedIncrement64(&Ledger->Images);
    if (NtOpenFile(&File, FILE_GENERIC_READ | FILE_GENERIC_EXECUTE, NamedBy(Path), &Io, 7, 0x20) <
        0) {
        return;
    }
    NTSTATUS Status =
        NtCreateSection(&Section, SECTION_ALL_ACCESS, NULL, NULL, PAGE_EXECUTE, SEC_IMAGE, File);
    for (ULONG i = 0; Status >= 0 && i < 3; i++) {
        PVOID Base = i == 0 ? NULL : (PVOID)(Next(&State) & 0x7FFFFFFF0000);
        SIZE_T Size = OneIn(&State, 2) ? 0 : Pick(&State, 0x20000);
        if (NtMapViewOfSection(Section, SELF, &Base, 0, 0, NULL, &Size, 1, 0,
                               PAGE_EXECUTE_READWRITE) >= 0) {
            InterlockedIncrement64(&Ledger->Loaded);
            TouchView(Base);
            NtUnmapViewOfSection(SELF, Base);
        }
    }
    NtClose(Section);
    NtClose(File);
}

static void RunProgram(ULONG Number) {
    WCHAR Line[40];
    HANDLE Process = NULL;
    NameImage(Number);
    ULONG Length = AppendText(Line, 0, Path + 4, ARRAYSIZE(Path) - 5);
    if (SpawnByDriver(Line, Length, &Process) < 0) {
        return;
    }
    if (NtWaitForSingleObject(Process, FALSE, MILLISECONDS(PROGRAM_TIME)) == STATUS_TIMEOUT) {
        NtTerminateProcess(Process, STATUS_TIMEOUT);
        NtWaitForSingleObject(Process, FALSE, NULL);
    }
    NtClose(Process);
}

static void LoadDamaged(ULONG Number) {
    UNICODE_STRING Name;
    HANDLE Module = NULL;
    NameImage(Number);
    RtlInitUnicodeString(&Name, Path + 4);
    if (LdrLoadDll(NULL, NULL, &Name, &Module) >= 0) {
        InterlockedIncrement64(&Ledger->Loaded);
        if (OneIn(&State, 2)) {
            LdrUnloadDll(Module);
        }
    }
}

/* An exception comes back here, and the next step is taken. */
static void ImageLoop(void) {
    while (NextDll < 3 * (Last - First)) {
        ULONG Step = NextDll++, Number = First + Step % (Last - First);
        InterlockedIncrement64(&Ledger->Calls);
        switch (Step / (Last - First)) {
        case 0:
            MapImage(Number);
            break;
        case 1:
            RunProgram(Number);
            break;
        default:
            LoadDamaged(Number);
        }
    }
    NtTerminateProcess(SELF, 0);
}

void RunImages(ULONG64 Seed, ULONG From, ULONG Count) {
    State = Seed * 0x9E3779B97F4A7C15 + 0x1A;
    First = From;
    Last = From + Count;
    BeginLoop(ImageLoop);
}
