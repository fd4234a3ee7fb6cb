/*
 * files.c - the boot volume: every file that the kernel sees before there is a disk driver
 *
 * The files come from the archive in QEMU's fw_cfg device (fwcfg.c) or else from the EFI system
 * partition that contains the loader: all of \vitrine and the files of the root. Each file has
 * whole pages, with the tail of the last one zeroed, so that the memory manager can map it without
 * a copy. The loader block's list is the only table of files.
 */
#include "boot.h"

#define MAXIMUM_DEPTH    8
#define FILE_INFO_BUFFER 1024
#define OPTIONS_END      " -- "

/* Adds a file to the list. Data is at least Size bytes of whole pages; zeroes their tail. */
PLOADER_BOOT_FILE BootAddFile(PCWSTR Path, ULONG64 Size, PVOID Data, ULONG64 LastWriteTime) {
    PLOADER_BOOT_FILE File = BootAllocate(sizeof(*File));
    SIZE_T Bytes = BootWideLength(Path) * sizeof(WCHAR);
    PWSTR Name = BootAllocate(Bytes + sizeof(WCHAR));
    memcpy(Name, Path, Bytes);
    memset((PUCHAR)Data + Size, 0, max(ROUND_TO_PAGES(Size), PAGE_SIZE) - Size);
    File->Path.Length = (USHORT)Bytes;
    File->Path.MaximumLength = (USHORT)(Bytes + sizeof(WCHAR));
    File->Path.Buffer = BootToVa(Name);
    File->Size = Size;
    File->BasePage = (ULONG64)Data >> PAGE_SHIFT;
    File->LastWriteTime.QuadPart = (LONGLONG)LastWriteTime;
    BootAppendList(&BootExtension->BootFiles, &File->Link);
    return File;
}

PLOADER_BOOT_FILE BootNextFile(PLOADER_BOOT_FILE Previous) {
    PLIST_ENTRY Head = &BootExtension->BootFiles;
    PLIST_ENTRY Next = BootFromVa(Previous == NULL ? Head->Flink : Previous->Link.Flink);
    return Next == Head ? NULL : CONTAINING_RECORD(Next, LOADER_BOOT_FILE, Link);
}

PCWSTR BootFilePath(PLOADER_BOOT_FILE File) {
    return BootFromVa(File->Path.Buffer);
}

PVOID BootFileData(PLOADER_BOOT_FILE File) {
    return (PVOID)(File->BasePage << PAGE_SHIFT);
}

/* NULL if there is no such file. Names are compared without regard to case, as in Windows. */
PLOADER_BOOT_FILE BootFindFile(PCWSTR Path) {
    SIZE_T Length = BootWideLength(Path);
    for (PLOADER_BOOT_FILE File = BootNextFile(NULL); File != NULL; File = BootNextFile(File)) {
        if (BootEqualNames(BootFilePath(File), File->Path.Length / sizeof(WCHAR), Path, Length))
            return File;
    }
    return NULL;
}

/* The path of the current file: extended when the walk descends, truncated when it returns. */
typedef struct _VOLUME_WALK {
    WCHAR Path[BOOT_MAXIMUM_PATH];
    SIZE_T Length;
} VOLUME_WALK, *PVOLUME_WALK;

static VOID AppendName(PVOLUME_WALK Walk, PCWSTR Name) {
    SIZE_T Length = BootWideLength(Name);
    if (Walk->Length + Length + 2 > BOOT_MAXIMUM_PATH)
        BootFail(STATUS_NAME_TOO_LONG, Walk->Path, "holds a path that is too long", NULL);
    Walk->Path[Walk->Length++] = '\\';
    memcpy(Walk->Path + Walk->Length, Name, (Length + 1) * sizeof(WCHAR));
    Walk->Length += Length;
}

/* Days from 1601-01-01 to a date of the Gregorian calendar. */
static ULONG64 DaysSince1601(ULONG Year, ULONG Month, ULONG Day) {
    static const USHORT DaysBefore[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    ULONG64 Years = Year - 1601;
    ULONG64 Days = Years * 365 + Years / 4 - Years / 100 + Years / 400;
    BOOLEAN IsLeap = Year % 4 == 0 && (Year % 100 != 0 || Year % 400 == 0);
    return Days + DaysBefore[Month - 1] + (IsLeap && Month > 2) + Day - 1;
}

static ULONG64 TimeOfEfi(const EFI_TIME *Time) {
    if (Time->Year < 1601 || Time->Month < 1 || Time->Month > 12 || Time->Day < 1)
        return 0;
    ULONG64 Days = DaysSince1601(Time->Year, Time->Month, Time->Day);
    ULONG64 Seconds = ((Days * 24 + Time->Hour) * 60 + Time->Minute) * 60 + Time->Second;
    return Seconds * 10000000 + Time->Nanosecond / 100;
}

static VOID ReadVolumeFile(PVOLUME_WALK Walk, EFI_FILE_HANDLE File, const EFI_FILE_INFO *Info) {
    UINTN Size = Info->FileSize;
    ULONG64 Pages = max(BYTES_TO_PAGES(Size), 1);
    PVOID Data = BootAllocatePages(LoaderBootFile, Pages, 1, Walk->Path);
    EFI_STATUS Status = File->Read(File, &Size, Data);
    if (EFI_ERROR(Status))
        BootFail(STATUS_IO_DEVICE_ERROR, Walk->Path, "the file cannot be read", NULL);
    if (Size != Info->FileSize)
        BootFail(STATUS_END_OF_FILE, Walk->Path, "the file is shorter than its directory says",
                 NULL);
    BootAddFile(Walk->Path, Size, Data, TimeOfEfi(&Info->ModificationTime));
}

static VOID ReadDirectory(PVOLUME_WALK Walk, EFI_FILE_HANDLE Directory, ULONG Depth);

/* Of the root's directories only \vitrine is read, with everything below it. */
static BOOLEAN IsWanted(const EFI_FILE_INFO *Info, ULONG Depth) {
    static const WCHAR Tree[] = L"vitrine";
    if ((Info->Attribute & EFI_FILE_DIRECTORY) == 0)
        return TRUE;
    if (Info->FileName[0] == '.' || Depth == MAXIMUM_DEPTH)
        return FALSE;
    SIZE_T Length = BootWideLength((PCWSTR)Info->FileName);
    return Depth > 0 || BootEqualNames((PCWSTR)Info->FileName, Length, Tree, ARRAYSIZE(Tree) - 1);
}

static VOID ReadEntry(PVOLUME_WALK Walk, EFI_FILE_HANDLE Directory, const EFI_FILE_INFO *Info,
                      ULONG Depth) {
    EFI_FILE_HANDLE File;
    SIZE_T Length = Walk->Length;
    AppendName(Walk, (PCWSTR)Info->FileName);
    if (EFI_ERROR(
            Directory->Open(Directory, &File, (CHAR16 *)Info->FileName, EFI_FILE_MODE_READ, 0)))
        BootFail(STATUS_IO_DEVICE_ERROR, Walk->Path, "the file cannot be opened", NULL);
    if ((Info->Attribute & EFI_FILE_DIRECTORY) != 0)
        ReadDirectory(Walk, File, Depth + 1);
    else
        ReadVolumeFile(Walk, File, Info);
    File->Close(File);
    Walk->Length = Length;
    Walk->Path[Length] = 0;
}

static VOID ReadDirectory(PVOLUME_WALK Walk, EFI_FILE_HANDLE Directory, ULONG Depth) {
    ULONG64 Buffer[FILE_INFO_BUFFER / sizeof(ULONG64)];
    const EFI_FILE_INFO *Info = (const EFI_FILE_INFO *)Buffer;
    for (;;) {
        UINTN Size = sizeof(Buffer);
        if (EFI_ERROR(Directory->Read(Directory, &Size, Buffer)))
            BootFail(STATUS_IO_DEVICE_ERROR, Walk->Path, "the directory cannot be read", NULL);
        if (Size == 0)
            return;
        if (IsWanted(Info, Depth))
            ReadEntry(Walk, Directory, Info, Depth);
    }
}

static VOID ReadVolume(VOID) {
    static EFI_GUID LoadedImageGuid = EFI_LOADED_IMAGE_PROTOCOL_GUID;
    static EFI_GUID FileSystemGuid = EFI_SIMPLE_FILE_SYSTEM_PROTOCOL_GUID;
    static VOLUME_WALK Walk;
    EFI_LOADED_IMAGE *Image;
    EFI_FILE_IO_INTERFACE *FileSystem;
    EFI_FILE_HANDLE Root;
    if (EFI_ERROR(
            BootServices->HandleProtocol(BootImageHandle, &LoadedImageGuid, (void **)&Image)) ||
        EFI_ERROR(BootServices->HandleProtocol(Image->DeviceHandle, &FileSystemGuid,
                                               (void **)&FileSystem)) ||
        EFI_ERROR(FileSystem->OpenVolume(FileSystem, &Root)))
        BootFail(STATUS_NO_SUCH_FILE, NULL, "the loader was not loaded from a volume", NULL);
    ReadDirectory(&Walk, Root, 0);
    Root->Close(Root);
}

VOID BootReadFiles(VOID) {
    if (!BootReadArchive())
        ReadVolume();
}

/* Maps the boot files read-only in the boot slot, one after the other. */
VOID BootMapFiles(VOID) {
    for (PLOADER_BOOT_FILE File = BootNextFile(NULL); File != NULL; File = BootNextFile(File)) {
        ULONG64 Size = max(ROUND_TO_PAGES(File->Size), PAGE_SIZE);
        ULONG64 Va = BootReserveVa(Size);
        BootMap(Va, BootFileData(File), Size, BootRead, FALSE);
        File->Data = (PVOID)Va;
    }
}

/* Finds a text in the options; NULL if it is not there. Options are upper case. */
static PCSTR FindText(PCSTR Text, PCSTR Wanted) {
    for (; *Text != 0; Text++) {
        SIZE_T At = 0;
        while (Wanted[At] != 0 && Text[At] == Wanted[At])
            At++;
        if (Wanted[At] == 0)
            return Text;
    }
    return NULL;
}

/* /EXITPORT=0xE9 is the port that reports failures to the program that runs the machine. */
static VOID ReadExitPort(PCSTR Options) {
    static const CHAR Name[] = "/EXITPORT=0x";
    PCSTR At = FindText(Options, Name);
    ULONG Port = 0;
    if (At == NULL)
        return;
    for (At += sizeof(Name) - 1; *At > ' '; At++) {
        ULONG Digit = *At <= '9' ? (ULONG)*At - '0' : ((ULONG)*At | 0x20) - 'a' + 10;
        Port = Port << 4 | (Digit & 15);
    }
    BootSetExitPort((USHORT)Port);
}

/* boot.ini has options, " -- " and the first process's command line. Cuts final line breaks. */
VOID BootReadOptions(VOID) {
    PLOADER_BOOT_FILE File = BootFindFile(L"\\vitrine\\boot.ini");
    SIZE_T Size = File == NULL ? 0 : File->Size;
    PSTR Text = BootAllocate(Size + 1);
    if (File != NULL)
        memcpy(Text, BootFileData(File), Size);
    while (Size != 0 && (Text[Size - 1] == '\r' || Text[Size - 1] == '\n'))
        Text[--Size] = 0;
    if (Size >= 3 && memcmp(Text, "\xEF\xBB\xBF", 3) == 0)
        Text += 3;
    PSTR Command = (PSTR)FindText(Text, OPTIONS_END);
    BootBlock->LoadOptions = BootToVa(Text);
    if (Command != NULL) {
        *Command = 0;
        BootBlock->CommandLine = BootToVa(Command + sizeof(OPTIONS_END) - 1);
    } else {
        BootBlock->CommandLine = BootToVa(BootAllocate(1));
    }
    ReadExitPort(Text);
}
