/*
 * tree.c - the tree of names of the boot volume
 *
 * The loader provides a flat list of paths. The tree is built from it once; a directory is created
 * when a path first mentions it. A lookup then compares names only within each directory on the
 * path. Names point into the paths of the loader's list; nothing is copied.
 */
#include "bootfs.h"

/* Splits the first component off Path; FALSE if there is none. */
static BOOLEAN BootFsNextComponent(PUNICODE_STRING Path, PUNICODE_STRING Component) {
    while (Path->Length != 0 && Path->Buffer[0] == L'\\') {
        Path->Buffer++;
        Path->Length -= sizeof(WCHAR);
    }
    Component->Buffer = Path->Buffer;
    Component->Length = 0;
    while (Path->Length != 0 && Path->Buffer[0] != L'\\') {
        Path->Buffer++;
        Path->Length -= sizeof(WCHAR);
        Component->Length += sizeof(WCHAR);
    }
    Component->MaximumLength = Component->Length;
    return Component->Length != 0;
}

static PBOOTFS_FCB BootFsFindChild(PBOOTFS_FCB Directory, PCUNICODE_STRING Name,
                                   BOOLEAN CaseInsensitive) {
    for (PBOOTFS_FCB Fcb = Directory->Child; Fcb != NULL; Fcb = Fcb->Sibling) {
        if (Fcb->Name.Length == Name->Length &&
            RtlEqualUnicodeString(&Fcb->Name, Name, CaseInsensitive)) {
            return Fcb;
        }
    }
    return NULL;
}

static PBOOTFS_FCB BootFsCreateFcb(PBOOTFS_VOLUME Volume, PBOOTFS_FCB Parent,
                                   PCUNICODE_STRING Name) {
    PBOOTFS_FCB Fcb = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(BOOTFS_FCB), BOOTFS_TAG);
    if (Fcb == NULL) {
        return NULL;
    }
    Fcb->NodeType = BOOTFS_FCB_TYPE;
    Fcb->Directory = TRUE;
    Fcb->Index = ++Volume->FcbCount;
    Fcb->Parent = Parent;
    if (Parent != NULL) {
        Fcb->Name = *Name;
        Fcb->Sibling = Parent->Child;
        Parent->Child = Fcb;
    }
    return Fcb;
}

/* The boot partition keeps the system in \vitrine; on this volume it is \Windows, as in Windows. */
static VOID BootFsMapSystemRoot(PUNICODE_STRING Component) {
    static const UNICODE_STRING OnPartition = RTL_CONSTANT_STRING(L"vitrine");
    static const UNICODE_STRING SystemRoot = RTL_CONSTANT_STRING(L"Windows");
    if (RtlEqualUnicodeString(Component, &OnPartition, TRUE)) {
        *Component = SystemRoot;
    }
}

/* Adds a file and the directories above it. Of two files with the same name the first wins. */
static NTSTATUS BootFsAddFile(PBOOTFS_VOLUME Volume, PLOADER_BOOT_FILE File) {
    UNICODE_STRING Rest = File->Path;
    UNICODE_STRING Component;
    PBOOTFS_FCB Fcb = Volume->Root;
    while (BootFsNextComponent(&Rest, &Component)) {
        if (Fcb == Volume->Root && Rest.Length != 0) {
            BootFsMapSystemRoot(&Component);
        }
        PBOOTFS_FCB Child = BootFsFindChild(Fcb, &Component, TRUE);
        if (Child == NULL) {
            Child = BootFsCreateFcb(Volume, Fcb, &Component);
            if (Child == NULL) {
                return STATUS_INSUFFICIENT_RESOURCES;
            }
        } else if (!Child->Directory || Rest.Length == 0) {
            DbgPrint("bootfs: %wZ is there twice, the second one is ignored\n", &File->Path);
            return STATUS_SUCCESS;
        }
        Fcb = Child;
    }
    if (Fcb != Volume->Root) {
        Fcb->Directory = FALSE;
        Fcb->File = File;
        Volume->TotalBytes += File->Size;
    }
    return STATUS_SUCCESS;
}

/*
 * Builds the tree of all boot files. On failure the partial tree is not freed, since the system
 * cannot run without the volume.
 */
NTSTATUS BootFsBuildTree(_Out_ PBOOTFS_VOLUME Volume, _In_ PLOADER_PARAMETER_BLOCK LoaderBlock) {
    PLIST_ENTRY Head = &LoaderBlock->Extension->BootFiles;
    Volume->Root = BootFsCreateFcb(Volume, NULL, NULL);
    if (Volume->Root == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    for (PLIST_ENTRY Link = Head->Flink; Link != Head; Link = Link->Flink) {
        NTSTATUS Status = BootFsAddFile(Volume, CONTAINING_RECORD(Link, LOADER_BOOT_FILE, Link));
        if (!NT_SUCCESS(Status)) {
            return Status;
        }
    }
    return STATUS_SUCCESS;
}

/* FALSE if the path has a character that is invalid in file names, or two adjacent separators. */
static BOOLEAN BootFsPathValid(PCUNICODE_STRING Path) {
    ULONG Count = Path->Length / sizeof(WCHAR);
    for (ULONG Index = 0; Index < Count; Index++) {
        WCHAR Character = Path->Buffer[Index];
        if (Character < L' ' || Character == L'*' || Character == L'?' || Character == L'<' ||
            Character == L'>' || Character == L'"' || Character == L'|' || Character == L':' ||
            Character == L'/') {
            return FALSE;
        }
        if (Character == L'\\' && Index + 1 < Count && Path->Buffer[Index + 1] == L'\\') {
            return FALSE;
        }
    }
    return TRUE;
}

/*
 * Walks Path from Start. Fails with STATUS_OBJECT_NAME_INVALID; STATUS_OBJECT_NAME_NOT_FOUND if the
 * last component is missing; STATUS_OBJECT_PATH_NOT_FOUND if an earlier one is missing or a file.
 */
NTSTATUS BootFsLookup(_In_ PBOOTFS_FCB Start, _In_ PCUNICODE_STRING Path,
                      _In_ BOOLEAN CaseInsensitive, _Out_ PBOOTFS_FCB *Fcb,
                      _Out_ PBOOLEAN TrailingSeparator) {
    UNICODE_STRING Rest = *Path;
    UNICODE_STRING Component;
    PBOOTFS_FCB Current = Start;
    ULONG Count = Path->Length / sizeof(WCHAR);
    *TrailingSeparator = Count > 1 && Path->Buffer[Count - 1] == L'\\';
    if (!BootFsPathValid(Path)) {
        return STATUS_OBJECT_NAME_INVALID;
    }
    while (BootFsNextComponent(&Rest, &Component)) {
        BOOLEAN Last = Rest.Length <= sizeof(WCHAR); /* at most a separator follows */
        if (!Current->Directory) {
            return STATUS_OBJECT_PATH_NOT_FOUND;
        }
        Current = BootFsFindChild(Current, &Component, CaseInsensitive);
        if (Current == NULL) {
            return Last ? STATUS_OBJECT_NAME_NOT_FOUND : STATUS_OBJECT_PATH_NOT_FOUND;
        }
    }
    *Fcb = Current;
    return STATUS_SUCCESS;
}

static ULONG BootFsNameLength(PBOOTFS_FCB Fcb) {
    ULONG Length = 0;
    if (Fcb->Parent == NULL) {
        return sizeof(WCHAR);
    }
    for (; Fcb->Parent != NULL; Fcb = Fcb->Parent) {
        Length += (ULONG)sizeof(WCHAR) + Fcb->Name.Length;
    }
    return Length;
}

/* Writes the full name, or as much of it as fits in Size bytes; returns its length in bytes. */
ULONG BootFsBuildName(_In_ PBOOTFS_FCB Fcb, _Out_writes_bytes_(Size) PWCHAR Buffer,
                      _In_ ULONG Size) {
    ULONG Length = BootFsNameLength(Fcb);
    ULONG Fits = Size / sizeof(WCHAR);
    ULONG At = Length / sizeof(WCHAR);
    if (Fcb->Parent == NULL && Fits != 0) {
        Buffer[0] = L'\\';
    }
    for (; Fcb->Parent != NULL; Fcb = Fcb->Parent) {
        ULONG Count = Fcb->Name.Length / sizeof(WCHAR);
        At -= Count;
        for (ULONG Index = 0; Index < Count && At + Index < Fits; Index++) {
            Buffer[At + Index] = Fcb->Name.Buffer[Index];
        }
        if (--At < Fits) {
            Buffer[At] = L'\\';
        }
    }
    return Length;
}
