/*
 * pathp.h - what the files of this folder share
 *
 * NT has one name space and no current directory: \??\C:\dir\file. Drive letters, current
 * directories, "." and "..", slashes, trailing dots and blanks, and the device names of DOS exist
 * in user mode only. A name is taken through three steps:
 *
 *   pathtype.c   which type it is, by its first characters; one table says for each type how many
 *                characters the type takes, what root stands for them, and what the NT path has in
 *                place of that root
 *   fullpath.c   root, then components: an absolute path without "." and ".."
 *   ntpath.c     the full path's root replaced by \??\ or \??\UNC\
 *
 * dosdevice.c recognises NUL and its like before that; curdir.c keeps the current directory.
 *
 * Sizes here are in characters. No function of this folder holds a lock while it calls the kernel.
 */
#ifndef VITRINE_PATHP_H
#define VITRINE_PATHP_H

#include "ntdllp.h"

/* UNICODE_STRING counts bytes in 16 bits, and a zero follows. */
#define RTLP_MAX_PATH_CHARACTERS (UNICODE_STRING_MAX_BYTES / sizeof(WCHAR) - 1)

/* Where the root of a full path comes from. */
typedef enum _RTLP_ROOT {
    RtlpRootNone,
    RtlpRootServer,           /* \\server\share\ of the name */
    RtlpRootDrive,            /* C:\ of the name */
    RtlpRootDevice,           /* \\.\ or \\?\, as in the name */
    RtlpRootDriveDirectory,   /* the current directory of the name's drive */
    RtlpRootCurrentRoot,      /* the root of the current directory */
    RtlpRootCurrentDirectory, /* the current directory */
} RTLP_ROOT;

typedef struct _RTLP_PATH_TYPE {
    UCHAR Taken; /* characters at the name's beginning that the root stands for */
    RTLP_ROOT Root;
    UCHAR Replaced;  /* characters of a full path that NtPrefix stands for */
    PCWSTR NtPrefix; /* NULL: no full path is of this type */
} RTLP_PATH_TYPE;

/* A full path under construction, in a block of the heap. */
typedef struct _RTLP_PATH {
    PWSTR Buffer;
    SIZE_T Length;
    SIZE_T Capacity; /* the terminating zero included */
    SIZE_T Root;     /* ".." does not go below this */
    SIZE_T Part;     /* where the last component begins; Length if there is none */
    /* Of the root: the text need not show it any more (of the server "?." the dot is removed). */
    RTL_PATH_TYPE Type;
} RTLP_PATH, *PRTLP_PATH;

/* pathtype.c */
extern const RTLP_PATH_TYPE RtlpPathTypes[RtlPathTypeMaximum];
RTL_PATH_TYPE RtlpPathType(_In_ PCWSTR Name, _In_ SIZE_T Length);
SIZE_T RtlpPathLength(_In_ PCWSTR Name);

FORCEINLINE BOOLEAN RtlpIsSeparator(_In_ WCHAR Character) {
    return Character == L'\\' || Character == L'/';
}

/* dosdevice.c */
ULONG RtlpDosDevice(_In_ PCWSTR Name, _In_ SIZE_T Length, _In_ RTL_PATH_TYPE Type);

/* pathbuild.c */
VOID RtlpPut(_Inout_ PRTLP_PATH Path, _In_ WCHAR Character);
VOID RtlpPutText(_Inout_ PRTLP_PATH Path, _In_ PCWSTR Text, _In_ SIZE_T Length);
SIZE_T RtlpPutRoot(_Inout_ PRTLP_PATH Path, _In_ PCWSTR Name, _In_ SIZE_T Length,
                   _In_ RTL_PATH_TYPE Type);
VOID RtlpPutComponents(_Inout_ PRTLP_PATH Path, _In_ PCWSTR Text, _In_ SIZE_T Length);
VOID RtlpFinishPath(_Inout_ PRTLP_PATH Path);

/* fullpath.c */
NTSTATUS RtlpMakeFullPath(_In_ PCWSTR Name, _In_ SIZE_T Length, _Out_ PRTLP_PATH Path);
VOID RtlpFreePath(_Inout_ PRTLP_PATH Path);
BOOLEAN RtlpIsBlank(_In_ PCWSTR Name, _In_ SIZE_T Length);

/* curdir.c */
NTSTATUS RtlpCopyCurrentDirectory(_Out_ PRTLP_PATH Directory);
NTSTATUS RtlpCopyDriveDirectory(_In_ WCHAR Drive, _Out_ PRTLP_PATH Directory);
VOID RtlpMakeRelative(_In_ PCUNICODE_STRING NtName, _In_ const RTLP_PATH *FullPath,
                      _Out_ PRTL_RELATIVE_NAME_U RelativeName);

/* ntpath.c */
BOOLEAN RtlpPathExists(_In_ PCWSTR Name, _In_ SIZE_T Length);

#endif /* VITRINE_PATHP_H */
