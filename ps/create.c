/*
 * A program becomes a process: images mapped, PEB and parameters written, first thread made.
 *
 * Everything that user mode finds when it starts is put there from here, in the new address space
 * and through the accessors; ntdll does the rest (user/ntdll/ldr/ldrinit.c).
 */
#include "psp.h"

static const WCHAR PspEnvironment[] = L"ALLUSERSPROFILE=C:\\ProgramData\0"
                                      L"OS=Windows_NT\0"
                                      L"Path=C:\\Windows\\System32\0"
                                      L"PROCESSOR_ARCHITECTURE=AMD64\0"
                                      L"SystemDrive=C:\0"
                                      L"SystemRoot=C:\\Windows\0"
                                      L"TEMP=C:\\Windows\\Temp\0"
                                      L"windir=C:\\Windows\0";

/* ntdll first, so that a program that wants its place is the one that is moved. */
static NTSTATUS PspMapImages(EPROCESS *Process, PVOID Section) {
    PVOID Base = NULL;
    SIZE_T Size = 0;
    NTSTATUS Status = MmInitializeProcessAddressSpace(Process, NULL);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = MmMapViewOfSection(PspSystemDll.Section, Process, &Base, 0, 0, NULL, &Size, ViewShare,
                                0, PAGE_EXECUTE_WRITECOPY);
    if (!NT_SUCCESS(Status))
        return Status;
    PspSystemDll.Base = Base;
    Base = NULL;
    Size = 0;
    Status = MmMapViewOfSection(Section, Process, &Base, 0, 0, NULL, &Size, ViewShare, 0,
                                PAGE_EXECUTE_WRITECOPY);
    Process->SectionBaseAddress = Base;
    return Status;
}

/* A place in user memory for a block and the strings behind it. */
typedef struct _PSP_BLOCK {
    PUCHAR Start, Next, End;
} PSP_BLOCK;

/* Copies a string behind the block and writes its descriptor. The space has been counted before. */
static VOID PspPutString(PSP_BLOCK *Block, UNICODE_STRING *Where, PCWSTR Text, USHORT Length,
                         USHORT Extra) {
    UNICODE_STRING String = {.Length = Length,
                             .MaximumLength = (USHORT)(Length + sizeof(WCHAR) + Extra),
                             .Buffer = (PWSTR)Block->Next};
    CopyToUser(Block->Next, Text, Length);
    CopyToUser(Where, &String, sizeof(String));
    Block->Next += (String.MaximumLength + 7) & ~7;
}

#define CURRENT_DIRECTORY_EXTRA 0x208 /* room for another path, as Windows leaves */

static VOID PspFillParameters(PSP_BLOCK *Block, const PS_PROGRAM *Program, const HANDLE *Handles) {
    PRTL_USER_PROCESS_PARAMETERS p = (PVOID)Block->Start;
    ULONG Size = (ULONG)(Block->End - Block->Start);
    Block->Next = Block->Start + sizeof(*p);
    WriteULongToUser(&p->MaximumLength, Size);
    WriteULongToUser(&p->Length, Size);
    WriteULongToUser(&p->Flags, 1); /* RTL_USER_PROC_PARAMS_NORMALIZED */
    WriteHandleToUser(&p->StandardInput, Handles[0]);
    WriteHandleToUser(&p->StandardOutput, Handles[1]);
    WriteHandleToUser(&p->StandardError, Handles[2]);
    PspPutString(Block, &p->CurrentDirectory.DosPath, L"C:\\", 6, CURRENT_DIRECTORY_EXTRA);
    PspPutString(Block, &p->DllPath, L"", 0, 0);
    PspPutString(Block, &p->ImagePathName, Program->ImagePath->Buffer, Program->ImagePath->Length,
                 0);
    PspPutString(Block, &p->CommandLine, Program->CommandLine->Buffer, Program->CommandLine->Length,
                 0);
    PspPutString(Block, &p->WindowTitle, Program->ImagePath->Buffer, Program->ImagePath->Length, 0);
    PspPutString(Block, &p->DesktopInfo, L"", 0, 0);
    PspPutString(Block, &p->ShellInfo, L"", 0, 0);
    PspPutString(Block, &p->RuntimeData, L"", 0, 0);
    WritePointerToUser(&p->Environment, Block->Next);
    CopyToUser(Block->Next, PspEnvironment, sizeof(PspEnvironment));
    WriteULong64ToUser(&p->EnvironmentSize, sizeof(PspEnvironment));
}

/* Attached. */
static NTSTATUS PspCreateParameters(EPROCESS *Process, const PS_PROGRAM *Program,
                                    PVOID *Parameters) {
    HANDLE Handles[3] = {0};
    SIZE_T Size = sizeof(RTL_USER_PROCESS_PARAMETERS) + 2 * Program->ImagePath->Length +
                  Program->CommandLine->Length + sizeof(PspEnvironment) + CURRENT_DIRECTORY_EXTRA +
                  256;
    PVOID Base = NULL;
    NTSTATUS Status = Program->OpenHandles(&Handles[0], &Handles[1], &Handles[2]);
    if (!NT_SUCCESS(Status))
        return Status;
    Status =
        MmAllocateVirtualMemory(Process, &Base, 0, &Size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    if (!NT_SUCCESS(Status))
        return Status;
    PSP_BLOCK Block = {.Start = Base, .End = (PUCHAR)Base + Size};
    __try {
        PspFillParameters(&Block, Program, Handles);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    *Parameters = Base;
    return STATUS_SUCCESS;
}

static VOID PspFillPeb(PPEB Peb, EPROCESS *Process, PVOID Parameters,
                       const SECTION_IMAGE_INFORMATION *Image) {
    WriteHandleToUser(&Peb->Mutant, (HANDLE)(LONG_PTR)-1);
    WritePointerToUser(&Peb->ImageBaseAddress, Process->SectionBaseAddress);
    WritePointerToUser(&Peb->ProcessParameters, Parameters);
    WriteULongToUser(&Peb->NumberOfProcessors, KeNumberProcessors);
    WriteULong64ToUser(&Peb->CriticalSectionTimeout, (ULONG64)-25920000000000ll); /* 30 days */
    WriteULong64ToUser(&Peb->HeapSegmentReserve, 0x100000);
    WriteULong64ToUser(&Peb->HeapSegmentCommit, 0x2000);
    WriteULong64ToUser(&Peb->HeapDeCommitTotalFreeThreshold, 0x10000);
    WriteULong64ToUser(&Peb->HeapDeCommitFreeBlockThreshold, 0x1000);
    WriteULongToUser(&Peb->MaximumNumberOfHeaps, 16);
    WriteULongToUser(&Peb->OSMajorVersion, 10);
    WriteULongToUser(&Peb->OSMinorVersion, 0);
    WriteUShortToUser(&Peb->OSBuildNumber, 19045);
    WriteULongToUser(&Peb->OSPlatformId, 2); /* VER_PLATFORM_WIN32_NT */
    WriteULongToUser(&Peb->ImageSubsystem, Image->SubSystemType);
    WriteULongToUser(&Peb->ImageSubsystemMajorVersion, Image->SubSystemMajorVersion);
    WriteULongToUser(&Peb->ImageSubsystemMinorVersion, Image->SubSystemMinorVersion);
    WriteULong64ToUser(&Peb->ActiveProcessAffinityMask, Process->Pcb.Affinity.Bitmap[0]);
    WriteULongToUser(&Peb->SessionId, Process->SessionId);
}

/* Attached. */
static NTSTATUS PspCreatePeb(EPROCESS *Process, PVOID Parameters,
                             const SECTION_IMAGE_INFORMATION *Image) {
    PVOID Base = NULL;
    SIZE_T Size = sizeof(PEB);
    NTSTATUS Status =
        MmAllocateVirtualMemory(Process, &Base, 0, &Size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    if (!NT_SUCCESS(Status))
        return Status;
    __try {
        PspFillPeb(Base, Process, Parameters, Image);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    Process->Peb = Base;
    return STATUS_SUCCESS;
}

/* The last part of a path, in the letters that fit into EPROCESS.ImageFileName. */
static VOID PspShortName(PCUNICODE_STRING Path, CHAR Name[15]) {
    ULONG Start = Path->Length / sizeof(WCHAR), n = 0;
    while (Start > 0 && Path->Buffer[Start - 1] != L'\\')
        Start--;
    for (ULONG i = Start; i < Path->Length / sizeof(WCHAR) && n < 14; i++)
        Name[n++] = Path->Buffer[i] < 0x80 ? (CHAR)Path->Buffer[i] : '?';
    Name[n] = 0;
}

/* Attached. Where the image has come to lie decides, not where it wanted to be. */
static NTSTATUS PspFindEntryPoint(EPROCESS *Process) {
    PUCHAR Base = Process->SectionBaseAddress;
    __try {
        PUCHAR Headers = Base + ReadULongFromUser(&((PIMAGE_DOS_HEADER)Base)->e_lfanew);
        Process->EntryPoint =
            Base +
            ReadULongFromUser(&((PIMAGE_NT_HEADERS64)Headers)->OptionalHeader.AddressOfEntryPoint);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return STATUS_SUCCESS;
}

static NTSTATUS PspFillProcess(EPROCESS *Process, const PS_PROGRAM *Program,
                               const SECTION_IMAGE_INFORMATION *Image) {
    KAPC_STATE ApcState;
    PVOID Parameters;
    KeStackAttachProcess(&Process->Pcb, &ApcState);
    NTSTATUS Status = PspCreateParameters(Process, Program, &Parameters);
    if (NT_SUCCESS(Status))
        Status = PspCreatePeb(Process, Parameters, Image);
    if (NT_SUCCESS(Status))
        Status = PspFindEntryPoint(Process);
    KeUnstackDetachProcess(&ApcState);
    return Status;
}

static NTSTATUS PspStartProcess(EPROCESS *Process, const PS_PROGRAM *Program) {
    SECTION_IMAGE_INFORMATION Image;
    ETHREAD *Thread;
    ObReferenceObject(Program->Section);
    Process->SectionObject = Program->Section;
    NTSTATUS Status = MmGetImageInformation(Program->Section, &Image);
    if (NT_SUCCESS(Status))
        Status = PspMapImages(Process, Program->Section);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = PspFillProcess(Process, Program, &Image);
    if (NT_SUCCESS(Status))
        Status =
            PspCreateUserThread(Process, Process->EntryPoint, Process->Peb, Image.MaximumStackSize,
                                Image.CommittedStackSize, FALSE, &Thread);
    if (!NT_SUCCESS(Status))
        return Status;
    PspReadyThread(Thread);
    ObDereferenceObject(Thread);
    return STATUS_SUCCESS;
}

NTSTATUS PsCreateUserProcess(const PS_PROGRAM *Program, PEPROCESS *NewProcess) {
    CHAR Name[15];
    EPROCESS *Process;
    PspShortName(Program->ImagePath, Name);
    NTSTATUS Status = PspCreateProcess(PsGetCurrentProcess(), Name, &Process);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = PspStartProcess(Process, Program);
    if (!NT_SUCCESS(Status)) {
        ObDereferenceObject(Process);
        return Status;
    }
    *NewProcess = Process;
    return STATUS_SUCCESS;
}
