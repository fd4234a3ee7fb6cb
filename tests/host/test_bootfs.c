/*
 * The boot volume's tree of names: building it from the loader's list, lookups, full names.
 * Sources: drivers/bootfs/tree.c
 */
#include "../../drivers/bootfs/bootfs.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int Failures;

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            printf("%s:%d: %s\n", __FILE__, __LINE__, #condition);                                 \
            Failures++;                                                                            \
        }                                                                                          \
    } while (0)

/* ---- Stand-ins for pool, log and string comparison ---- */

static int AllocationsLeft = 1000;
static PVOID Blocks[1000];
static int BlockCount;

PVOID ExAllocatePool2(POOL_FLAGS Flags, SIZE_T NumberOfBytes, ULONG Tag) {
    return AllocationsLeft-- > 0 ? (Blocks[BlockCount++] = calloc(1, NumberOfBytes)) : NULL;
}

ULONG DbgPrint(PCSTR Format, ...) {
    return 0;
}

static WCHAR Upper(WCHAR Character) {
    return Character >= 'a' && Character <= 'z' ? Character - 32 : Character;
}

BOOLEAN RtlEqualUnicodeString(PCUNICODE_STRING A, PCUNICODE_STRING B, BOOLEAN IgnoreCase) {
    if (A->Length != B->Length) {
        return FALSE;
    }
    for (ULONG I = 0; I < A->Length / sizeof(WCHAR); I++) {
        if (IgnoreCase ? Upper(A->Buffer[I]) != Upper(B->Buffer[I])
                       : A->Buffer[I] != B->Buffer[I]) {
            return FALSE;
        }
    }
    return TRUE;
}

/* ---- A volume ---- */

static UNICODE_STRING Text(PCWSTR Source) {
    USHORT Length = 0;
    while (Source[Length] != 0) {
        Length++;
    }
    return (UNICODE_STRING){Length * 2, Length * 2, (PWSTR)Source};
}

static PCWSTR const Paths[] = {
    L"\\hello.exe",
    L"\\vitrine\\System32\\ntoskrnl.exe",
    L"\\Vitrine\\system32\\ntdll.dll",
    L"\\vitrine\\boot.ini",
    L"\\HELLO.EXE",        /* a second time */
    L"\\hello.exe\\below", /* below a file */
    L"\\Windows",          /* a file where a directory is */
};

static LOADER_BOOT_FILE Files[RTL_NUMBER_OF(Paths)];
static BOOTFS_VOLUME Volume;

static NTSTATUS Build(void) {
    static LOADER_PARAMETER_EXTENSION Extension;
    static LOADER_PARAMETER_BLOCK Block = {.Extension = &Extension};
    PLIST_ENTRY Head = &Extension.BootFiles;
    Head->Flink = Head->Blink = Head;
    for (ULONG I = 0; I < RTL_NUMBER_OF(Paths); I++) {
        Files[I].Path = Text(Paths[I]);
        Files[I].Size = I + 1;
        Files[I].Link.Flink = Head;
        Files[I].Link.Blink = Head->Blink;
        Head->Blink->Flink = &Files[I].Link;
        Head->Blink = &Files[I].Link;
    }
    memset(&Volume, 0, sizeof(Volume));
    return BootFsBuildTree(&Volume, &Block);
}

static NTSTATUS Look(PBOOTFS_FCB Start, PCWSTR Path, BOOLEAN IgnoreCase, PBOOTFS_FCB *Fcb,
                     PBOOLEAN Trailing) {
    /* A heap copy without terminator: reading on is caught. */
    UNICODE_STRING Name = Text(Path);
    PWSTR Copy = malloc(Name.Length ? Name.Length : 1);
    memcpy(Copy, Name.Buffer, Name.Length);
    Name.Buffer = Copy;
    *Fcb = NULL;
    NTSTATUS Status = BootFsLookup(Start, &Name, IgnoreCase, Fcb, Trailing);
    free(Copy);
    return Status;
}

static void TestLookups(void) {
    static const struct {
        PCWSTR Path;
        NTSTATUS Status;
        int File; /* index, -1: a directory */
        BOOLEAN Trailing;
    } Cases[] = {
        {L"", STATUS_SUCCESS, -1, FALSE},
        {L"\\", STATUS_SUCCESS, -1, FALSE},
        {L"\\hello.exe", STATUS_SUCCESS, 0, FALSE},
        {L"\\HeLLo.EXE", STATUS_SUCCESS, 0, FALSE},
        {L"\\hello.exe\\", STATUS_SUCCESS, 0, TRUE},
        {L"\\Windows\\system32\\NTDLL.DLL", STATUS_SUCCESS, 2, FALSE},
        {L"\\Windows\\System32\\", STATUS_SUCCESS, -1, TRUE},
        {L"\\none", STATUS_OBJECT_NAME_NOT_FOUND, -1, FALSE},
        {L"\\none\\", STATUS_OBJECT_NAME_NOT_FOUND, -1, TRUE},
        {L"\\none\\file", STATUS_OBJECT_PATH_NOT_FOUND, -1, FALSE},
        {L"\\Windows\\none\\file", STATUS_OBJECT_PATH_NOT_FOUND, -1, FALSE},
        {L"\\hello.exe\\below", STATUS_OBJECT_PATH_NOT_FOUND, -1, FALSE},
        {L"\\hello.ex", STATUS_OBJECT_NAME_NOT_FOUND, -1, FALSE},
        {L"\\Windows\\\\boot.ini", STATUS_OBJECT_NAME_INVALID, -1, FALSE},
        {L"\\*.exe", STATUS_OBJECT_NAME_INVALID, -1, FALSE},
        {L"\\hello.exe:stream", STATUS_OBJECT_NAME_INVALID, -1, FALSE},
        {L"\\Windows/boot.ini", STATUS_OBJECT_NAME_INVALID, -1, FALSE},
    };
    for (ULONG I = 0; I < RTL_NUMBER_OF(Cases); I++) {
        PBOOTFS_FCB Fcb;
        BOOLEAN Trailing;
        NTSTATUS Status = Look(Volume.Root, Cases[I].Path, TRUE, &Fcb, &Trailing);
        int Good = Status == Cases[I].Status && Trailing == Cases[I].Trailing;
        if (Good && Status == STATUS_SUCCESS) {
            Good = Cases[I].File < 0 ? Fcb->Directory : Fcb->File == &Files[Cases[I].File];
        }
        if (!Good) {
            printf("case %u: %08x\n", I, (unsigned)Status);
            Failures++;
        }
    }
}

static void TestCaseAndStart(void) {
    PBOOTFS_FCB Fcb, Directory;
    BOOLEAN Trailing;
    CHECK(Look(Volume.Root, L"\\HELLO.exe", FALSE, &Fcb, &Trailing) ==
          STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK(Look(Volume.Root, L"\\Windows", FALSE, &Directory, &Trailing) == STATUS_SUCCESS);
    CHECK(Look(Directory, L"boot.ini", TRUE, &Fcb, &Trailing) == STATUS_SUCCESS &&
          Fcb->File == &Files[3]);
    CHECK(Volume.TotalBytes == 1 + 2 + 3 + 4);
    CHECK(Volume.FcbCount == 1 + 4 + 2);
}

static void TestNames(void) {
    PBOOTFS_FCB Fcb;
    BOOLEAN Trailing;
    WCHAR Buffer[40];
    CHECK(Look(Volume.Root, L"\\Windows\\system32\\ntdll.dll", TRUE, &Fcb, &Trailing) == 0);
    UNICODE_STRING Expected = Text(L"\\Windows\\System32\\ntdll.dll");
    for (ULONG Size = 0; Size <= Expected.Length; Size += 2) {
        memset(Buffer, 0xEE, sizeof(Buffer));
        CHECK(BootFsBuildName(Fcb, Buffer, Size) == Expected.Length);
        CHECK(memcmp(Buffer, Expected.Buffer, Size) == 0);
        CHECK(Buffer[Size / 2] == 0xEEEE);
    }
    CHECK(BootFsBuildName(Volume.Root, Buffer, sizeof(Buffer)) == 2 && Buffer[0] == '\\');
}

static void TestNoMemory(void) {
    for (int Count = 0; Count < 7; Count++) {
        AllocationsLeft = Count;
        CHECK(Build() == STATUS_INSUFFICIENT_RESOURCES);
    }
}

int main(void) {
    CHECK(Build() == STATUS_SUCCESS);
    TestLookups();
    TestCaseAndStart();
    TestNames();
    TestNoMemory();
    while (BlockCount > 0) {
        free(Blocks[--BlockCount]);
    }
    return Failures != 0;
}
