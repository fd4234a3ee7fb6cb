/*
 * program.c - starts the first program, waits for it and reports its outcome
 *
 * The boot options name the program. Before it starts, the kernel registers ntdll.dll: its section,
 * which every process maps, and the addresses in it at which the kernel enters user mode.
 */
#include "initp.h"
#include "rtlimage.h"
#include "ntioapi.h"
#include "ntmmapi.h"

#define INIT_TAG 'tinI'

/* Creates an image section of a file given by its NT path. */
static NTSTATUS InitOpenImage(PCUNICODE_STRING NtPath, PVOID *Section) {
    OBJECT_ATTRIBUTES Attributes;
    IO_STATUS_BLOCK IoStatus;
    HANDLE File;
    InitializeObjectAttributes(&Attributes, NtPath, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, NULL,
                               NULL);
    NTSTATUS Status = IoCreateFile(&File, FILE_GENERIC_READ | FILE_EXECUTE, &Attributes, &IoStatus,
                                   NULL, 0, FILE_SHARE_READ | FILE_SHARE_DELETE, FILE_OPEN,
                                   FILE_SYNCHRONOUS_IO_NONALERT | FILE_NON_DIRECTORY_FILE, NULL, 0,
                                   CreateFileTypeNone, NULL, IO_NO_PARAMETER_CHECKING);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = MmCreateSection(Section, SECTION_ALL_ACCESS, NULL, NULL, PAGE_EXECUTE, SEC_IMAGE, File,
                             NULL);
    ObCloseHandle(File, KernelMode);
    return Status;
}

static const LOADER_BOOT_FILE *InitFindBootFile(PLOADER_PARAMETER_BLOCK LoaderBlock,
                                                PCUNICODE_STRING Path) {
    PLIST_ENTRY Head = &LoaderBlock->Extension->BootFiles;
    for (PLIST_ENTRY Entry = Head->Flink; Entry != Head; Entry = Entry->Flink) {
        const LOADER_BOOT_FILE *File = CONTAINING_RECORD(Entry, LOADER_BOOT_FILE, Link);
        if (RtlEqualUnicodeString(&File->Path, Path, TRUE))
            return File;
    }
    return NULL;
}

/* Finds the entry points, as addresses in the image at its preferred base. */
static NTSTATUS InitFindEntryPoints(const LOADER_BOOT_FILE *File, PVOID *RtlUserThreadStart) {
    struct {
        PCSTR Name;
        PVOID *Where;
    } Points[] = {{"LdrInitializeThunk", &PspLoaderInitRoutine},
                  {"KiUserExceptionDispatcher", &KeUserExceptionDispatcher},
                  {"KiUserApcDispatcher", &KeUserApcDispatcher},
                  {"KiUserCallbackDispatcher", &KeUserCallbackDispatcher},
                  {"KiRaiseUserExceptionDispatcher", &KeRaiseUserExceptionDispatcher},
                  {"RtlUserThreadStart", RtlUserThreadStart}};
    RTL_IMAGE_INFO Info;
    NTSTATUS Status = RtlpValidateImage(File->Data, File->Size, File->Size, &Info);
    if (!NT_SUCCESS(Status))
        return Status;
    PVOID Image = MmAllocateSystemPages(Info.SizeOfImage);
    if (!Image)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlpLayoutImage(File->Data, &Info, Image);
    for (ULONG i = 0; i < ARRAYSIZE(Points) && NT_SUCCESS(Status); i++) {
        RTL_EXPORT Export;
        Status = RtlpFindExport(Image, Info.SizeOfImage, Points[i].Name, 0, 0, &Export);
        if (NT_SUCCESS(Status))
            *Points[i].Where = (PVOID)(Info.ImageBase + Export.Rva);
        else
            DbgPrint("ntdll.dll does not export %s\n", Points[i].Name);
    }
    MmFreeSystemPages(Image, Info.SizeOfImage);
    return Status;
}

static NTSTATUS InitSystemDll(PLOADER_PARAMETER_BLOCK LoaderBlock) {
    UNICODE_STRING NtPath = RTL_CONSTANT_STRING(L"\\??\\C:\\Windows\\System32\\ntdll.dll");
    UNICODE_STRING VolumePath = RTL_CONSTANT_STRING(L"\\vitrine\\System32\\ntdll.dll");
    PVOID Section, RtlUserThreadStart;
    const LOADER_BOOT_FILE *File = InitFindBootFile(LoaderBlock, &VolumePath);
    NTSTATUS Status = File ? InitFindEntryPoints(File, &RtlUserThreadStart) : STATUS_DLL_NOT_FOUND;
    if (NT_SUCCESS(Status))
        Status = InitOpenImage(&NtPath, &Section);
    if (NT_SUCCESS(Status))
        PsSetSystemDll(Section, RtlUserThreadStart);
    else
        DbgPrint("ntdll.dll cannot be used: %08x\n", Status);
    return Status;
}

/* The program is the first word of the command line, quoted or not. */
static VOID InitProgramName(PCUNICODE_STRING CommandLine, PUNICODE_STRING Name) {
    ULONG Length = CommandLine->Length / sizeof(WCHAR), Start = 0, End;
    WCHAR Stop = L' ';
    if (Length && CommandLine->Buffer[0] == L'"') {
        Start = 1;
        Stop = L'"';
    }
    for (End = Start; End < Length && CommandLine->Buffer[End] != Stop; End++)
        ;
    Name->Buffer = CommandLine->Buffer + Start;
    Name->Length = Name->MaximumLength = (USHORT)((End - Start) * sizeof(WCHAR));
}

static NTSTATUS InitOpenHandles(PHANDLE Input, PHANDLE Output, PHANDLE Error) {
    return IoOpenConsole(0, Input, Output, Error);
}

static NTSTATUS InitStartProgram(PUNICODE_STRING CommandLine, PEPROCESS *Process) {
    UNICODE_STRING Name, NtPath, Prefix = RTL_CONSTANT_STRING(L"\\??\\");
    PVOID Section;
    InitProgramName(CommandLine, &Name);
    NtPath.MaximumLength = Prefix.Length + Name.Length;
    NtPath.Length = 0;
    NtPath.Buffer = ExAllocatePool2(POOL_FLAG_PAGED, NtPath.MaximumLength, INIT_TAG);
    if (!NtPath.Buffer)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlAppendUnicodeStringToString(&NtPath, &Prefix);
    RtlAppendUnicodeStringToString(&NtPath, &Name);
    NTSTATUS Status = InitOpenImage(&NtPath, &Section);
    ExFreePoolWithTag(NtPath.Buffer, INIT_TAG);
    if (NT_SUCCESS(Status)) {
        PS_PROGRAM Program = {.Section = Section,
                              .ImagePath = &Name,
                              .CommandLine = CommandLine,
                              .OpenHandles = InitOpenHandles};
        Status = PsCreateUserProcess(&Program, Process);
        ObDereferenceObject(Section);
    }
    if (!NT_SUCCESS(Status))
        DbgPrint("%wZ cannot be started: %08x\n", &Name, Status);
    return Status;
}

static VOID InitTellOutcome(PCSTR Kind, NTSTATUS Status) {
    CHAR Line[40];
    _snprintf(Line, sizeof(Line), "%s %08x\n", Kind, (ULONG)Status);
    HalWriteOutcome(Line);
}

/*
 * Under QEMU's -icount one tick of the time stamp counter is one instruction. tools/bench reads
 * this line.
 */
static VOID InitTellBootTime(VOID) {
    PLOADER_PARAMETER_EXTENSION Loader = KeLoaderBlock->Extension;
    DbgPrint(
        "loader entry to kernel: %I64u, loader entry to first user instruction: %I64u instructions "
        "(TSC ticks)\n",
        Loader->KernelEntryTsc - Loader->LoaderEntryTsc, PsFirstUserTsc - Loader->LoaderEntryTsc);
}

/* Returns the program's exit status. */
static NTSTATUS InitWaitForProgram(PEPROCESS Process) {
    KeWaitForSingleObject(Process, Executive, KernelMode, FALSE, NULL);
    NTSTATUS ExitStatus = Process->ExitStatus;
    DbgPrint("%s has ended with status %08x\n", Process->ImageFileName, ExitStatus);
    ObDereferenceObject(Process);
    return ExitStatus;
}

/*
 * /REPEAT=n runs the program n times in a row; the last exit status is the outcome. It is meant for
 * tests of process termination.
 */
static ULONG InitRepetitions(VOID) {
    PCSTR Value = HalQueryLoadOption("REPEAT");
    ULONG Count = 0;
    for (; Value && *Value >= '0' && *Value <= '9' && Count < 100000; Value++)
        Count = Count * 10 + (ULONG)(*Value - '0');
    return max(Count, 1);
}

static VOID InitRunProgram(PUNICODE_STRING CommandLine) {
    NTSTATUS ExitStatus = STATUS_SUCCESS;
    for (ULONG Left = InitRepetitions(); Left; Left--) {
        PEPROCESS Process;
        NTSTATUS Status = InitStartProgram(CommandLine, &Process);
        if (!NT_SUCCESS(Status)) {
            InitTellOutcome("nostart", Status);
            return;
        }
        ExitStatus = InitWaitForProgram(Process);
    }
    if (HalQueryLoadOption("BOOTTIME"))
        InitTellBootTime();
    InitTellOutcome("exit", ExitStatus);
}

VOID InitRunFirstProgram(PLOADER_PARAMETER_BLOCK LoaderBlock) {
    UNICODE_STRING CommandLine;
    UTF8_STRING Text;

    if (!LoaderBlock->CommandLine[0])
        return;
    NTSTATUS Status = InitSystemDll(LoaderBlock);
    RtlInitUTF8String(&Text, LoaderBlock->CommandLine);
    if (NT_SUCCESS(Status))
        Status = RtlUTF8StringToUnicodeString(&CommandLine, &Text, TRUE);
    if (!NT_SUCCESS(Status)) {
        InitTellOutcome("nostart", Status);
        return;
    }
    InitRunProgram(&CommandLine);
    RtlFreeUnicodeString(&CommandLine);
}
