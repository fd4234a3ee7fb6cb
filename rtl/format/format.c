/*
 * format.c - formatted output, by the rules of Microsoft's C library
 *
 * One engine for char and wchar_t, for kernel (DbgPrint) and user mode. What differs from the C
 * standard, and is what Windows programs expect:
 *
 *   %I64d %I32d %Id   sizes; l is 32 bits, ll and I64 are 64, I alone is that of a pointer
 *   %p                16 digits in upper case, no 0x
 *   %S %C             text of the other width than the format's own; %ws %ls wide, %hs narrow
 *   %Z %wZ            PANSI_STRING, PUNICODE_STRING: counted text
 *   (null)            for a null pointer given to %s or %Z
 *
 * Wide text in narrow output and narrow text in wide output go through the ANSI code page.
 * %n is refused: it ends the conversion of that specification without writing anything.
 *
 * Any IRQL at which format and arguments are resident. Source: Microsoft C library reference,
 * "Format specification syntax: printf and wprintf functions".
 */
#include "formatp.h"

/* ---- Output ---- */

static VOID RtlpPut(PRTLP_OUTPUT Output, WCHAR Character) {
    if (Output->Count < Output->Room) {
        if (Output->Wide) {
            ((PWCHAR)Output->Buffer)[Output->Count] = Character;
        } else {
            ((PCHAR)Output->Buffer)[Output->Count] = (CHAR)Character;
        }
    }
    Output->Count++;
}

static VOID RtlpPutRepeated(PRTLP_OUTPUT Output, WCHAR Character, LONG Count) {
    for (; Count > 0; Count--) {
        RtlpPut(Output, Character);
    }
}

/* Puts a character of text whose width may differ from the output's. */
static VOID RtlpPutText(PRTLP_OUTPUT Output, WCHAR Character, BOOLEAN WideText) {
    if (WideText && !Output->Wide && Character >= 0x80) {
        CHAR Narrow;
        RtlUnicodeToMultiByteN(&Narrow, sizeof(Narrow), NULL, &Character, sizeof(Character));
        Character = (UCHAR)Narrow;
    } else if (!WideText && Output->Wide && Character >= 0x80) {
        CHAR Narrow = (CHAR)Character;
        RtlMultiByteToUnicodeN(&Character, sizeof(Character), NULL, &Narrow, sizeof(Narrow));
    }
    RtlpPut(Output, Character);
}

static VOID RtlpPutField(PRTLP_OUTPUT Output, const RTLP_SPEC *Spec, const VOID *Text,
                         SIZE_T Length, BOOLEAN WideText) {
    LONG Padding = Spec->Width - (LONG)Length;

    if (!Spec->Left) {
        RtlpPutRepeated(Output, Spec->Zero ? '0' : ' ', Padding);
    }
    for (SIZE_T Index = 0; Index < Length; Index++) {
        RtlpPutText(Output, WideText ? ((PCWCH)Text)[Index] : ((const UCHAR *)Text)[Index],
                    WideText);
    }
    if (Spec->Left) {
        RtlpPutRepeated(Output, ' ', Padding);
    }
}

/* Puts sign or prefix, zeros and digits, padded to the width. */
static VOID RtlpPutNumber(PRTLP_OUTPUT Output, const RTLP_SPEC *Spec, PCSTR Prefix, PCSTR Digits,
                          LONG DigitCount, LONG Zeros) {
    LONG PrefixLength = 0;
    LONG Padding;

    while (Prefix[PrefixLength] != '\0') {
        PrefixLength++;
    }
    Padding = Spec->Width - PrefixLength - Zeros - DigitCount;
    if (!Spec->Left && Spec->Zero) {
        Zeros += max(Padding, 0);
        Padding = 0;
    }
    if (!Spec->Left) {
        RtlpPutRepeated(Output, ' ', Padding);
    }
    for (LONG Index = 0; Index < PrefixLength; Index++) {
        RtlpPut(Output, (UCHAR)Prefix[Index]);
    }
    RtlpPutRepeated(Output, '0', Zeros);
    for (LONG Index = 0; Index < DigitCount; Index++) {
        RtlpPut(Output, (UCHAR)Digits[Index]);
    }
    if (Spec->Left) {
        RtlpPutRepeated(Output, ' ', Padding);
    }
}

/* ---- Integers ---- */

#define MAXIMUM_DIGITS 24

static LONG RtlpDigits(ULONG64 Value, ULONG Base, BOOLEAN Upper, PCHAR End) {
    PCSTR Set = Upper ? "0123456789ABCDEF" : "0123456789abcdef";
    PCHAR Digit = End;

    while (Value != 0) {
        *--Digit = Set[Value % Base];
        Value /= Base;
    }
    return (LONG)(End - Digit);
}

static VOID RtlpPutInteger(PRTLP_OUTPUT Output, PRTLP_SPEC Spec, ULONG64 Value, PCSTR Prefix) {
    ULONG Base = Spec->Type == 'o' ? 8 : Spec->Type == 'x' || Spec->Type == 'X' ? 16 : 10;
    CHAR Digits[MAXIMUM_DIGITS];
    LONG Count = RtlpDigits(Value, Base, Spec->Type == 'X', Digits + MAXIMUM_DIGITS);
    LONG Zeros;

    if (Spec->Precision >= 0) {
        Spec->Zero = FALSE;
        Zeros = max(Spec->Precision - Count, 0);
    } else {
        Zeros = Count == 0 ? 1 : 0;
    }
    if (Spec->Alternate && Base == 8 && Zeros == 0) {
        Zeros = 1;
    }
    if (Spec->Alternate && Base == 16 && Value != 0) {
        Prefix = Spec->Type == 'X' ? "0X" : "0x";
    }
    RtlpPutNumber(Output, Spec, Prefix, Digits + MAXIMUM_DIGITS - Count, Count, Zeros);
}

static VOID RtlpPutSigned(PRTLP_OUTPUT Output, PRTLP_SPEC Spec, LONG64 Value) {
    PCSTR Prefix = Value < 0 ? "-" : Spec->Plus ? "+" : Spec->Blank ? " " : "";
    ULONG64 Magnitude = Value < 0 ? 0 - (ULONG64)Value : (ULONG64)Value;

    RtlpPutInteger(Output, Spec, Magnitude, Prefix);
}

/* An integer argument is an int or a long long; smaller ones were promoted, and are cut again. */
static ULONG64 RtlpUnsignedArgument(const RTLP_SPEC *Spec, va_list *Arguments) {
    if (Spec->Size == 8) {
        return va_arg(*Arguments, ULONG64);
    }
    ULONG Value = va_arg(*Arguments, ULONG);
    return Spec->Size == 1 ? (UCHAR)Value : Spec->Size == 2 ? (USHORT)Value : Value;
}

static LONG64 RtlpSignedArgument(const RTLP_SPEC *Spec, va_list *Arguments) {
    if (Spec->Size == 8) {
        return va_arg(*Arguments, LONG64);
    }
    LONG Value = va_arg(*Arguments, LONG);
    return Spec->Size == 1 ? (SCHAR)Value : Spec->Size == 2 ? (SHORT)Value : Value;
}

static VOID RtlpPutPointer(PRTLP_OUTPUT Output, PRTLP_SPEC Spec, PVOID Pointer) {
    Spec->Type = 'X';
    Spec->Precision = 2 * sizeof(PVOID);
    RtlpPutInteger(Output, Spec, (ULONG64)Pointer, "");
}

/* ---- Text ---- */

static SIZE_T RtlpBoundedLength(const VOID *Text, BOOLEAN WideText, LONG Precision) {
    SIZE_T Limit = Precision < 0 ? ~(SIZE_T)0 : (SIZE_T)Precision;
    SIZE_T Length = 0;

    while (Length < Limit &&
           (WideText ? ((PCWCH)Text)[Length] : ((const CHAR *)Text)[Length]) != 0) {
        Length++;
    }
    return Length;
}

/* Upper-case types mean text of the other width, unless a size prefix says which. */
static BOOLEAN RtlpIsWideText(const RTLP_OUTPUT *Output, const RTLP_SPEC *Spec) {
    BOOLEAN Other = Spec->Type == 'S' || Spec->Type == 'C';

    if (Spec->WideText || Spec->NarrowText) {
        return Spec->WideText;
    }
    return Output->Wide != Other;
}

static VOID RtlpPutString(PRTLP_OUTPUT Output, PRTLP_SPEC Spec, const VOID *Text) {
    BOOLEAN WideText = RtlpIsWideText(Output, Spec);

    if (Text == NULL) {
        Text = "(null)";
        WideText = FALSE;
    }
    RtlpPutField(Output, Spec, Text, RtlpBoundedLength(Text, WideText, Spec->Precision), WideText);
}

static VOID RtlpPutCharacter(PRTLP_OUTPUT Output, PRTLP_SPEC Spec, ULONG Argument) {
    BOOLEAN WideText = RtlpIsWideText(Output, Spec);
    WCHAR Wide = (WCHAR)Argument;
    CHAR Narrow = (CHAR)Argument;

    RtlpPutField(Output, Spec, WideText ? (PVOID)&Wide : (PVOID)&Narrow, 1, WideText);
}

static VOID RtlpPutCounted(PRTLP_OUTPUT Output, PRTLP_SPEC Spec, const VOID *String) {
    BOOLEAN WideText = Spec->WideText;
    const STRING *Counted = String; /* UNICODE_STRING has the same layout */
    SIZE_T Length;

    if (Counted == NULL || Counted->Buffer == NULL) {
        RtlpPutField(Output, Spec, "(null)", 6, FALSE);
        return;
    }
    Length = Counted->Length / (WideText ? sizeof(WCHAR) : 1);
    if (Spec->Precision >= 0 && Length > (SIZE_T)Spec->Precision) {
        Length = (SIZE_T)Spec->Precision;
    }
    RtlpPutField(Output, Spec, Counted->Buffer, Length, WideText);
}

/* ---- Floating point: user mode only, the kernel does not own those registers ---- */

static VOID RtlpPutFloat(PRTLP_OUTPUT Output, PRTLP_SPEC Spec, va_list *Arguments) {
#if defined(NTOS_KERNEL)
    (void)va_arg(*Arguments, ULONG64);
    RtlpPutField(Output, Spec, "?", 1, FALSE);
#else
    CHAR Text[RTLP_FLOAT_DIGITS];
    BOOLEAN Negative;
    BOOLEAN Finite;
    ULONG Length = RtlpFormatDouble(va_arg(*Arguments, double), Spec, Text, &Negative, &Finite);
    PCSTR Prefix = Negative ? "-" : Spec->Plus ? "+" : Spec->Blank ? " " : "";

    Spec->Zero = Spec->Zero && Finite;
    RtlpPutNumber(Output, Spec, Prefix, Text, (LONG)Length, 0);
#endif
}

/* ---- Parsing ---- */

typedef struct _RTLP_FORMAT {
    const VOID *Text;
    SIZE_T At;
    BOOLEAN Wide;
} RTLP_FORMAT, *PRTLP_FORMAT;

static WCHAR RtlpPeek(const RTLP_FORMAT *Format, SIZE_T Ahead) {
    SIZE_T At = Format->At + Ahead;

    return Format->Wide ? ((PCWCH)Format->Text)[At] : (WCHAR)((const UCHAR *)Format->Text)[At];
}

static VOID RtlpParseFlags(PRTLP_FORMAT Format, PRTLP_SPEC Spec) {
    for (;; Format->At++) {
        switch (RtlpPeek(Format, 0)) {
        case '-':
            Spec->Left = TRUE;
            break;
        case '+':
            Spec->Plus = TRUE;
            break;
        case ' ':
            Spec->Blank = TRUE;
            break;
        case '#':
            Spec->Alternate = TRUE;
            break;
        case '0':
            Spec->Zero = TRUE;
            break;
        default:
            return;
        }
    }
}

/* A decimal number or * (from the arguments). No field may be longer than 100,000 characters. */
#define MAXIMUM_FIELD 100000

static LONG RtlpParseNumber(PRTLP_FORMAT Format, va_list *Arguments) {
    LONG Value = 0;

    if (RtlpPeek(Format, 0) == '*') {
        Format->At++;
        Value = va_arg(*Arguments, LONG);
        return max(min(Value, MAXIMUM_FIELD), -MAXIMUM_FIELD);
    }
    while (RtlpPeek(Format, 0) >= '0' && RtlpPeek(Format, 0) <= '9') {
        Value = min(Value * 10 + (RtlpPeek(Format, 0) - '0'), MAXIMUM_FIELD);
        Format->At++;
    }
    return Value;
}

static VOID RtlpParseWidth(PRTLP_FORMAT Format, PRTLP_SPEC Spec, va_list *Arguments) {
    Spec->Width = RtlpParseNumber(Format, Arguments);
    if (Spec->Width < 0) {
        Spec->Left = TRUE;
        Spec->Width = -Spec->Width;
    }
    Spec->Precision = -1;
    if (RtlpPeek(Format, 0) == '.') {
        Format->At++;
        Spec->Precision = RtlpParseNumber(Format, Arguments);
    }
}

/* I, I32, I64: Microsoft's sizes. */
static VOID RtlpParseMicrosoftSize(PRTLP_FORMAT Format, PRTLP_SPEC Spec) {
    WCHAR First = RtlpPeek(Format, 1);
    WCHAR Second = First != 0 ? RtlpPeek(Format, 2) : 0;

    Format->At++;
    Spec->Size = 8;
    if (First == '6' && Second == '4') {
        Format->At += 2;
    } else if (First == '3' && Second == '2') {
        Format->At += 2;
        Spec->Size = 4;
    }
}

static VOID RtlpParseSize(PRTLP_FORMAT Format, PRTLP_SPEC Spec) {
    Spec->Size = 4;
    for (;; Format->At++) {
        switch (RtlpPeek(Format, 0)) {
        case 'h':
            Spec->Size = Spec->NarrowText ? 1 : 2;
            Spec->NarrowText = TRUE;
            break;
        case 'l':
            Spec->Size = Spec->WideText ? 8 : 4;
            Spec->WideText = TRUE;
            break;
        case 'w':
            Spec->WideText = TRUE;
            break;
        case 'L':
            break;
        case 'j':
        case 'z':
        case 't':
            Spec->Size = 8;
            break;
        case 'I':
            RtlpParseMicrosoftSize(Format, Spec);
            Format->At--;
            break;
        default:
            return;
        }
    }
}

/* Puts one argument; FALSE if the type is unknown. */
static BOOLEAN RtlpConvert(PRTLP_OUTPUT Output, PRTLP_SPEC Spec, va_list *Arguments) {
    switch (Spec->Type) {
    case 'd':
    case 'i':
        RtlpPutSigned(Output, Spec, RtlpSignedArgument(Spec, Arguments));
        return TRUE;
    case 'u':
    case 'o':
    case 'x':
    case 'X':
        RtlpPutInteger(Output, Spec, RtlpUnsignedArgument(Spec, Arguments), "");
        return TRUE;
    case 'p':
        RtlpPutPointer(Output, Spec, va_arg(*Arguments, PVOID));
        return TRUE;
    case 'c':
    case 'C':
        RtlpPutCharacter(Output, Spec, va_arg(*Arguments, ULONG));
        return TRUE;
    case 's':
    case 'S':
        RtlpPutString(Output, Spec, va_arg(*Arguments, PVOID));
        return TRUE;
    case 'Z':
        RtlpPutCounted(Output, Spec, va_arg(*Arguments, PVOID));
        return TRUE;
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G':
        RtlpPutFloat(Output, Spec, Arguments);
        return TRUE;
    case 'n':
        (void)va_arg(*Arguments, PVOID);
        return TRUE;
    default:
        return FALSE;
    }
}

static VOID RtlpFormatOne(PRTLP_OUTPUT Output, PRTLP_FORMAT Format, va_list *Arguments) {
    RTLP_SPEC Spec;

    memset(&Spec, 0, sizeof(Spec));
    RtlpParseFlags(Format, &Spec);
    RtlpParseWidth(Format, &Spec, Arguments);
    RtlpParseSize(Format, &Spec);
    Spec.Type = RtlpPeek(Format, 0);
    if (Spec.Type == 0) {
        return;
    }
    Format->At++;
    if (!RtlpConvert(Output, &Spec, Arguments)) {
        RtlpPut(Output, Spec.Type); /* an unknown type stands for itself, %% among them */
    }
}

LONG RtlpFormat(_Inout_ PRTLP_OUTPUT Output, _In_ const VOID *Format, _In_ BOOLEAN Wide,
                _In_ va_list Arguments) {
    RTLP_FORMAT Position = {Format, 0, Wide};
    WCHAR Character;
    va_list Remaining;

    if (Format == NULL) {
        return -1;
    }
    va_copy(Remaining, Arguments);
    while ((Character = RtlpPeek(&Position, 0)) != 0) {
        Position.At++;
        if (Character == '%') {
            RtlpFormatOne(Output, &Position, &Remaining);
        } else {
            RtlpPut(Output, Character);
        }
    }
    va_end(Remaining);
    return (LONG)Output->Count;
}
