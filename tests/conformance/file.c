/* Files: opening by name and relative to a directory, reading, positions, sizes, what is refused.
 */
#include "nt.h"

NTSYS NTSTATUS NTAPI NtQueryAttributesFile(POBJECT_ATTRIBUTES, PVOID);

#define BASIC    4
#define STANDARD 5
#define NAME     9
#define POSITION 14

static WCHAR Path[1024];
static ULONG DirectoryLength; /* of Path, without the program's own name, in characters */
static ULONG PathLength;

/* The program's own path, as the native one: \??\C:\...\file.exe. */
static void FindSelf(void) {
    UNICODE_STRING *Image = (UNICODE_STRING *)((ULONG_PTR)Parameters() + 0x60);
    static const WCHAR Prefix[] = L"\\??\\";
    ULONG Skip = Image->Length >= 8 && Image->Buffer[0] == '\\' ? 4 : 0;
    memcpy(Path, Prefix, 8);
    memcpy(Path + 4, Image->Buffer + Skip, Image->Length - 2 * Skip);
    PathLength = 4 + Image->Length / 2 - Skip;
    for (DirectoryLength = PathLength; Path[DirectoryLength - 1] != '\\'; DirectoryLength--) {
    }
}

/* Opens Length characters of Path followed by Rest. */
static NTSTATUS OpenAt(HANDLE Root, PCWSTR Start, ULONG Length, PCWSTR Rest, ULONG Access,
                       ULONG Options, PHANDLE File) {
    WCHAR Full[1100];
    IO_STATUS_BLOCK Io;
    UNICODE_STRING Name = {.Buffer = Full};
    OBJECT_ATTRIBUTES Attributes;
    memcpy(Full, Start, Length * 2);
    while (*Rest) {
        Full[Length++] = *Rest++;
    }
    Name.Length = Name.MaximumLength = (USHORT)(Length * 2);
    InitializeObjectAttributes(&Attributes, &Name, OBJ_CASE_INSENSITIVE, Root, NULL);
    *File = NULL;
    return NtOpenFile(File, Access | SYNCHRONIZE, &Attributes, &Io,
                      FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                      Options | FILE_SYNCHRONOUS_IO_NONALERT);
}

static void ShowOpen(const char *What, ULONG Length, PCWSTR Rest, ULONG Options) {
    HANDLE File;
    ShowStatus(What, OpenAt(NULL, Path, Length, Rest, FILE_GENERIC_READ, Options, &File));
    if (File) {
        NtClose(File);
    }
}

static void Opening(void) {
    ShowOpen("itself", PathLength, L"", FILE_NON_DIRECTORY_FILE);
    ShowOpen("itself as a directory", PathLength, L"", FILE_DIRECTORY_FILE);
    ShowOpen("its directory", DirectoryLength, L"", FILE_DIRECTORY_FILE);
    ShowOpen("its directory as a file", DirectoryLength, L"", FILE_NON_DIRECTORY_FILE);
    ShowOpen("no such name", DirectoryLength, L"no such name", 0);
    ShowOpen("no such path", DirectoryLength, L"no such\\name", 0);
    ShowOpen("below a file", PathLength, L"\\name", 0);
    ShowOpen("a wild card", DirectoryLength, L"*.exe", 0);
}

static void Relative(void) {
    HANDLE Directory, File;
    ShowStatus("directory", OpenAt(NULL, Path, DirectoryLength, L"", FILE_GENERIC_READ,
                                   FILE_DIRECTORY_FILE, &Directory));
    ShowStatus("relative", OpenAt(Directory, Path + DirectoryLength, PathLength - DirectoryLength,
                                  L"", FILE_GENERIC_READ, 0, &File));
    NtClose(File);
    ShowStatus("relative, missing",
               OpenAt(Directory, L"", 0, L"missing", FILE_GENERIC_READ, 0, &File));
    NtClose(Directory);
}

static NTSTATUS ReadAt(HANDLE File, PVOID Buffer, ULONG Length, LONGLONG Offset, BOOL Given,
                       PIO_STATUS_BLOCK Io) {
    LARGE_INTEGER At = {.QuadPart = Offset};
    Io->Information = 77;
    return NtReadFile(File, NULL, NULL, NULL, Io, Buffer, Length, Given ? &At : NULL, NULL);
}

static LONGLONG Position(HANDLE File) {
    IO_STATUS_BLOCK Io;
    LONGLONG At = -1;
    NtQueryInformationFile(File, &Io, &At, sizeof(At), POSITION);
    return At;
}

static void Reading(HANDLE File, LONGLONG Size) {
    UCHAR Buffer[64];
    IO_STATUS_BLOCK Io;
    ShowStatus("read", ReadAt(File, Buffer, 2, 0, FALSE, &Io));
    Print("%c%c, %u bytes, position %u\n", Buffer[0], Buffer[1], (unsigned)Io.Information,
          (unsigned)Position(File));
    ShowStatus("read at 60", ReadAt(File, Buffer, 4, 60, TRUE, &Io));
    Print("%u bytes, position %u\n", (unsigned)Io.Information, (unsigned)Position(File));
    ShowStatus("read across the end", ReadAt(File, Buffer, 64, Size - 10, TRUE, &Io));
    Print("%u bytes, at the end: %s\n", (unsigned)Io.Information, YesNo(Position(File) == Size));
    ShowStatus("read at the end", ReadAt(File, Buffer, 64, 0, FALSE, &Io));
    Print("%08x %u\n", (unsigned)Io.Status, (unsigned)Io.Information);
    ShowStatus("read nothing", ReadAt(File, Buffer, 0, 0, TRUE, &Io));
    ShowStatus("write without the right",
               NtWriteFile(File, NULL, NULL, NULL, &Io, "x", 1, NULL, NULL));
    LONGLONG To = 3;
    ShowStatus("set position", NtSetInformationFile(File, &Io, &To, sizeof(To), POSITION));
    Print("position %u\n", (unsigned)Position(File));
}

static void Querying(HANDLE File, LONGLONG Size) {
    IO_STATUS_BLOCK Io;
    ULONG64 Info[80];
    ShowStatus("basic", NtQueryInformationFile(File, &Io, Info, 40, BASIC));
    Print("%u bytes, directory: %s\n", (unsigned)Io.Information,
          YesNo((AT(Info, 32, ULONG) & FILE_ATTRIBUTE_DIRECTORY) != 0));
    ShowStatus("basic, too short", NtQueryInformationFile(File, &Io, Info, 39, BASIC));
    ShowStatus("standard, too short", NtQueryInformationFile(File, &Io, Info, 23, STANDARD));
    ShowStatus("name", NtQueryInformationFile(File, &Io, Info, sizeof(Info), NAME));
    ULONG Bytes = AT(Info, 0, ULONG);
    Check("ends in .exe", AT(Info, Bytes, WCHAR) == 'x' && AT(Info, 2 + Bytes, WCHAR) == 'e');
    Check("begins with a backslash", AT(Info, 4, WCHAR) == '\\');
    Check("size is known", Size > 1024);
    ShowStatus("device", NtQueryVolumeInformationFile(File, &Io, Info, 8, 4));
}

static void Attributes(void) {
    UCHAR Basic[40];
    UNICODE_STRING Name = {(USHORT)(PathLength * 2), (USHORT)(PathLength * 2), Path};
    OBJECT_ATTRIBUTES Object;
    InitializeObjectAttributes(&Object, &Name, OBJ_CASE_INSENSITIVE, NULL, NULL);
    ShowStatus("attributes", NtQueryAttributesFile(&Object, Basic));
    Check("directory", (AT(Basic, 32, ULONG) & FILE_ATTRIBUTE_DIRECTORY) != 0);
    Name.Length -= 2;
    ShowStatus("attributes, missing", NtQueryAttributesFile(&Object, Basic));
    Name.Length = (USHORT)(DirectoryLength * 2);
    ShowStatus("attributes of the directory", NtQueryAttributesFile(&Object, Basic));
    Check("directory", (AT(Basic, 32, ULONG) & FILE_ATTRIBUTE_DIRECTORY) != 0);
}

void Start(void) {
    HANDLE File;
    IO_STATUS_BLOCK Io;
    LONGLONG Info[3];
    FindSelf();
    Opening();
    Relative();
    OpenAt(NULL, Path, PathLength, L"", FILE_GENERIC_READ, FILE_NON_DIRECTORY_FILE, &File);
    ShowStatus("standard", NtQueryInformationFile(File, &Io, Info, sizeof(Info), STANDARD));
    Reading(File, Info[1]);
    Querying(File, Info[1]);
    ShowStatus("close", NtClose(File));
    ShowStatus("close again", NtClose(File));
    Attributes();
    Exit(0);
}
