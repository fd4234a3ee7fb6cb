/*
 * pathbuild.c - full paths put together: the root, then one component after the other
 *
 * Between two components the path does not end with a backslash, except at its root. Every
 * character goes through RtlpPut, which keeps within the buffer.
 */

#include "pathp.h"

VOID RtlpPut(_Inout_ PRTLP_PATH Path, _In_ WCHAR Character) {
    if (Path->Length + 1 < Path->Capacity) {
        Path->Buffer[Path->Length++] = Character;
    }
}

VOID RtlpPutText(_Inout_ PRTLP_PATH Path, _In_ PCWSTR Text, _In_ SIZE_T Length) {
    for (SIZE_T i = 0; i < Length; i++) {
        RtlpPut(Path, Text[i]);
    }
}

static BOOLEAN RtlpEndsInSeparator(_In_ const RTLP_PATH *Path) {
    return Path->Length > 0 && Path->Buffer[Path->Length - 1] == L'\\';
}

/* ---- Roots ---- */

/* Copies one part of a server's root, and the separators behind it as one. */
static SIZE_T RtlpPutRootPart(_Inout_ PRTLP_PATH Path, _In_ PCWSTR Name, _In_ SIZE_T Length) {
    SIZE_T i = 0;

    while (i < Length && !RtlpIsSeparator(Name[i])) {
        RtlpPut(Path, Name[i++]);
    }
    if (i < Length) {
        RtlpPut(Path, L'\\');
    }
    while (i < Length && RtlpIsSeparator(Name[i])) {
        i++;
    }
    return i;
}

/*
 * Puts the root that a name has by itself. Returns how many characters of the name it stands for: 0
 * if a name of that type has none.
 */
SIZE_T RtlpPutRoot(_Inout_ PRTLP_PATH Path, _In_ PCWSTR Name, _In_ SIZE_T Length,
                   _In_ RTL_PATH_TYPE Type) {
    SIZE_T Taken = RtlpPathTypes[Type].Taken;

    switch (RtlpPathTypes[Type].Root) {
    case RtlpRootServer:
        Path->Type = RtlPathTypeUncAbsolute;
        RtlpPutText(Path, L"\\\\", 2);
        Taken += RtlpPutRootPart(Path, Name + Taken, Length - Taken); /* the server */
        Taken += RtlpPutRootPart(Path, Name + Taken, Length - Taken); /* the share */
        break;
    case RtlpRootDrive:
        Path->Type = RtlPathTypeDriveAbsolute;
        RtlpPut(Path, Name[0]);
        RtlpPutText(Path, L":\\", 2);
        break;
    case RtlpRootDevice:
        Path->Type = RtlPathTypeLocalDevice;
        RtlpPutText(Path, L"\\\\", 2);
        RtlpPut(Path, Type == RtlPathTypeLocalDevice ? Name[2] : L'.');
        RtlpPut(Path, L'\\');
        break;
    default:
        return 0;
    }
    Path->Root = Path->Length;
    return Taken;
}

/* ---- Components ---- */

static VOID RtlpRemoveSeparator(_Inout_ PRTLP_PATH Path) {
    if (Path->Length > Path->Root && RtlpEndsInSeparator(Path)) {
        Path->Length--;
    }
}

static VOID RtlpPutSeparator(_Inout_ PRTLP_PATH Path) {
    if (!RtlpEndsInSeparator(Path)) {
        RtlpPut(Path, L'\\');
    }
}

static VOID RtlpRemoveComponent(_Inout_ PRTLP_PATH Path) {
    while (Path->Length > Path->Root && !RtlpEndsInSeparator(Path)) {
        Path->Length--;
    }
    RtlpRemoveSeparator(Path);
}

/* One component; IsLast: no separator follows it. */
static VOID RtlpPutComponent(_Inout_ PRTLP_PATH Path, _In_ PCWSTR Text, _In_ SIZE_T Length,
                             _In_ BOOLEAN IsLast) {
    if (Length == 1 && Text[0] == L'.') {
        return;
    }
    if (Length == 2 && Text[0] == L'.' && Text[1] == L'.') {
        RtlpRemoveComponent(Path);
        return;
    }
    /* A single dot at the end of a directory's name is removed; two or more are not. */
    if (!IsLast && Text[Length - 1] == L'.' && Text[Length - 2] != L'.') {
        Length--;
    }
    RtlpPutSeparator(Path);
    RtlpPutText(Path, Text, Length);
}

/* Everything behind the root. */
VOID RtlpPutComponents(_Inout_ PRTLP_PATH Path, _In_ PCWSTR Text, _In_ SIZE_T Length) {
    SIZE_T i = 0;

    if (Length == 0) {
        return;
    }
    RtlpRemoveSeparator(Path);
    while (i < Length) {
        SIZE_T Start = i;

        while (i < Length && !RtlpIsSeparator(Text[i])) {
            i++;
        }
        if (i > Start) {
            RtlpPutComponent(Path, Text + Start, i - Start, i == Length);
        }
        i++;
    }
    if (RtlpIsSeparator(Text[Length - 1])) {
        RtlpPutSeparator(Path);
    }
}

/* Removes dots and blanks at the end, terminates the path and finds its last component. */
VOID RtlpFinishPath(_Inout_ PRTLP_PATH Path) {
    while (Path->Length > 0 &&
           (Path->Buffer[Path->Length - 1] == L'.' || Path->Buffer[Path->Length - 1] == L' ')) {
        Path->Length--;
    }
    Path->Buffer[Path->Length] = UNICODE_NULL;
    Path->Part = Path->Length;
    while (Path->Part > 0 && Path->Buffer[Path->Part - 1] != L'\\') {
        Path->Part--;
    }
    if (Path->Part <= 2) { /* \\server has no file */
        Path->Part = Path->Length;
    }
}
