/*
 * Conditions on the system's version, what a 64-bit process is told about 32-bit ones, and tables of
 * handles.
 */
#include "guard.h"

typedef struct _ENTRY {
    ULONG Flags, Padding;
    ULONG64 Value;
} ENTRY;

typedef struct _TABLE {
    ULONG Maximum, Size, Reserved[2];
    PUCHAR Free, Committed, UnCommitted, MaxReserved;
} TABLE;

NTSYS NTSTATUS NTAPI RtlGetVersion(PRTL_OSVERSIONINFOW);
NTSYS ULONGLONG NTAPI VerSetConditionMask(ULONGLONG, DWORD, BYTE);
NTSYS NTSTATUS NTAPI RtlVerifyVersionInfo(const OSVERSIONINFOEXW *, DWORD, DWORDLONG);
NTSYS BOOLEAN NTAPI RtlGetNtProductType(PULONG);
NTSYS BOOLEAN NTAPI RtlIsProcessorFeaturePresent(ULONG);
NTSYS NTSTATUS NTAPI RtlWow64EnableFsRedirection(BOOLEAN);
NTSYS NTSTATUS NTAPI RtlWow64EnableFsRedirectionEx(ULONG, PULONG);
NTSYS NTSTATUS NTAPI RtlWow64GetThreadContext(HANDLE, PVOID);
NTSYS NTSTATUS NTAPI RtlWow64SetThreadContext(HANDLE, PVOID);
NTSYS NTSTATUS NTAPI RtlWow64GetThreadSelectorEntry(HANDLE, PVOID, ULONG, PULONG);
NTSYS NTSTATUS NTAPI RtlWow64GetProcessMachines(HANDLE, PUSHORT, PUSHORT);
NTSYS USHORT NTAPI RtlWow64GetCurrentMachine(void);
NTSYS void NTAPI RtlInitializeHandleTable(ULONG, ULONG, TABLE *);
NTSYS NTSTATUS NTAPI RtlDestroyHandleTable(TABLE *);
NTSYS ENTRY *NTAPI RtlAllocateHandle(TABLE *, PULONG);
NTSYS BOOLEAN NTAPI RtlFreeHandle(TABLE *, ENTRY *);
NTSYS BOOLEAN NTAPI RtlIsValidHandle(TABLE *, ENTRY *);
NTSYS BOOLEAN NTAPI RtlIsValidIndexHandle(TABLE *, ULONG, ENTRY **);

static OSVERSIONINFOEXW System = {.dwOSVersionInfoSize = sizeof(System)};

static void Masks(void) {
    for (ULONG Type = 1; Type < 0x400; Type *= 2) {
        for (UCHAR Condition = 0; Condition < 10; Condition++) {
            Print("%I64x ", VerSetConditionMask(0, Type, Condition));
        }
        Print("\n");
    }
    for (ULONG Type = 0; Type < 0x200; Type += 0x17) {
        Print("%x: %I64x\n", (unsigned)Type, VerSetConditionMask(0x1000000000000000, Type, 3));
    }
    Print("%I64x\n", VerSetConditionMask(VerSetConditionMask(0, 2, 3), 2, 4));
}

static NTSTATUS Verify(OSVERSIONINFOEXW *Asked, ULONG Type, UCHAR Condition) {
    return RtlVerifyVersionInfo(Asked, Type, VerSetConditionMask(0, Type, Condition));
}

/* Each field one below, equal to and one above the system's, by every condition. */
static void Fields(void) {
    for (ULONG Type = 1; Type <= 0x80; Type *= 2) {
        if (Type == VER_SUITENAME) {
            continue;
        }
        for (int Difference = -1; Difference <= 1; Difference++) {
            OSVERSIONINFOEXW Asked = System;
            Asked.dwMajorVersion += Difference;
            Asked.dwMinorVersion += Difference;
            Asked.dwBuildNumber += Difference;
            Asked.dwPlatformId += Difference;
            Asked.wServicePackMajor += Difference;
            Asked.wServicePackMinor += Difference;
            Asked.wProductType += Difference;
            Print("%02x %2d:", (unsigned)Type, Difference);
            for (UCHAR Condition = 0; Condition < 8; Condition++) {
                Print(" %08x", (unsigned)Verify(&Asked, Type, Condition));
            }
            Print("\n");
        }
    }
}

/* Versions of several digits: 9.x, 10.0, 10.1, 11.0 and service packs. */
static void Digits(void) {
    static const LONG Differences[][4] = {{0, 0, 0, 0}, {-1, 5, 0, 0}, {1, 0, 0, 0}, {0, 1, 0, 0},
                                          {0, 0, 1, 0}, {0, 0, 0, 1},  {-1, 0, 1, 1}};
    static const ULONG Types[] = {3, 0x22, 0x23, 0x33, 0x30, 0x13, 0x37};
    for (int i = 0; i < 7; i++) {
        OSVERSIONINFOEXW Asked = System;
        Asked.dwMajorVersion += Differences[i][0];
        Asked.dwMinorVersion += Differences[i][1];
        Asked.wServicePackMajor += (WORD)Differences[i][2];
        Asked.wServicePackMinor += (WORD)Differences[i][3];
        for (int t = 0; t < 7; t++) {
            Print("%d %02x:", i, (unsigned)Types[t]);
            for (UCHAR Condition = 1; Condition < 6; Condition++) {
                ULONGLONG Mask = 0;
                for (ULONG Type = 1; Type <= 0x80; Type *= 2) {
                    Mask = VerSetConditionMask(Mask, Types[t] & Type, Condition);
                }
                Print(" %08x", (unsigned)RtlVerifyVersionInfo(&Asked, Types[t], Mask));
            }
            Print("\n");
        }
    }
}

/* Each digit with a condition of its own. */
static void Mixed(void) {
    for (UCHAR Major = 0; Major < 6; Major++) {
        for (UCHAR Minor = 0; Minor < 6; Minor++) {
            Print("%d %d:", Major, Minor);
            for (int i = 0; i < 9; i++) {
                OSVERSIONINFOEXW Asked = System;
                Asked.dwMajorVersion += i / 3 - 1;
                Asked.dwMinorVersion += i % 3 - 1;
                Print(" %d", NT_SUCCESS(RtlVerifyVersionInfo(
                                 &Asked, 3,
                                 VerSetConditionMask(VerSetConditionMask(0, 2, Major), 1, Minor))));
            }
            Print("\n");
        }
    }
}

static void Bounds(void) {
    OSVERSIONINFOEXW Asked = System;
    ULONG Product = 0;
    ShowStatus("no type", RtlVerifyVersionInfo(&Asked, 0, VerSetConditionMask(0, 2, 1)));
    ShowStatus("no condition", RtlVerifyVersionInfo(&Asked, 2, 0));
    ShowStatus("another field's", RtlVerifyVersionInfo(&Asked, 2, VerSetConditionMask(0, 1, 1)));
    ShowStatus("unknown type", RtlVerifyVersionInfo(&Asked, 0x100, VerSetConditionMask(0, 2, 1)));
    Asked.dwOSVersionInfoSize = 0;
    ShowStatus("no size", Verify(&Asked, 2, 1));
    for (UCHAR Condition = 0; Condition < 8; Condition++) {
        Asked.wSuiteMask = 0;
        Print("suite, none: %08x", (unsigned)Verify(&Asked, VER_SUITENAME, Condition));
        Asked.wSuiteMask = 0x8000;
        Print(", another: %08x\n", (unsigned)Verify(&Asked, VER_SUITENAME, Condition));
    }
    Check("product", RtlGetNtProductType(&Product));
    Print("%u\n", (unsigned)Product);
    Print("features %d %d %d\n", RtlIsProcessorFeaturePresent(10), RtlIsProcessorFeaturePresent(64),
          RtlIsProcessorFeaturePresent(MAXDWORD));
}

static void Wow64(void) {
    static UCHAR Context[2000];
    ULONG Old = 0xDEAD, Length = 0;
    USHORT Process = 9, Native = 9;
    ShowStatus("redirection", RtlWow64EnableFsRedirection(TRUE));
    ShowStatus("redirection, Ex", RtlWow64EnableFsRedirectionEx(1, &Old));
    Print("%x\n", (unsigned)Old);
    *(PULONG)Context = 0x1003F;
    ShowStatus("get context", RtlWow64GetThreadContext(SELF_THREAD, Context));
    ShowStatus("set context", RtlWow64SetThreadContext(SELF_THREAD, Context));
    ShowStatus("get, bad handle", RtlWow64GetThreadContext((HANDLE)0x1234, Context));
    ShowStatus("machines", RtlWow64GetProcessMachines(SELF, &Process, &Native));
    Print("%x %x\n", Process, Native);
    ShowStatus("machines, bad handle", RtlWow64GetProcessMachines((HANDLE)0x1234, &Process, NULL));
    Print("machine %x\n", RtlWow64GetCurrentMachine());
    for (ULONG Selector = 0; Selector < 0x60; Selector += Selector % 8 == 0 ? 3 : 5) {
        ULONG Descriptor[3] = {Selector, 0, 0};
        Print("selector %02x: %08x", (unsigned)Selector,
              (unsigned)RtlWow64GetThreadSelectorEntry(SELF_THREAD, Descriptor, 12, &Length));
        Print(" %08x %08x %u\n", (unsigned)Descriptor[1], (unsigned)Descriptor[2],
              (unsigned)Length);
    }
    ShowStatus("selector, short", RtlWow64GetThreadSelectorEntry(SELF_THREAD, Context, 11, NULL));
}

static void Handles(void) {
    TABLE Table;
    ULONG Index = 9, Other;
    ENTRY *First, *Second, *Found = NULL;
    RtlInitializeHandleTable(0x3FFF, sizeof(ENTRY), &Table);
    Print("%x %x %d %d\n", (unsigned)Table.Maximum, (unsigned)Table.Size, Table.Free != NULL,
          Table.Committed != NULL);
    First = RtlAllocateHandle(&Table, &Index);
    Second = RtlAllocateHandle(&Table, &Other);
    Print("%d %u %u %d\n", First != NULL, (unsigned)Index, (unsigned)Other, (int)(Second - First));
    Print("%I64x %I64x\n", (ULONG64)(Table.UnCommitted - Table.Committed),
          (ULONG64)(Table.MaxReserved - Table.Committed));
    Print("not marked: %d %d\n", RtlIsValidIndexHandle(&Table, Index, &Found), Found != NULL);
    First->Flags |= 1;
    Second->Flags |= 1;
    Print("marked: %d %d %d\n", RtlIsValidIndexHandle(&Table, Index, &Found), Found == First,
          RtlIsValidHandle(&Table, First));
    Print("others: %d %d %d %d %d\n", RtlIsValidIndexHandle(&Table, 0x100, &Found),
          RtlIsValidIndexHandle(&Table, MAXDWORD, &Found),
          RtlIsValidHandle(&Table, (ENTRY *)((PUCHAR)First + 4)),
          RtlIsValidHandle(&Table, First - 1), RtlIsValidHandle(&Table, NULL));
    First->Value = Second->Value = 7;
    Print("free: %d", RtlFreeHandle(&Table, First));
    Print(" %d %I64x\n", RtlFreeHandle(&Table, Second), First->Value);
    Print("last freed, first taken: %d\n", RtlAllocateHandle(&Table, &Other) == Second);
    Print("then: %d %u\n", RtlAllocateHandle(&Table, &Other) == First, (unsigned)Other);
    ShowStatus("destroy", RtlDestroyHandleTable(&Table));
    RtlInitializeHandleTable(10, sizeof(ENTRY), &Table);
    ShowStatus("destroy, never used", RtlDestroyHandleTable(&Table));
}

void Start(void) {
    RtlGetVersion((PRTL_OSVERSIONINFOW)&System);
    Masks();
    Fields();
    Digits();
    Mixed();
    Bounds();
    Wow64();
    Handles();
    Exit(0);
}
