/*
 * fwcfg.c - files from QEMU, without a disk
 *
 * QEMU's firmware configuration device holds named items. One of them, opt/vitrine/files.tar, is a
 * ustar archive of the boot volume. The device's DMA interface writes directly to memory: a
 * descriptor in memory names the operation (select an item, read, or skip part of it), and writing
 * its address to port 514h performs the operation immediately, whatever its length. So the archive
 * is read twice: first the headers, to learn how many pages the files need, then each file directly
 * into its pages. Sources: QEMU, docs/specs/fw_cfg; POSIX.1, pax, "ustar Interchange Format".
 */
#include "boot.h"

#define FWCFG_SELECTOR 0x510
#define FWCFG_DATA     0x511
#define FWCFG_DMA_HIGH 0x514
#define FWCFG_DMA_LOW  0x518

#define FWCFG_SIGNATURE 0x0000
#define FWCFG_ID        0x0001
#define FWCFG_ID_DMA    0x02
#define FWCFG_DIRECTORY 0x0019

#define FWCFG_DMA_ERROR  0x01
#define FWCFG_DMA_READ   0x02
#define FWCFG_DMA_SKIP   0x04
#define FWCFG_DMA_SELECT 0x08

#define CPUID_HYPERVISOR 0x80000000u
#define MAXIMUM_ITEMS    256
#define ITEM_NAME        56

#define TAR_BLOCK            512
#define SECONDS_1601_TO_1970 11644473600ULL

static const CHAR ArchiveName[] = "opt/vitrine/files.tar";
static const WCHAR ArchiveFile[] = L"opt/vitrine/files.tar";

/* All fields are big-endian. */
typedef struct _FWCFG_DMA {
    ULONG Control;
    ULONG Length;
    ULONG64 Address;
} FWCFG_DMA;

typedef struct _FWCFG_ITEM {
    ULONG Size;
    USHORT Select;
    USHORT Reserved;
    CHAR Name[ITEM_NAME];
} FWCFG_ITEM;
static_assert(sizeof(FWCFG_ITEM) == 64, "an entry of fw_cfg's directory");

typedef struct _TAR_HEADER {
    CHAR Name[100];
    CHAR Mode[8];
    CHAR Uid[8];
    CHAR Gid[8];
    CHAR Size[12];
    CHAR ModificationTime[12];
    CHAR Checksum[8];
    CHAR Type;
    CHAR LinkName[100];
    CHAR Magic[6];
    CHAR Version[2];
    CHAR UserName[32];
    CHAR GroupName[32];
    CHAR Major[8];
    CHAR Minor[8];
    CHAR Prefix[155];
    CHAR Padding[12];
} TAR_HEADER;
static_assert(sizeof(TAR_HEADER) == TAR_BLOCK, "a ustar header is one block");

/* The archive while it is read: which item, and how many bytes are left. */
typedef struct _ARCHIVE {
    USHORT Select;
    ULONG64 Left;
    TAR_HEADER Header;
} ARCHIVE, *PARCHIVE;

static VOID Out16(USHORT Port, USHORT Value) {
    __asm__ volatile("outw %0, %1" : : "a"(Value), "Nd"(Port));
}

static VOID Out32(USHORT Port, ULONG Value) {
    __asm__ volatile("outl %0, %1" : : "a"(Value), "Nd"(Port) : "memory");
}

/* Runs one DMA command. QEMU completes it when the second half of the address is written. */
static VOID Dma(ULONG Control, PVOID To, ULONG Length) {
    volatile FWCFG_DMA Command = {__builtin_bswap32(Control), __builtin_bswap32(Length),
                                  __builtin_bswap64((ULONG64)To)};
    ULONG64 Address = (ULONG64)&Command;
    Out32(FWCFG_DMA_HIGH, __builtin_bswap32((ULONG)(Address >> 32)));
    Out32(FWCFG_DMA_LOW, __builtin_bswap32((ULONG)Address));
    ULONG Result;
    do {
        Result = __builtin_bswap32(Command.Control);
    } while ((Result & ~(ULONG)FWCFG_DMA_ERROR) != 0);
    if (Result != 0)
        BootFail(STATUS_IO_DEVICE_ERROR, ArchiveFile, "fw_cfg refused a transfer", NULL);
}

/* The ports are accessed only on machines that claim to be virtual. */
static BOOLEAN IsPresent(VOID) {
    static const CHAR Signature[] = "QEMU";
    ULONG Eax, Ecx, Edx;
    BootCpuid(1, &Eax, &Ecx, &Edx);
    if ((Ecx & CPUID_HYPERVISOR) == 0)
        return FALSE;
    Out16(FWCFG_SELECTOR, FWCFG_SIGNATURE);
    for (ULONG At = 0; At < sizeof(Signature) - 1; At++) {
        if (BootIn8(FWCFG_DATA) != (UCHAR)Signature[At])
            return FALSE;
    }
    Out16(FWCFG_SELECTOR, FWCFG_ID);
    return (BootIn8(FWCFG_DATA) & FWCFG_ID_DMA) != 0;
}

static BOOLEAN FindArchive(PARCHIVE Archive) {
    static FWCFG_ITEM Items[MAXIMUM_ITEMS];
    ULONG Count;
    Dma(FWCFG_DIRECTORY << 16 | FWCFG_DMA_SELECT | FWCFG_DMA_READ, &Count, sizeof(Count));
    Count = min(__builtin_bswap32(Count), MAXIMUM_ITEMS);
    Dma(FWCFG_DMA_READ, Items, Count * (ULONG)sizeof(FWCFG_ITEM));
    for (ULONG Index = 0; Index < Count; Index++) {
        if (memcmp(Items[Index].Name, ArchiveName, sizeof(ArchiveName)) == 0) {
            Archive->Select = __builtin_bswap16(Items[Index].Select);
            Archive->Left = __builtin_bswap32(Items[Index].Size);
            return TRUE;
        }
    }
    return FALSE;
}

static ULONG64 ParseOctal(const CHAR *Digits, ULONG Size) {
    ULONG64 Value = 0;
    for (ULONG At = 0; At < Size && Digits[At] != 0; At++) {
        if (Digits[At] >= '0' && Digits[At] <= '7')
            Value = Value << 3 | (ULONG64)(Digits[At] - '0');
    }
    return Value;
}

/* Checks the sum of all bytes of the header, in which the sum's own field counts as blanks. */
static BOOLEAN IsChecksumRight(const TAR_HEADER *Header) {
    const UCHAR *Bytes = (const UCHAR *)Header;
    ULONG64 Sum = 0;
    for (ULONG At = 0; At < TAR_BLOCK; At++)
        Sum += Bytes[At];
    for (ULONG At = 0; At < sizeof(Header->Checksum); At++)
        Sum += (ULONG64)' ' - (UCHAR)Header->Checksum[At];
    return Sum == ParseOctal(Header->Checksum, sizeof(Header->Checksum));
}

/* Reads the next header; FALSE at the end of the archive, which is an empty block. */
static BOOLEAN NextHeader(PARCHIVE Archive) {
    if (Archive->Left < TAR_BLOCK)
        return FALSE;
    Dma(FWCFG_DMA_READ, &Archive->Header, TAR_BLOCK);
    Archive->Left -= TAR_BLOCK;
    if (Archive->Header.Name[0] == 0)
        return FALSE;
    if (!IsChecksumRight(&Archive->Header) || memcmp(Archive->Header.Magic, "ustar", 5) != 0)
        BootFail(STATUS_FILE_CORRUPT_ERROR, ArchiveFile, "is not a ustar archive", NULL);
    return TRUE;
}

/* Returns the size of the entry's contents, which must fit in the archive; sets *IsFile. */
static ULONG64 EntrySize(PARCHIVE Archive, BOOLEAN *IsFile) {
    ULONG64 Size = ParseOctal(Archive->Header.Size, sizeof(Archive->Header.Size));
    if (ALIGN_UP_BY(Size, TAR_BLOCK) > Archive->Left)
        BootFail(STATUS_END_OF_FILE, ArchiveFile, "the archive is truncated", NULL);
    *IsFile = Archive->Header.Type == '0' || Archive->Header.Type == 0;
    return Size;
}

static VOID Skip(PARCHIVE Archive, ULONG64 Size) {
    if (Size != 0)
        Dma(FWCFG_DMA_SKIP, NULL, (ULONG)Size);
    Archive->Left -= Size;
}

/* Converts prefix/name in UTF-8 with slashes to \prefix\name in UTF-16. */
static VOID MakePath(const TAR_HEADER *Header, PWSTR Path) {
    CHAR Text[sizeof(Header->Prefix) + sizeof(Header->Name) + 3] = "/";
    ULONG Length = 1;
    for (ULONG At = 0; At < sizeof(Header->Prefix) && Header->Prefix[At] != 0; At++)
        Text[Length++] = Header->Prefix[At];
    if (Length > 1)
        Text[Length++] = '/';
    ULONG Skipped = Length == 1 && Header->Name[0] == '.' && Header->Name[1] == '/' ? 2 : 0;
    for (ULONG At = Skipped; At < sizeof(Header->Name) && Header->Name[At] != 0; At++)
        Text[Length++] = Header->Name[At];
    BootWiden(Path, BOOT_MAXIMUM_PATH, Text, Length);
    for (; *Path != 0; Path++) {
        if (*Path == '/')
            *Path = '\\';
    }
}

static ULONG64 CountPages(ARCHIVE Archive) {
    BOOLEAN IsFile;
    ULONG64 Pages = 0;
    Dma((ULONG)Archive.Select << 16 | FWCFG_DMA_SELECT, NULL, 0);
    while (NextHeader(&Archive)) {
        ULONG64 Size = EntrySize(&Archive, &IsFile);
        if (IsFile)
            Pages += max(BYTES_TO_PAGES(Size), 1);
        Skip(&Archive, ALIGN_UP_BY(Size, TAR_BLOCK));
    }
    return Pages;
}

static VOID ReadContents(PARCHIVE Archive, ULONG64 Size, PVOID To) {
    WCHAR Path[BOOT_MAXIMUM_PATH];
    if (Size != 0)
        Dma(FWCFG_DMA_READ, To, (ULONG)Size);
    Archive->Left -= Size;
    ULONG64 Seconds =
        ParseOctal(Archive->Header.ModificationTime, sizeof(Archive->Header.ModificationTime));
    MakePath(&Archive->Header, Path);
    BootAddFile(Path, Size, To, (Seconds + SECONDS_1601_TO_1970) * 10000000);
}

static ARCHIVE FoundArchive;

/* Called before anything can fail: if there is an archive, a program watches the machine. */
VOID BootFindArchive(VOID) {
    if (IsPresent() && FindArchive(&FoundArchive))
        BootSetWatchedByProgram();
}

/* FALSE if there is no archive; the files are then on a volume. */
BOOLEAN BootReadArchive(VOID) {
    PARCHIVE Archive = &FoundArchive;
    BOOLEAN IsFile;
    if (Archive->Left == 0)
        return FALSE;
    ULONG64 Pages = CountPages(*Archive);
    PUCHAR To = BootAllocatePages(LoaderBootFile, max(Pages, 1), 1, ArchiveFile);
    Dma((ULONG)Archive->Select << 16 | FWCFG_DMA_SELECT, NULL, 0);
    while (NextHeader(Archive)) {
        ULONG64 Size = EntrySize(Archive, &IsFile);
        ULONG64 Padding = ALIGN_UP_BY(Size, TAR_BLOCK) - Size;
        if (!IsFile) {
            Skip(Archive, Size + Padding);
            continue;
        }
        ReadContents(Archive, Size, To);
        Skip(Archive, Padding);
        To += max(ROUND_TO_PAGES(Size), PAGE_SIZE);
    }
    return TRUE;
}
