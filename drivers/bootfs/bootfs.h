/*
 * bootfs.h - structures of the boot volume's file system (see the essay in bootfs.c)
 */
#ifndef VITRINE_BOOTFS_H
#define VITRINE_BOOTFS_H

#include "ex.h"
#include "io.h"
#include "kd.h"
#include "mm.h"
#include "ntrtl.h"

#define BOOTFS_TAG      0x53466F42 /* 'BoFS' */
#define BOOTFS_FCB_TYPE 0x0702

/*
 * A file or directory. The tree is built with the volume and never changes. The volume's Lock
 * guards Share; the memory manager guards Sections.
 */
typedef struct _BOOTFS_FCB {
    CSHORT NodeType; /* BOOTFS_FCB_TYPE */
    BOOLEAN Directory;
    UNICODE_STRING Name; /* last component; points into the boot file's path */
    struct _BOOTFS_FCB *Parent;
    struct _BOOTFS_FCB *Child; /* of a directory */
    struct _BOOTFS_FCB *Sibling;
    PLOADER_BOOT_FILE File; /* NULL for a directory */
    ULONG Index;            /* unique; FileInternalInformation returns it */
    SHARE_ACCESS Share;
    SECTION_OBJECT_POINTERS Sections;
} BOOTFS_FCB, *PBOOTFS_FCB;

typedef struct _BOOTFS_VOLUME {
    EX_PUSH_LOCK Lock; /* guards Share in all FCBs */
    PBOOTFS_FCB Root;
    ULONG FcbCount;
    ULONG64 TotalBytes;
} BOOTFS_VOLUME, *PBOOTFS_VOLUME;

/* tree.c */
NTSTATUS BootFsBuildTree(_Out_ PBOOTFS_VOLUME Volume, _In_ PLOADER_PARAMETER_BLOCK LoaderBlock);
NTSTATUS BootFsLookup(_In_ PBOOTFS_FCB Start, _In_ PCUNICODE_STRING Path,
                      _In_ BOOLEAN CaseInsensitive, _Out_ PBOOTFS_FCB *Fcb,
                      _Out_ PBOOLEAN TrailingSeparator);
ULONG BootFsBuildName(_In_ PBOOTFS_FCB Fcb, _Out_writes_bytes_(Size) PWCHAR Buffer,
                      _In_ ULONG Size);

/* info.c */
DRIVER_DISPATCH BootFsQueryInformation;
DRIVER_DISPATCH BootFsSetInformation;
DRIVER_DISPATCH BootFsQueryVolume;

/* bootfs.c */
NTSTATUS BootFsComplete(_Inout_ PIRP Irp, _In_ NTSTATUS Status, _In_ ULONG_PTR Information);

#endif
