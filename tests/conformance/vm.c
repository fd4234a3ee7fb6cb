/* Virtual memory services: what each gives back for good and bad requests. */
#include "guard.h"

static NTSTATUS Allocate(PVOID *Base, SIZE_T Size, ULONG Type, ULONG Protect) {
    return NtAllocateVirtualMemory(SELF, Base, 0, &Size, Type, Protect);
}

static NTSTATUS Free(PVOID Base, SIZE_T Size, ULONG Type) {
    return NtFreeVirtualMemory(SELF, &Base, &Size, Type);
}

static void ShowRegion(const char *What, PVOID Address, PVOID Origin) {
    MEMORY_BASIC_INFORMATION Info;
    NTSTATUS Status = NtQueryVirtualMemory(SELF, Address, 0, &Info, sizeof(Info), NULL);
    Print("%s: %08x base+%x size %x state %x protect %x allocation protect %x type %x\n", What,
          (unsigned)Status, (ULONG)((PUCHAR)Info.BaseAddress - (PUCHAR)Origin),
          (ULONG)Info.RegionSize, Info.State, Info.Protect, Info.AllocationProtect, Info.Type);
}

static void Touch(PVOID Where) {
    *(volatile char *)Where = 1;
}

static void Look(PVOID Where) {
    (void)*(volatile char *)Where;
}

static void Run(PVOID Where) {
    ((void (*)(void))Where)();
}

static void ReserveAndCommit(void) {
    PVOID Base = NULL, Part;
    ShowStatus("reserve 1 MiB", Allocate(&Base, 0x100000, MEM_RESERVE, PAGE_READWRITE));
    Check("on a 64 KiB boundary", ((ULONG_PTR)Base & 0xFFFF) == 0);
    ShowStatus("touch reserved", Guard(Touch, Base));
    Part = (PUCHAR)Base + 0x10000;
    ShowStatus("commit two pages", Allocate(&Part, 2 * PAGE, MEM_COMMIT, PAGE_READWRITE));
    ShowStatus("touch committed", Guard(Touch, Part));
    ShowRegion("reserved part", Base, Base);
    ShowRegion("committed part", Part, Base);
    ShowRegion("rest", (PUCHAR)Base + 0x12000, Base);
    ShowStatus("commit again", Allocate(&Part, 2 * PAGE, MEM_COMMIT, PAGE_READWRITE));
    Check("contents kept", *(char *)Part == 1);
    ShowStatus("decommit", Free(Part, PAGE, MEM_DECOMMIT));
    ShowStatus("touch decommitted", Guard(Touch, Part));
    Part = Base;
    ShowStatus("reserve taken", Allocate(&Part, PAGE, MEM_RESERVE, PAGE_READWRITE));
    ShowStatus("release with a size", Free((PUCHAR)Base + 0x1000, 0, MEM_RELEASE));
    ShowStatus("release", Free(Base, 0, MEM_RELEASE));
    ShowFailure("release again", Free(Base, 0, MEM_RELEASE));
    ShowFailure("commit nothing reserved", Allocate(&Part, PAGE, MEM_COMMIT, PAGE_READWRITE));
}

static void Rounding(void) {
    PVOID Base = NULL, Unaligned;
    SIZE_T Size = 5000;
    ShowStatus("5000 bytes", NtAllocateVirtualMemory(SELF, &Base, 0, &Size,
                                                     MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE));
    Print("became %x\n", (ULONG)Size);
    Unaligned = (PUCHAR)Base + 0xFFF;
    Size = 2;
    ULONG Old = 0;
    ShowStatus("protect across a boundary",
               NtProtectVirtualMemory(SELF, &Unaligned, &Size, PAGE_READONLY, &Old));
    Print("became %x at +%x, old %x\n", (ULONG)Size, (ULONG)((PUCHAR)Unaligned - (PUCHAR)Base),
          Old);
    ShowStatus("release", Free(Base, 0, MEM_RELEASE));
}

static void Protections(void) {
    PVOID Base = NULL;
    SIZE_T Size = PAGE;
    ULONG Old;
    Allocate(&Base, PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    *(UCHAR *)Base = 0xC3; /* ret */
    ShowStatus("run data", Guard(Run, Base));
    Print("access: %u at +%x\n", (ULONG)GuardedRecord.ExceptionInformation[0],
          (ULONG)(GuardedRecord.ExceptionInformation[1] - (ULONG_PTR)Base));
    static const ULONG Kinds[] = {PAGE_NOACCESS, PAGE_READONLY,     PAGE_READWRITE,
                                  PAGE_EXECUTE,  PAGE_EXECUTE_READ, PAGE_EXECUTE_READWRITE};
    for (ULONG i = 0; i < sizeof(Kinds) / sizeof(Kinds[0]); i++) {
        NTSTATUS Status = NtProtectVirtualMemory(SELF, &Base, &Size, Kinds[i], &Old);
        Print("protect %02x: %08x old %02x", Kinds[i], (unsigned)Status, Old);
        Print(" write %08x", (unsigned)Guard(Touch, (PUCHAR)Base + 8));
        if (Kinds[i] != PAGE_EXECUTE) {
            Print(" read %08x", (unsigned)Guard(Look, Base));
        }
        Print(" run %08x\n", (unsigned)Guard(Run, Base));
    }
    ShowStatus("protect 0", NtProtectVirtualMemory(SELF, &Base, &Size, 0, &Old));
    ShowStatus("protect both", NtProtectVirtualMemory(SELF, &Base, &Size, 6, &Old));
    Free(Base, 0, MEM_RELEASE);
    ShowFailure("protect free", NtProtectVirtualMemory(SELF, &Base, &Size, PAGE_READONLY, &Old));
}

static void GuardPages(void) {
    PVOID Base = NULL;
    ShowStatus("guard page",
               Allocate(&Base, PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE | PAGE_GUARD));
    ShowStatus("first touch", Guard(Touch, Base));
    ShowStatus("second touch", Guard(Touch, Base));
    ShowRegion("afterwards", Base, Base);
    Free(Base, 0, MEM_RELEASE);
}

static void BadRequests(void) {
    PVOID Base = NULL;
    ShowFailure("size 0", Allocate(&Base, 0, MEM_RESERVE, PAGE_READWRITE));
    ShowFailure("no type", Allocate(&Base, PAGE, 0, PAGE_READWRITE));
    ShowFailure("bad type", Allocate(&Base, PAGE, 0x40000, PAGE_READWRITE));
    ShowStatus("bad protection", Allocate(&Base, PAGE, MEM_RESERVE, 0x1234));
    ShowFailure("huge", Allocate(&Base, 0x7FFFFFFF0000, MEM_RESERVE, PAGE_READWRITE));
    Base = (PVOID)0xFFFFF80000000000;
    ShowFailure("kernel address", Allocate(&Base, PAGE, MEM_RESERVE, PAGE_READWRITE));
    ShowFailure("free a kernel address", Free(Base, 0, MEM_RELEASE));
    Base = NULL;
    ShowFailure("free null", Free(Base, 0, MEM_RELEASE));
    ShowFailure("free with no type", Free(Base, PAGE, 0));
    ShowStatus("bad handle", NtAllocateVirtualMemory((HANDLE)0x1234, &Base, 0, &(SIZE_T){PAGE},
                                                     MEM_RESERVE, PAGE_READWRITE));
}

static void DemandZero(void) {
    PVOID Base = NULL;
    SIZE_T Size = 1 << 20;
    ULONG Sum = 0;
    Allocate(&Base, Size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    for (SIZE_T i = 0; i < Size / 8; i++) {
        Sum |= ((ULONG64 *)Base)[i] != 0;
    }
    Check("fresh pages are zero", Sum == 0);
    memset(Base, 0x5A, Size);
    Free(Base, 0, MEM_RELEASE);
    Base = NULL;
    Allocate(&Base, Size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    for (SIZE_T i = 0; i < Size / 8; i++) {
        Sum |= ((ULONG64 *)Base)[i] != 0;
    }
    Check("and zero again after use", Sum == 0);
    Free(Base, 0, MEM_RELEASE);
}

void Start(void) {
    ReserveAndCommit();
    Rounding();
    Protections();
    GuardPages();
    BadRequests();
    DemandZero();
    Exit(0);
}
