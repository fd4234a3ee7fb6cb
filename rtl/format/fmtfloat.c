/*
 * fmtfloat.c - the decimal digits of a double
 *
 * A double is an integer times a power of two, so its decimal expansion ends, and can be written
 * out exactly with big integers: no digit here is ever a guess. The integer part is at most 309
 * digits; the fraction at most 1074. Big numbers are arrays of nine decimal digits a word, so that
 * they print without division. Rounding is to nearest, and to even where exactly in the middle.
 *
 * User mode and host only.
 */
#include "formatp.h"

#if !defined(NTOS_KERNEL)

#define WORD_BASE      1000000000u
#define WORD_DIGITS    9
#define INTEGER_WORDS  36  /* 309 digits and a carry */
#define FRACTION_WORDS 120 /* 1074 digits            */
#define POINT          (INTEGER_WORDS)
#define ALL_WORDS      (INTEGER_WORDS + FRACTION_WORDS)

/* Words[POINT - 1] holds the units, Words[POINT] the first nine digits after the point. */
typedef struct _RTLP_DECIMAL {
    ULONG Words[ALL_WORDS];
    LONG First; /* words outside [First, Last) are zero */
    LONG Last;
} RTLP_DECIMAL, *PRTLP_DECIMAL;

static VOID RtlpDouble(PRTLP_DECIMAL Number, ULONG Shift) {
    ULONG64 Carry = 0;

    for (LONG Index = Number->Last - 1; Index >= Number->First; Index--) {
        ULONG64 Value = ((ULONG64)Number->Words[Index] << Shift) + Carry;
        Number->Words[Index] = (ULONG)(Value % WORD_BASE);
        Carry = Value / WORD_BASE;
    }
    if (Carry != 0) {
        Number->Words[--Number->First] = (ULONG)Carry;
    }
}

static VOID RtlpHalve(PRTLP_DECIMAL Number, ULONG Shift) {
    ULONG64 Rest = 0;

    for (LONG Index = Number->First; Index < Number->Last; Index++) {
        ULONG64 Value = Rest * WORD_BASE + Number->Words[Index];
        Number->Words[Index] = (ULONG)(Value >> Shift);
        Rest = Value & ((1u << Shift) - 1);
    }
    if (Rest != 0) {
        Number->Words[Number->Last++] = (ULONG)(Rest * WORD_BASE >> Shift);
    }
    while (Number->First < POINT - 1 && Number->Words[Number->First] == 0) {
        Number->First++;
    }
}

/* Number = Mantissa * 2^Exponent; shifts of at most nine keep the fraction within its words. */
static VOID RtlpExpand(PRTLP_DECIMAL Number, ULONG64 Mantissa, LONG Exponent) {
    memset(Number, 0, sizeof(*Number));
    Number->First = POINT - 2;
    Number->Last = POINT;
    Number->Words[POINT - 1] = (ULONG)(Mantissa % WORD_BASE);
    Number->Words[POINT - 2] = (ULONG)(Mantissa / WORD_BASE);
    for (; Exponent > 0; Exponent -= min(Exponent, 29)) {
        RtlpDouble(Number, (ULONG)min(Exponent, 29));
    }
    for (; Exponent < 0; Exponent += min(-Exponent, WORD_DIGITS)) {
        RtlpHalve(Number, (ULONG)min(-Exponent, WORD_DIGITS));
    }
}

/* The digit at 10^Power. */
static ULONG RtlpDigitAt(const RTLP_DECIMAL *Number, LONG Power) {
    LONG Place = POINT * WORD_DIGITS - 1 - Power; /* digits from the left end */
    ULONG Word;

    if (Place < 0 || Place >= ALL_WORDS * WORD_DIGITS) {
        return 0;
    }
    Word = Number->Words[Place / WORD_DIGITS];
    for (LONG Skip = WORD_DIGITS - 1 - Place % WORD_DIGITS; Skip > 0; Skip--) {
        Word /= 10;
    }
    return Word % 10;
}

/* Power of the first digit that is not zero; 0 for zero. */
static LONG RtlpLeadingPower(const RTLP_DECIMAL *Number) {
    for (LONG Index = Number->First; Index < Number->Last; Index++) {
        if (Number->Words[Index] != 0) {
            LONG Power = (POINT - Index) * WORD_DIGITS - 1;
            while (RtlpDigitAt(Number, Power) == 0) {
                Power--;
            }
            return Power;
        }
    }
    return 0;
}

static BOOLEAN RtlpAnyBelow(const RTLP_DECIMAL *Number, LONG Power) {
    LONG Lowest = (POINT - Number->Last) * WORD_DIGITS;

    for (; Power >= Lowest; Power--) {
        if (RtlpDigitAt(Number, Power) != 0) {
            return TRUE;
        }
    }
    return FALSE;
}

/* Adds one at 10^Power. */
static VOID RtlpIncrement(PRTLP_DECIMAL Number, LONG Power) {
    LONG Place = POINT * WORD_DIGITS - 1 - Power;
    LONG Index = Place / WORD_DIGITS;
    ULONG Unit = 1;

    for (LONG Skip = WORD_DIGITS - 1 - Place % WORD_DIGITS; Skip > 0; Skip--) {
        Unit *= 10;
    }
    Number->First = min(Number->First, Index);
    Number->Last = max(Number->Last, Index + 1);
    Number->Words[Index] += Unit;
    while (Number->Words[Index] >= WORD_BASE) {
        Number->Words[Index] -= WORD_BASE;
        Number->Words[--Index]++;
        Number->First = min(Number->First, Index);
    }
}

/* Rounds so that 10^Power is the last digit. What stands below is left, and not printed. */
static VOID RtlpRound(PRTLP_DECIMAL Number, LONG Power) {
    ULONG Next = RtlpDigitAt(Number, Power - 1);
    BOOLEAN Up = Next > 5;

    if (Next == 5) {
        Up = RtlpAnyBelow(Number, Power - 2) || RtlpDigitAt(Number, Power) % 2 != 0;
    }
    if (Up) {
        RtlpIncrement(Number, Power);
    }
}

static ULONG RtlpPutFixed(const RTLP_DECIMAL *Number, LONG Precision, BOOLEAN Point, PCHAR Text) {
    LONG Power = max(RtlpLeadingPower(Number), 0);
    ULONG Length = 0;

    for (; Power >= 0; Power--) {
        Text[Length++] = (CHAR)('0' + RtlpDigitAt(Number, Power));
    }
    if (Precision > 0 || Point) {
        Text[Length++] = '.';
    }
    for (Power = -1; Power >= -Precision; Power--) {
        Text[Length++] = (CHAR)('0' + RtlpDigitAt(Number, Power));
    }
    return Length;
}

static ULONG RtlpPutExponent(LONG Exponent, CHAR Letter, PCHAR Text) {
    ULONG Length = 0;

    Text[Length++] = Letter;
    Text[Length++] = Exponent < 0 ? '-' : '+';
    Exponent = Exponent < 0 ? -Exponent : Exponent;
    if (Exponent >= 100) {
        Text[Length++] = (CHAR)('0' + Exponent / 100);
    }
    Text[Length++] = (CHAR)('0' + Exponent / 10 % 10);
    Text[Length++] = (CHAR)('0' + Exponent % 10);
    return Length;
}

static ULONG RtlpPutScientific(const RTLP_DECIMAL *Number, LONG Precision, BOOLEAN Point,
                               BOOLEAN Trim, CHAR Letter, PCHAR Text) {
    LONG Leading = RtlpLeadingPower(Number);
    ULONG Length = 0;

    Text[Length++] = (CHAR)('0' + RtlpDigitAt(Number, Leading));
    if (Precision > 0 || Point) {
        Text[Length++] = '.';
    }
    for (LONG Place = 1; Place <= Precision; Place++) {
        Text[Length++] = (CHAR)('0' + RtlpDigitAt(Number, Leading - Place));
    }
    while (Trim && Precision > 0 && (Text[Length - 1] == '0' || Text[Length - 1] == '.')) {
        Precision = Text[--Length] == '.' ? 0 : Precision;
    }
    return Length + RtlpPutExponent(Leading, Letter, Text + Length);
}

/* %g: scientific if the exponent is below -4 or not below the precision, else fixed. */
static ULONG RtlpPutGeneral(PRTLP_DECIMAL Number, const RTLP_SPEC *Spec, LONG Precision,
                            PCHAR Text) {
    LONG Leading;
    ULONG Length;

    Precision = Precision == 0 ? 1 : Precision;
    RtlpRound(Number, RtlpLeadingPower(Number) - Precision + 1);
    Leading = RtlpLeadingPower(Number);
    if (Leading < -4 || Leading >= Precision) {
        return RtlpPutScientific(Number, Precision - 1, Spec->Alternate, !Spec->Alternate,
                                 Spec->Type == 'G' ? 'E' : 'e', Text);
    }
    Length = RtlpPutFixed(Number, Precision - 1 - Leading, Spec->Alternate, Text);
    if (!Spec->Alternate && Precision - 1 - Leading > 0) {
        while (Text[Length - 1] == '0') {
            Length--;
        }
        Length -= Text[Length - 1] == '.' ? 1 : 0;
    }
    return Length;
}

static ULONG RtlpPutSpecial(BOOLEAN IsNan, BOOLEAN Upper, PCHAR Text) {
    PCSTR Name = IsNan ? (Upper ? "NAN" : "nan") : (Upper ? "INF" : "inf");

    memcpy(Text, Name, 3);
    return 3;
}

ULONG RtlpFormatDouble(_In_ double Value, _In_ const RTLP_SPEC *Spec, _Out_ PCHAR Text,
                       _Out_ PBOOLEAN Negative, _Out_ PBOOLEAN Finite) {
    LONG Precision = Spec->Precision < 0 ? 6 : min(Spec->Precision, RTLP_MAX_FLOAT_PRECISION);
    BOOLEAN Upper = Spec->Type == 'E' || Spec->Type == 'F' || Spec->Type == 'G';
    RTLP_DECIMAL Number;
    ULONG64 Bits;
    ULONG64 Mantissa;
    LONG Exponent;

    memcpy(&Bits, &Value, sizeof(Bits));
    *Negative = (BOOLEAN)(Bits >> 63);
    Exponent = (LONG)(Bits >> 52 & 0x7FF);
    Mantissa = Bits & 0xFFFFFFFFFFFFFULL;
    *Finite = Exponent != 0x7FF;
    if (!*Finite) {
        return RtlpPutSpecial(Mantissa != 0, Upper, Text);
    }
    Mantissa |= Exponent != 0 ? 1ULL << 52 : 0;
    RtlpExpand(&Number, Mantissa, max(Exponent, 1) - 1075);
    switch (Spec->Type) {
    case 'f':
    case 'F':
        RtlpRound(&Number, -Precision);
        return RtlpPutFixed(&Number, Precision, Spec->Alternate, Text);
    case 'e':
    case 'E':
        RtlpRound(&Number, RtlpLeadingPower(&Number) - Precision);
        return RtlpPutScientific(&Number, Precision, Spec->Alternate, FALSE, (CHAR)Spec->Type,
                                 Text);
    default:
        return RtlpPutGeneral(&Number, Spec, Precision, Text);
    }
}

#endif
