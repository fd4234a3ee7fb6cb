/*
 * kernel.c - a kernel that only looks around: it checks what the loader promised (inc/arc.h) and
 * says what it found on COM1, one line per promise, then leaves its outcome on port E9h.
 * tests/test_boot.py boots it in ntoskrnl's place, so that the loader has a test of its own.
 */
#include "arc.h"

__declspec(dllimport) ULONG HalTestNumber(VOID);
__declspec(dllimport) ULONG HalTestForwarded(VOID);

static const char Constant[] = "constant";
static char Zeroed[0x3000];
static char *Pointer = Zeroed; /* needs a relocation */

static void Out(USHORT Port, UCHAR Value) {
    __asm__ volatile("outb %0, %1" : : "a"(Value), "Nd"(Port));
}

static void Print(const char *Text) {
    for (; *Text; Text++)
        Out(0x3F8, (UCHAR)*Text);
}

static void PrintWide(const UNICODE_STRING *Text) {
    for (ULONG At = 0; At < Text->Length / 2u; At++)
        Out(0x3F8, (UCHAR)Text->Buffer[At]);
}

static void PrintHex(ULONG64 Value) {
    for (int Shift = 60; Shift >= 0; Shift -= 4)
        Out(0x3F8, (UCHAR) "0123456789ABCDEF"[Value >> Shift & 15]);
}

static void Check(const char *What, int Holds) {
    Print(Holds ? "ok " : "FAILED ");
    Print(What);
    Print("\n");
}

static ULONG64 *Pte(ULONG64 Va, int Level) {
    for (int At = 0; At <= Level; At++)
        Va = 0xFFFFF68000000000ULL | (Va >> 9 & 0x7FFFFFFFF8ULL);
    return (ULONG64 *)Va;
}

/* The entry that maps Va, be it for a small page or a large one. */
static ULONG64 Mapping(const volatile void *Va) {
    ULONG64 Large = *Pte((ULONG64)Va, 1);
    return (Large & 0x80) != 0 ? Large : *Pte((ULONG64)Va, 0);
}

static int IsWritable(const volatile void *Va) {
    return (Mapping(Va) & 2) != 0;
}

static int IsExecutable(const volatile void *Va) {
    return Mapping(Va) >> 63 == 0;
}

static void CheckRights(void) {
    Check("code: executable, read-only", IsExecutable(Print) && !IsWritable(Print));
    Check("constants: neither", !IsExecutable(Constant) && !IsWritable(Constant));
    Check("data: writable only", !IsExecutable(Zeroed) && IsWritable(Zeroed));
    Check("relocated", Pointer == Zeroed);
    int IsZero = 1;
    for (ULONG At = 0; At < sizeof(Zeroed); At++)
        IsZero &= ((volatile char *)Zeroed)[At] == 0;
    Check("bss is zero", IsZero);
    Print((*Pte((ULONG64)Print, 1) & 0x80) != 0 ? "large pages\n" : "small pages\n");
    Check("HAL range has tables", (*Pte(0xFFFFFFFFFFC00000ULL, 1) & 1) &&
                                      (*Pte(0xFFFFFFFFFFFFF000ULL, 1) & 1) &&
                                      *Pte(0xFFFFFFFFFFC00000ULL, 0) == 0);
}

static void CheckMemory(PLOADER_PARAMETER_BLOCK Block) {
    PFN_NUMBER Next = 0, Free = 0;
    int IsSorted = 1;
    PLIST_ENTRY Head = &Block->MemoryDescriptorListHead;
    for (PLIST_ENTRY Link = Head->Flink; Link != Head; Link = Link->Flink) {
        PMEMORY_ALLOCATION_DESCRIPTOR Run =
            CONTAINING_RECORD(Link, MEMORY_ALLOCATION_DESCRIPTOR, ListEntry);
        IsSorted &= Run->BasePage >= Next && Run->PageCount != 0 && Link->Flink->Blink == Link;
        Next = Run->BasePage + Run->PageCount;
        if (Run->MemoryType == LoaderFree)
            Free += Run->PageCount;
    }
    Check("memory runs sorted, not overlapping", IsSorted);
    Print("free pages ");
    PrintHex(Free);
    Print("\n");
}

static void ListImages(PLOADER_PARAMETER_BLOCK Block) {
    PLIST_ENTRY Head = &Block->LoadOrderListHead;
    for (PLIST_ENTRY Link = Head->Flink; Link != Head; Link = Link->Flink) {
        PKLDR_DATA_TABLE_ENTRY Entry =
            CONTAINING_RECORD(Link, KLDR_DATA_TABLE_ENTRY, InLoadOrderLinks);
        Print("image ");
        PrintHex((ULONG64)Entry->DllBase);
        Print(" ");
        PrintWide(&Entry->FullDllName);
        Print(*(USHORT *)Entry->DllBase == 0x5A4D ? "\n" : " without a header\n");
    }
}

static void ListFiles(PLOADER_PARAMETER_BLOCK Block) {
    PLIST_ENTRY Head = &Block->Extension->BootFiles;
    int AllZero = 1, AllReadOnly = 1;
    for (PLIST_ENTRY Link = Head->Flink; Link != Head; Link = Link->Flink) {
        PLOADER_BOOT_FILE File = CONTAINING_RECORD(Link, LOADER_BOOT_FILE, Link);
        const UCHAR *Data = File->Data;
        for (ULONG64 At = File->Size; At < ROUND_TO_PAGES(File->Size); At++)
            AllZero &= Data[At] == 0;
        AllReadOnly &= !IsWritable(Data) && !IsExecutable(Data);
        AllReadOnly &= (Mapping(Data) >> 12 & 0xFFFFFFFFF) == File->BasePage;
        Print("file ");
        PrintHex(File->Size);
        Print(" ");
        PrintWide(&File->Path);
        Print("\n");
    }
    Check("tails of files are zero", AllZero);
    Check("files are read-only", AllReadOnly);
}

void KiSystemStartup(PLOADER_PARAMETER_BLOCK Block) {
    ULONG64 Stack = (ULONG64)__builtin_frame_address(0);
    Check("block has the right size",
          Block->Size == sizeof(*Block) && Block->Extension->Size == sizeof(*Block->Extension));
    Check("stack", Stack < Block->KernelStack && Stack > Block->KernelStack - 0x400);
    Check("a hole below the stack", *Pte(Block->KernelStack - Block->KernelStackSize - 1, 0) == 0);
    CheckRights();
    CheckMemory(Block);
    ListImages(Block);
    ListFiles(Block);
    Check("imports are bound", HalTestNumber() == 42);
    Check("forwarders are followed", HalTestForwarded() == 43);
    Check("RSDP", Block->Extension->AcpiTable.QuadPart != 0);
    Print(Block->Extension->Framebuffer.Base.QuadPart ? "framebuffer\n" : "no framebuffer\n");
    Print("options [");
    Print(Block->LoadOptions);
    Print("]\ncommand line [");
    Print(Block->CommandLine);
    Print("]\nloader instructions ");
    PrintHex(Block->Extension->KernelEntryTsc - Block->Extension->LoaderEntryTsc);
    Print("\nend\n");
    for (const char *Line = "exit 0000002A\n"; *Line; Line++)
        Out(0xE9, (UCHAR)*Line);
    for (;;)
        __asm__ volatile("cli; hlt");
}

__declspec(dllexport) ULONG KeTestNumber(VOID) {
    return 40;
}

/* hal.dll forwards HalTestForwarded to this. */
__declspec(dllexport) ULONG KeTestForwardTarget(VOID) {
    return 43;
}
