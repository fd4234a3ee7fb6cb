/*
 * display.c - a text console on the framebuffer that UEFI set up
 *
 * The screen is a grid of characters kept in memory (HalpCells). The framebuffer is written and
 * never read, since reading it is slow on real machines. Scrolling a full screen redraws nearly all
 * of it, so the screen scrolls by half its height at a time, and only cells that changed are drawn:
 * a line costs a few thousand instructions on average instead of hundreds of thousands. Without a
 * framebuffer every function here returns at once.
 *
 * Bytes are shown as Latin-1; control characters other than CR, LF, TAB and BS are not shown.
 *
 * The callers, the log (Kd) and the console driver, serialise their own calls. If they do not, as
 * in a bug check, the worst result is a misplaced character.
 */
#include "halp.h"

#define GLYPH_WIDTH     8
#define MAXIMUM_COLUMNS 256
#define MAXIMUM_ROWS    128
#define TAB_WIDTH       8
#define MAXIMUM_EDGE    16384

#define COLOR_BACKGROUND    0x00000000u
#define COLOR_TEXT          0x00C0C0C0u
#define COLOR_BUGCHECK_RGB  0x00780000u /* blue in the third byte */
#define COLOR_BUGCHECK_BGR  0x00000078u
#define COLOR_BUGCHECK_TEXT 0x00FFFFFFu

static struct {
    volatile UCHAR *Pixels; /* NULL: no screen */
    ULONG Pitch;            /* bytes of one scan line */
    ULONG Width;
    ULONG Height;
    ULONG Columns;
    ULONG Rows;
    ULONG Row;
    ULONG Column;
    BOOLEAN Bgr;
    ULONG64 PixelPairs[4]; /* pixel pairs for two bits of a glyph; the high bit is left */
} HalpScreen;

static UCHAR HalpCells[MAXIMUM_ROWS][MAXIMUM_COLUMNS];

static VOID HalpSetColors(ULONG Background, ULONG Text) {
    for (ULONG Bits = 0; Bits < 4; Bits++) {
        ULONG64 Left = Bits & 2 ? Text : Background;
        ULONG64 Right = Bits & 1 ? Text : Background;
        HalpScreen.PixelPairs[Bits] = Right << 32 | Left;
    }
}

/* Fills the whole screen with the background and empties the grid. */
static VOID HalpClearScreen(VOID) {
    ULONG64 Pair = HalpScreen.PixelPairs[0];
    for (ULONG Y = 0; Y < HalpScreen.Height; Y++) {
        volatile UCHAR *Line = HalpScreen.Pixels + (SIZE_T)Y * HalpScreen.Pitch;
        SIZE_T Count = HalpScreen.Width / 2;
        __asm__ volatile("rep stosq" : "+D"(Line), "+c"(Count) : "a"(Pair) : "memory");
    }
    for (ULONG Row = 0; Row < HalpScreen.Rows; Row++) {
        for (ULONG Column = 0; Column < HalpScreen.Columns; Column++) {
            HalpCells[Row][Column] = ' ';
        }
    }
    HalpScreen.Row = HalpScreen.Column = 0;
}

static VOID HalpDrawCell(ULONG Row, ULONG Column, UCHAR Character) {
    if (HalpCells[Row][Column] == Character) {
        return;
    }
    HalpCells[Row][Column] = Character;
    const UCHAR *Glyph = HalpFont + (ULONG)Character * HalpFontHeight;
    volatile UCHAR *Line = HalpScreen.Pixels + (SIZE_T)Row * HalpFontHeight * HalpScreen.Pitch +
                           (SIZE_T)Column * GLYPH_WIDTH * sizeof(ULONG);
    for (ULONG Y = 0; Y < HalpFontHeight; Y++, Line += HalpScreen.Pitch) {
        volatile ULONG64 *Pairs = (volatile ULONG64 *)Line;
        UCHAR Bits = Glyph[Y];
        Pairs[0] = HalpScreen.PixelPairs[Bits >> 6];
        Pairs[1] = HalpScreen.PixelPairs[Bits >> 4 & 3];
        Pairs[2] = HalpScreen.PixelPairs[Bits >> 2 & 3];
        Pairs[3] = HalpScreen.PixelPairs[Bits & 3];
    }
}

/* Moves the lower half of the screen up and clears the rest. */
static VOID HalpScrollHalf(VOID) {
    ULONG Lines = HalpScreen.Rows / 2;
    for (ULONG Row = 0; Row < HalpScreen.Rows; Row++) {
        for (ULONG Column = 0; Column < HalpScreen.Columns; Column++) {
            ULONG From = Row + Lines;
            HalpDrawCell(Row, Column, From < HalpScreen.Rows ? HalpCells[From][Column] : ' ');
        }
    }
    HalpScreen.Row -= Lines;
}

static VOID HalpNewLine(VOID) {
    HalpScreen.Column = 0;
    if (++HalpScreen.Row == HalpScreen.Rows) {
        HalpScrollHalf();
    }
}

static VOID HalpDisplayByte(UCHAR Character) {
    switch (Character) {
    case '\n':
        HalpNewLine();
        return;
    case '\r':
        HalpScreen.Column = 0;
        return;
    case '\b':
        HalpScreen.Column -= HalpScreen.Column != 0;
        return;
    case '\t':
        HalpScreen.Column = (HalpScreen.Column + TAB_WIDTH) & ~(ULONG)(TAB_WIDTH - 1);
        break;
    default:
        if (Character < ' ' || Character == 0x7F) {
            return;
        }
        HalpDrawCell(HalpScreen.Row, HalpScreen.Column++, Character);
    }
    if (HalpScreen.Column >= HalpScreen.Columns) {
        HalpNewLine();
    }
}

VOID HalDisplayBytes(_In_reads_bytes_(Length) const VOID *Buffer, _In_ SIZE_T Length) {
    const UCHAR *Bytes = Buffer;
    if (HalpScreen.Pixels == NULL) {
        return;
    }
    while (Length-- != 0) {
        HalpDisplayByte(*Bytes++);
    }
}

VOID HalDisplayString(_In_ PCSZ String) {
    SIZE_T Length = 0;
    while (String[Length] != '\0') {
        Length++;
    }
    HalDisplayBytes(String, Length);
}

BOOLEAN HalDisplayPresent(VOID) {
    return HalpScreen.Pixels != NULL;
}

VOID HalDisplayBugCheckScreen(VOID) {
    if (HalpScreen.Pixels != NULL) {
        HalpSetColors(HalpScreen.Bgr ? COLOR_BUGCHECK_BGR : COLOR_BUGCHECK_RGB,
                      COLOR_BUGCHECK_TEXT);
        HalpClearScreen();
    }
}

/* Rejects a framebuffer with impossible values. */
static BOOLEAN HalpFrameBufferValid(const LOADER_FRAMEBUFFER *Frame) {
    return Frame->Base.QuadPart > 0 && Frame->Width >= 80 * GLYPH_WIDTH &&
           Frame->Height >= 25u * HalpFontHeight && Frame->Width <= MAXIMUM_EDGE &&
           Frame->Height <= MAXIMUM_EDGE && Frame->PixelsPerScanLine >= Frame->Width &&
           Frame->PixelsPerScanLine <= MAXIMUM_EDGE &&
           Frame->Size >= (ULONG64)Frame->PixelsPerScanLine * Frame->Height * sizeof(ULONG);
}

VOID HalpInitializeDisplay(_In_ PLOADER_PARAMETER_BLOCK LoaderBlock) {
    const LOADER_FRAMEBUFFER *Frame = &LoaderBlock->Extension->Framebuffer;
    if (!HalpFrameBufferValid(Frame)) {
        return;
    }
    HalpScreen.Pitch = Frame->PixelsPerScanLine * (ULONG)sizeof(ULONG);
    HalpScreen.Width = Frame->Width;
    HalpScreen.Height = Frame->Height;
    HalpScreen.Columns = min(Frame->Width / GLYPH_WIDTH, MAXIMUM_COLUMNS);
    HalpScreen.Rows = min(Frame->Height / HalpFontHeight, MAXIMUM_ROWS);
    HalpScreen.Bgr = Frame->Format == LoaderPixelBgr;
    HalpSetColors(COLOR_BACKGROUND, COLOR_TEXT);
    HalpScreen.Pixels =
        HalpMapFrameBuffer((ULONG64)Frame->Base.QuadPart, (SIZE_T)HalpScreen.Pitch * Frame->Height);
    if (HalpScreen.Pixels != NULL) {
        HalpClearScreen();
    }
}
