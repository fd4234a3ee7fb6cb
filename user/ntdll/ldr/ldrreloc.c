/*
 * ldrreloc.c - LdrProcessRelocationBlock: one page's relocations, applied for a program
 *
 * The loader itself checks all blocks of an image before it applies any (rtl/image/imagereloc.c).
 * This is the bare step that Windows exports, for programs that load images on their own; what it
 * is given is not checked.
 */

#include "ntdllp.h"

/* The high 16 bits of an address whose low 16 bits are in the entry behind. */
static VOID LdrpAdjustHigh(_Inout_ UNALIGNED_USHORT *Place, _In_ USHORT Low, _In_ LONG_PTR Diff) {
    LONG Value = (LONG)((ULONG)*Place << 16) + (SHORT)Low + (LONG)Diff + 0x8000;

    *Place = (USHORT)(Value >> 16);
}

/* Applies one fixup; FALSE: its type does not exist on this machine. */
static BOOLEAN LdrpApplyFixup(_In_ ULONG Type, _In_ PUCHAR Place, _In_ USHORT Next,
                              _In_ LONG_PTR Diff) {
    switch (Type) {
    case IMAGE_REL_BASED_ABSOLUTE:
        return TRUE;
    case IMAGE_REL_BASED_HIGH:
        *(UNALIGNED_USHORT *)Place += (USHORT)((ULONG)Diff >> 16);
        return TRUE;
    case IMAGE_REL_BASED_LOW:
        *(UNALIGNED_USHORT *)Place += (USHORT)Diff;
        return TRUE;
    case IMAGE_REL_BASED_HIGHLOW:
        *(UNALIGNED_ULONG *)Place += (ULONG)Diff;
        return TRUE;
    case IMAGE_REL_BASED_HIGHADJ:
        LdrpAdjustHigh((UNALIGNED_USHORT *)Place, Next, Diff);
        return TRUE;
    case IMAGE_REL_BASED_DIR64:
        *(UNALIGNED_ULONG64 *)Place += (ULONG64)Diff;
        return TRUE;
    default:
        return FALSE;
    }
}

/*
 * LdrProcessRelocationBlock - applies SizeOfBlock entries, from NextOffset on, to the page at VA.
 *
 * Diff: where the image is, less where it was linked for. Returns where the next block begins, or
 * NULL at an entry of a type that does not exist; the entries before it have been applied. The page
 * must be writable. Public source: phnt; Microsoft, "PE Format".
 */
PIMAGE_BASE_RELOCATION NTAPI LdrProcessRelocationBlock(_In_ ULONG_PTR VA, _In_ ULONG SizeOfBlock,
                                                       _In_ PUSHORT NextOffset,
                                                       _In_ LONG_PTR Diff) {
    for (ULONG i = 0; i < SizeOfBlock; i++) {
        ULONG Type = NextOffset[i] >> 12;
        USHORT Next = Type == IMAGE_REL_BASED_HIGHADJ ? NextOffset[i + 1] : 0;

        if (!LdrpApplyFixup(Type, (PUCHAR)VA + (NextOffset[i] & 0xFFF), Next, Diff)) {
            return NULL;
        }
        if (Type == IMAGE_REL_BASED_HIGHADJ) {
            i++; /* its second half */
        }
    }
    return (PIMAGE_BASE_RELOCATION)(NextOffset + SizeOfBlock);
}
