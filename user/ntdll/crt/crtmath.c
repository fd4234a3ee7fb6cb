/*
 * crtmath.c - the functions of arithmetic that have one right answer
 *
 * Those that must approximate (sin, cos, tan, atan, log, pow), which ntdll on Windows has too, are
 * left out: docs/ntdll.md.
 */
#include "crt.h"

/* The compiler refers to this in every module that uses floating point. */
int _fltused = 0x9875;

int abs(int Value) {
    return Value < 0 ? (int)(0 - (unsigned)Value) : Value;
}

LONG labs(LONG Value) {
    return Value < 0 ? (LONG)(0 - (ULONG)Value) : Value;
}

static ULONG64 CrtpBits(double Value) {
    ULONG64 Bits;

    memcpy(&Bits, &Value, sizeof(Bits));
    return Bits;
}

static double CrtpDouble(ULONG64 Bits) {
    double Value;

    memcpy(&Value, &Bits, sizeof(Value));
    return Value;
}

double fabs(double Value) {
    return CrtpDouble(CrtpBits(Value) & ~(1ULL << 63));
}

/* Cuts the fraction off; numbers of 2^52 and above have none, infinities and NaNs stay. */
static double CrtpTruncate(double Value) {
    ULONG64 Bits = CrtpBits(Value);
    LONG Exponent = (LONG)(Bits >> 52 & 0x7FF) - 1023;

    if (Exponent < 0) {
        return CrtpDouble(Bits & 1ULL << 63);
    }
    if (Exponent >= 52) {
        return Value;
    }
    return CrtpDouble(Bits & ~((1ULL << (52 - Exponent)) - 1));
}

double floor(double Value) {
    double Whole = CrtpTruncate(Value);

    return Whole > Value ? Whole - 1.0 : Whole;
}

double ceil(double Value) {
    double Whole = CrtpTruncate(Value);

    /* The sum keeps the sign of zero: ceil(-0.5) is -0. */
    return Whole < Value ? Whole + 1.0 : Whole;
}

double sqrt(double Value) {
    __asm__("sqrtsd %0, %0" : "+x"(Value));
    return Value;
}
