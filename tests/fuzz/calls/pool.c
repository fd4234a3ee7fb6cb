/*
 * pool.c - the fuzzer's handles and ranges of memory, from which arguments are picked
 *
 * All threads share both pools and no lock guards them: that a handle is closed while another thread
 * passes it on is wanted.
 */
#include "fuzz.h"

NTSYS NTSTATUS NTAPI NtCreateThreadEx(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES, HANDLE, PVOID,
                                      PVOID, ULONG, SIZE_T, SIZE_T, SIZE_T, PVOID);

#define HANDLES 96
#define RANGES  32

static struct {
    HANDLE Handle;
    ULONG Class;
} Handles[HANDLES];

static struct {
    ULONG64 Base, Size;
} Ranges[RANGES];

HANDLE Partner;

/* ---- Handles ---- */

ULONG ClassByName(const char *Name) {
    for (ULONG i = 0; i < ClassCount; i++) {
        ULONG j = 0;
        while (Name[j] != 0 && ClassNames[i][j] == Name[j]) {
            j++;
        }
        if (ClassNames[i][j] == Name[j]) {
            return i;
        }
    }
    return 0;
}

/* The oldest of a few that are picked goes: what is in use is not always closed. */
void KeepHandle(RANDOM *Random, HANDLE Handle, ULONG Class) {
    ULONG Slot = Pick(Random, HANDLES);
    for (ULONG i = 0; i < 8 && Handles[Slot].Handle != NULL; i++) {
        Slot = Pick(Random, HANDLES);
    }
    if (Handles[Slot].Handle != NULL && Handles[Slot].Handle != Partner) {
        NtClose(Handles[Slot].Handle);
    }
    Handles[Slot].Class = Class;
    Handles[Slot].Handle = Handle;
}

void DropHandle(RANDOM *Random) {
    ULONG Slot = Pick(Random, HANDLES);
    HANDLE Handle = Handles[Slot].Handle;
    if (Handle != NULL && Handle != Partner) {
        NtClose(Handle); /* the value stays in the pool, for uses after the close */
        if (OneIn(Random, 2)) {
            Handles[Slot].Handle = NULL;
        }
    }
}

HANDLE PickLiveHandle(RANDOM *Random, ULONG Class) {
    ULONG Slot = Pick(Random, HANDLES);
    for (ULONG i = 0; i < HANDLES; i++) {
        ULONG n = (Slot + i) % HANDLES;
        if (Handles[n].Handle != NULL && (Class == 0 || Handles[n].Class == Class)) {
            return Handles[n].Handle;
        }
    }
    return NULL;
}

/* Handles that mean something else than they say, or nothing. */
static HANDLE PickOddHandle(RANDOM *Random) {
    static const LONG64 Odd[] = {0,
                                 -1,
                                 -2,
                                 -3,
                                 -4,
                                 -5,
                                 -6,
                                 0x7FFFFFFF,
                                 (LONG)0x80000004,
                                 (LONG)0x80000010,
                                 0xFFFFFFFF,
                                 0x100000000,
                                 0x3FFFFFC};
    switch (Pick(Random, 3)) {
    case 0:
        return (HANDLE)(LONG_PTR)Odd[Pick(Random, ARRAYSIZE(Odd))];
    case 1:
        return (HANDLE)(ULONG_PTR)(Pick(Random, 0x80) * 4 + Pick(Random, 4));
    default:
        return (HANDLE)((ULONG_PTR)PickLiveHandle(Random, 0) + Pick(Random, 8));
    }
}

HANDLE PickHandle(RANDOM *Random, ULONG Class) {
    static ULONG Process, Thread;
    if (Process == 0) {
        Thread = ClassByName("Thread");
        Process = ClassByName("Process");
    }
    ULONG Chance = Pick(Random, 16);
    if (Chance == 0) {
        return PickOddHandle(Random);
    }
    if (Chance == 1) {
        return PickLiveHandle(Random, 0);
    }
    if (Class == Process && Chance < 13) {
        return SELF;
    }
    if (Class == Thread && Chance < 5) {
        return SELF_THREAD;
    }
    return PickLiveHandle(Random, Class);
}

/* ---- Ranges ---- */

void KeepRange(RANDOM *Random, ULONG64 Base, ULONG64 Size) {
    ULONG Slot = Pick(Random, RANGES);
    for (ULONG i = 0; i < 4 && Ranges[Slot].Base != 0; i++) {
        Slot = Pick(Random, RANGES);
    }
    if (Ranges[Slot].Base != 0) { /* not too much memory at a time */
        PVOID Base = (PVOID)Ranges[Slot].Base;
        SIZE_T Zero = 0;
        NtUnmapViewOfSection(SELF, Base);
        NtFreeVirtualMemory(SELF, &Base, &Zero, MEM_RELEASE);
    }
    Ranges[Slot].Size = Size;
    Ranges[Slot].Base = Base;
}

/* An address in a range of the pool, or close to one; seldom one that the process lives by. */
ULONG64 PickAddress(RANDOM *Random) {
    static const ULONG64 Places[] = {0x7FFE0000,     0x10000,        0x7FFFFFFE0000,
                                     0x7FFFFFFEF000, 0x7FFFFFFF0000, 0x20000000,
                                     0x100000000,    0xFFFFF000,     0x1000};
    ULONG Slot = Pick(Random, RANGES), Chance = Pick(Random, 256);
    if (Chance == 0) {
        static const UCHAR Near = 0;
        switch (Pick(Random, 5)) {
        case 0:
            return (ULONG64)TebPointer();
        case 1:
            return (ULONG64)PebPointer();
        case 2:
            return (ULONG64)&Chance & ~0xFFFull;
        case 3:
            return (ULONG64)&Near & ~0xFFFull;
        default:
            return (ULONG64)NtdllExport("NtClose") & ~0xFFFull;
        }
    }
    if (Chance < 40) {
        return Places[Pick(Random, ARRAYSIZE(Places))];
    }
    if (Chance < 50) {
        return Next(Random) & 0x7FFFFFFFFFFF;
    }
    ULONG64 Base = Ranges[Slot].Base;
    if (Chance < 160 || Ranges[Slot].Size == 0) {
        return Base;
    }
    ULONG64 Offset = Next(Random) % (Ranges[Slot].Size + PAGE);
    return Chance < 230 ? Base + (Offset & ~0xFFFull) : Base + Offset;
}

/* ---- What there is from the beginning ---- */

static void OpenFiles(RANDOM *Random) {
    static const PCWSTR Names[] = {L"\\??\\C:\\Windows\\System32\\ntdll.dll",
                                   L"\\??\\C:\\",
                                   L"\\Device\\Null",
                                   L"\\??\\C:\\campaign.exe",
                                   L"\\Device\\ConDrv",
                                   L"\\SystemRoot"};
    ULONG Class = ClassByName("File");
    for (ULONG i = 0; i < ARRAYSIZE(Names); i++) {
        IO_STATUS_BLOCK Io;
        HANDLE Handle = NULL;
        if (NtOpenFile(&Handle, FILE_GENERIC_READ | FILE_GENERIC_EXECUTE, NamedBy(Names[i]), &Io, 7,
                       OneIn(Random, 2) ? 0x20 : 0) >= 0) {
            KeepHandle(Random, Handle, Class);
        }
    }
}

void FillPool(RANDOM *Random) {
    HANDLE Handle = NULL;
    LARGE_INTEGER Size = {.QuadPart = 0x20000};
    NtDuplicateObject(SELF, SELF, SELF, &Handle, 0, 0, DUPLICATE_SAME_ACCESS);
    KeepHandle(Random, Handle, ClassByName("Process"));
    if (Partner != NULL) {
        KeepHandle(Random, Partner, ClassByName("Process"));
    }
    OpenFiles(Random);
    if (NtCreateSection(&Handle, SECTION_ALL_ACCESS, NULL, &Size, PAGE_EXECUTE_READWRITE,
                        SEC_COMMIT, NULL) >= 0) {
        KeepHandle(Random, Handle, ClassByName("Section"));
    }
    HANDLE File = PickLiveHandle(Random, ClassByName("File"));
    if (NtCreateSection(&Handle, SECTION_ALL_ACCESS, NULL, NULL, PAGE_EXECUTE, SEC_IMAGE, File) >=
        0) {
        KeepHandle(Random, Handle, ClassByName("Section"));
    }
    for (ULONG i = 0; i < 4; i++) {
        PVOID Base = NULL;
        SIZE_T Bytes = 0x10000;
        if (NtAllocateVirtualMemory(SELF, &Base, 0, &Bytes, MEM_RESERVE | (i % 2 ? MEM_COMMIT : 0),
                                    PAGE_READWRITE) >= 0) {
            KeepRange(Random, (ULONG64)Base, Bytes);
        }
    }
}
