/*
 * integer.c - numbers as text
 *
 * The bases are 2, 8, 10 and 16, and 0, which means ten when writing and "as the prefix says" when
 * reading (0b, 0o, 0x). Digits above nine are written in upper case. Reading skips leading blanks
 * and control characters, takes one sign, stops at the first character that is no digit, and lets
 * the value overflow silently, as Windows does; no digits at all is the number 0.
 *
 * Any IRQL at which the text is resident. Source: WDK pages of the same names, phnt.
 */
#include "ntdef.h"
#include "ntrtl.h"

#define MAXIMUM_DIGITS 64

static BOOLEAN RtlpIsBase(ULONG Base) {
    return Base == 2 || Base == 8 || Base == 10 || Base == 16;
}

/* ---- Writing ---- */

/* Writes the digits so that they end at End; returns how many, 0 for a bad base. */
static ULONG RtlpDigits(ULONG64 Value, ULONG Base, PCHAR End) {
    PCHAR Digit = End;

    Base = Base == 0 ? 10 : Base;
    if (!RtlpIsBase(Base)) {
        return 0;
    }
    do {
        *--Digit = "0123456789ABCDEF"[Value % Base];
        Value /= Base;
    } while (Value != 0);
    return (ULONG)(End - Digit);
}

static NTSTATUS RtlpIntegerToChar(ULONG64 Value, ULONG Base, LONG OutputLength, PCHAR String) {
    CHAR Digits[MAXIMUM_DIGITS];
    ULONG Count = RtlpDigits(Value, Base, Digits + MAXIMUM_DIGITS);
    ULONG Room = OutputLength < 0 ? 0 - (ULONG)OutputLength : (ULONG)OutputLength;

    if (Count == 0) {
        return STATUS_INVALID_PARAMETER;
    }
    if (Count > Room) {
        return STATUS_BUFFER_OVERFLOW;
    }
    if (String == NULL) {
        return STATUS_ACCESS_VIOLATION;
    }
    if (OutputLength < 0) {
        memset(String, '0', Room - Count);
        String += Room - Count;
    }
    memcpy(String, Digits + MAXIMUM_DIGITS - Count, Count);
    if (OutputLength >= 0 && Count < Room) {
        String[Count] = '\0';
    }
    return STATUS_SUCCESS;
}

/*
 * RtlIntegerToChar - writes Value, terminated if there is room. A negative OutputLength fills
 * exactly so many characters, with leading zeros and no terminator. STATUS_INVALID_PARAMETER: the
 * base; STATUS_BUFFER_OVERFLOW: too many digits; STATUS_ACCESS_VIOLATION: String is NULL.
 */
NTSTATUS NTAPI RtlIntegerToChar(_In_ ULONG Value, _In_ ULONG Base, _In_ LONG OutputLength,
                                _Out_ PCHAR String) {
    return RtlpIntegerToChar(Value, Base, OutputLength, String);
}

/* RtlLargeIntegerToChar - the same for 64 bits, without sign. */
NTSTATUS NTAPI RtlLargeIntegerToChar(_In_ PLARGE_INTEGER Value, _In_ ULONG Base,
                                     _In_ LONG OutputLength, _Out_ PCHAR String) {
    return RtlpIntegerToChar((ULONG64)Value->QuadPart, Base, OutputLength, String);
}

/*
 * RtlInt64ToUnicodeString - writes Value, with its terminator. STATUS_INVALID_PARAMETER: the base;
 * STATUS_BUFFER_OVERFLOW: digits and terminator do not fit.
 */
NTSTATUS NTAPI RtlInt64ToUnicodeString(_In_ ULONGLONG Value, _In_ ULONG Base,
                                       _Inout_ PUNICODE_STRING String) {
    CHAR Digits[MAXIMUM_DIGITS];
    ULONG Count = RtlpDigits(Value, Base, Digits + MAXIMUM_DIGITS);

    if (Count == 0) {
        return STATUS_INVALID_PARAMETER;
    }
    String->Length = (USHORT)(Count * sizeof(WCHAR));
    if ((Count + 1) * sizeof(WCHAR) > String->MaximumLength) {
        return STATUS_BUFFER_OVERFLOW;
    }
    for (ULONG Index = 0; Index < Count; Index++) {
        String->Buffer[Index] = (WCHAR)Digits[MAXIMUM_DIGITS - Count + Index];
    }
    String->Buffer[Count] = UNICODE_NULL;
    return STATUS_SUCCESS;
}

/* RtlIntegerToUnicodeString - the same for 32 bits. */
NTSTATUS NTAPI RtlIntegerToUnicodeString(_In_ ULONG Value, _In_ ULONG Base,
                                         _Inout_ PUNICODE_STRING String) {
    return RtlInt64ToUnicodeString(Value, Base, String);
}

/* ---- Reading ---- */

/* Text of either width, which ends after Left characters or at a null. */
typedef struct _RTLP_INPUT {
    const VOID *Text;
    SIZE_T At;
    SIZE_T Left;
    BOOLEAN Wide;
} RTLP_INPUT, *PRTLP_INPUT;

static WCHAR RtlpPeek(const RTLP_INPUT *Input) {
    if (Input->Left == 0) {
        return 0;
    }
    return Input->Wide ? ((PCWCH)Input->Text)[Input->At]
                       : (WCHAR)((const UCHAR *)Input->Text)[Input->At];
}

static VOID RtlpSkip(PRTLP_INPUT Input) {
    Input->At++;
    Input->Left--;
}

static ULONG RtlpDigitValue(WCHAR Character) {
    if (Character >= '0' && Character <= '9') {
        return Character - '0';
    }
    if (Character >= 'a' && Character <= 'f') {
        return Character - 'a' + 10;
    }
    if (Character >= 'A' && Character <= 'F') {
        return Character - 'A' + 10;
    }
    return MAXULONG;
}

/* Base 0: takes the prefix away and says which base it means. */
static ULONG RtlpPrefixBase(PRTLP_INPUT Input) {
    ULONG Base;

    if (RtlpPeek(Input) != '0') {
        return 10;
    }
    RtlpSkip(Input);
    switch (RtlpPeek(Input)) {
    case 'b':
        Base = 2;
        break;
    case 'o':
        Base = 8;
        break;
    case 'x':
        Base = 16;
        break;
    default:
        return 10;
    }
    RtlpSkip(Input);
    return Base;
}

static NTSTATUS RtlpReadNumber(PRTLP_INPUT Input, ULONG Base, PULONG64 Value) {
    BOOLEAN Negative = FALSE;
    ULONG64 Number = 0;

    while (RtlpPeek(Input) != 0 && RtlpPeek(Input) <= ' ') {
        RtlpSkip(Input);
    }
    if (RtlpPeek(Input) == '+' || RtlpPeek(Input) == '-') {
        Negative = RtlpPeek(Input) == '-';
        RtlpSkip(Input);
    }
    if (Base == 0) {
        Base = RtlpPrefixBase(Input);
    } else if (!RtlpIsBase(Base)) {
        return STATUS_INVALID_PARAMETER;
    }
    while (RtlpDigitValue(RtlpPeek(Input)) < Base) {
        Number = Number * Base + RtlpDigitValue(RtlpPeek(Input));
        RtlpSkip(Input);
    }
    *Value = Negative ? 0 - Number : Number;
    return STATUS_SUCCESS;
}

/*
 * RtlCharToInteger - reads a terminated string. STATUS_INVALID_PARAMETER: the base;
 * STATUS_ACCESS_VIOLATION: Value is NULL.
 */
NTSTATUS NTAPI RtlCharToInteger(_In_ PCSZ String, _In_ ULONG Base, _Out_ PULONG Value) {
    RTLP_INPUT Input = {String, 0, ~(SIZE_T)0, FALSE};
    ULONG64 Number;
    NTSTATUS Status = RtlpReadNumber(&Input, Base, &Number);

    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    if (Value == NULL) {
        return STATUS_ACCESS_VIOLATION;
    }
    *Value = (ULONG)Number;
    return STATUS_SUCCESS;
}

/* RtlUnicodeStringToInteger - reads a counted string; statuses as above. */
NTSTATUS NTAPI RtlUnicodeStringToInteger(_In_ PCUNICODE_STRING String, _In_ ULONG Base,
                                         _Out_ PULONG Value) {
    RTLP_INPUT Input = {String->Buffer, 0, String->Length / sizeof(WCHAR), TRUE};
    ULONG64 Number;
    NTSTATUS Status = RtlpReadNumber(&Input, Base, &Number);

    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    if (Value == NULL) {
        return STATUS_ACCESS_VIOLATION;
    }
    *Value = (ULONG)Number;
    return STATUS_SUCCESS;
}

/* RtlUnicodeStringToInt64 - the same for 64 bits; *EndPointer is where reading stopped. */
NTSTATUS NTAPI RtlUnicodeStringToInt64(_In_ PCUNICODE_STRING String, _In_ ULONG Base,
                                       _Out_ PLONG64 Number, _Out_opt_ PWSTR *EndPointer) {
    RTLP_INPUT Input = {String->Buffer, 0, String->Length / sizeof(WCHAR), TRUE};
    ULONG64 Value;
    NTSTATUS Status = RtlpReadNumber(&Input, Base, &Value);

    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    *Number = (LONG64)Value;
    if (EndPointer != NULL) {
        *EndPointer = String->Buffer + Input.At;
    }
    return STATUS_SUCCESS;
}
