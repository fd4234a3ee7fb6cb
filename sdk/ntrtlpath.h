/*
 * ntrtlpath.h - DOS paths: what programs write, and the NT paths that the kernel takes
 *
 * All of these are user-mode functions (user/ntdll/path/). Lengths are in bytes, as in Windows.
 *
 * Sources: learn.microsoft.com/windows/win32/devnotes (RtlIsDosDeviceName_U,
 * RtlDosPathNameToNtPathName_U_WithStatus), GetFullPathName, SetCurrentDirectory, "Naming Files,
 * Paths, and Namespaces"; learn.microsoft.com/dotnet/standard/io/file-path-formats; phnt.
 */
#ifndef VITRINE_NTRTLPATH_H
#define VITRINE_NTRTLPATH_H

#include "ntdef.h"

/* The values of RtlDetermineDosPathNameType_U. */
typedef enum _RTL_PATH_TYPE {
    RtlPathTypeUnknown,
    RtlPathTypeUncAbsolute,     /* \\server\share\dir */
    RtlPathTypeDriveAbsolute,   /* C:\dir */
    RtlPathTypeDriveRelative,   /* C:dir */
    RtlPathTypeRooted,          /* \dir */
    RtlPathTypeRelative,        /* dir */
    RtlPathTypeLocalDevice,     /* \\.\x, \\?\x */
    RtlPathTypeRootLocalDevice, /* \\., \\? */
    RtlPathTypeMaximum
} RTL_PATH_TYPE;

/* What the current directory's handle and its users share: the handle is closed with the last of
 * them. */
typedef struct _RTLP_CURDIR_REF {
    LONG ReferenceCount;
    HANDLE DirectoryHandle;
} RTLP_CURDIR_REF, *PRTLP_CURDIR_REF;

/* A name relative to the current directory. RelativeName points into the NT path. */
typedef struct _RTL_RELATIVE_NAME_U {
    UNICODE_STRING RelativeName; /* empty: the path is not below the current directory */
    HANDLE ContainingDirectory;
    PRTLP_CURDIR_REF CurDirRef;
} RTL_RELATIVE_NAME_U, *PRTL_RELATIVE_NAME_U;

CHECK_SIZE(RTL_RELATIVE_NAME_U, 0x20);

/* The type of a path, by its first four characters. */
RTL_PATH_TYPE NTAPI RtlDetermineDosPathNameType_U(_In_ PCWSTR DosFileName);

/*
 * Whether a name means a DOS device (NUL, COM1, CONIN$, ...), whatever follows it after a dot or a
 * colon. Returns 0, or the offset of the device's name in the high 16 bits and its length in the
 * low ones.
 */
ULONG NTAPI RtlIsDosDeviceName_U(_In_opt_ PCWSTR DosFileName);

/*
 * A path made absolute and free of ".", ".." and doubled separators.
 *
 * FilePart: the last component in Buffer, or NULL if there is none (the path ends with a separator,
 * is a device, or did not fit). Returns the length without the terminating zero; if Buffer is too
 * small, the size that is needed with it, and Buffer is not touched; 0 for a name that is empty,
 * blank or too long, and without memory. FilePart is not touched for an empty name.
 */
ULONG NTAPI RtlGetFullPathName_U(_In_opt_ PCWSTR FileName, _In_ ULONG BufferLength,
                                 _Out_ PWSTR Buffer, _Out_opt_ PWSTR *FilePart);

/*
 * The same with a status: a short buffer is STATUS_SUCCESS with the size in BytesRequired.
 * STATUS_OBJECT_NAME_INVALID, STATUS_NAME_TOO_LONG, STATUS_NO_MEMORY.
 */
NTSTATUS NTAPI RtlGetFullPathName_UEx(_In_opt_ PCWSTR FileName, _In_ ULONG BufferLength,
                                      _Out_ PWSTR Buffer, _Out_opt_ PWSTR *FilePart,
                                      _Out_opt_ PULONG BytesRequired);

/*
 * The NT path (\??\...) for a DOS path; NtFileName is to be freed by RtlFreeUnicodeString.
 *
 * FilePart: the last component inside NtFileName, or NULL. RelativeName: cleared.
 * STATUS_OBJECT_NAME_INVALID: no name, or a device in a directory that does not exist.
 * STATUS_NAME_TOO_LONG, STATUS_NO_MEMORY.
 */
NTSTATUS NTAPI RtlDosPathNameToNtPathName_U_WithStatus(_In_opt_ PCWSTR DosFileName,
                                                       _Out_ PUNICODE_STRING NtFileName,
                                                       _Out_opt_ PWSTR *FilePart,
                                                       _Out_opt_ PRTL_RELATIVE_NAME_U RelativeName);
BOOLEAN NTAPI RtlDosPathNameToNtPathName_U(_In_opt_ PCWSTR DosFileName,
                                           _Out_ PUNICODE_STRING NtFileName,
                                           _Out_opt_ PWSTR *FilePart,
                                           _Out_opt_ PRTL_RELATIVE_NAME_U RelativeName);

/*
 * The same; for a relative path that stays below the current directory RelativeName says what is
 * left of it there, with the directory's handle. RtlReleaseRelativeName when it is no longer
 * needed.
 */
NTSTATUS NTAPI RtlDosPathNameToRelativeNtPathName_U_WithStatus(
    _In_opt_ PCWSTR DosFileName, _Out_ PUNICODE_STRING NtFileName, _Out_opt_ PWSTR *FilePart,
    _Out_ PRTL_RELATIVE_NAME_U RelativeName);
BOOLEAN NTAPI RtlDosPathNameToRelativeNtPathName_U(_In_opt_ PCWSTR DosFileName,
                                                   _Out_ PUNICODE_STRING NtFileName,
                                                   _Out_opt_ PWSTR *FilePart,
                                                   _Out_ PRTL_RELATIVE_NAME_U RelativeName);
VOID NTAPI RtlReleaseRelativeName(_Inout_ PRTL_RELATIVE_NAME_U RelativeName);

/* The longest NT path that a DOS path of MAX_PATH characters can give, in characters. */
ULONG NTAPI RtlGetLongestNtPathLength(VOID);

/* Whether a file or directory of that name exists, as far as the caller may see it. */
BOOLEAN NTAPI RtlDoesFileExists_U(_In_ PCWSTR FileName);

/*
 * The current directory, without a final backslash but for a root. Returns its length without the
 * terminating zero, or the size that is needed with it; then Buffer is not touched.
 */
ULONG NTAPI RtlGetCurrentDirectory_U(_In_ ULONG BufferLength, _Out_ PWSTR Buffer);

/*
 * Opens a directory and makes it the current one. STATUS_NAME_TOO_LONG if its name has no room in
 * the process's parameters (MAX_PATH); else what opening it gives.
 */
NTSTATUS NTAPI RtlSetCurrentDirectory_U(_In_ PCUNICODE_STRING PathName);

#endif /* VITRINE_NTRTLPATH_H */
