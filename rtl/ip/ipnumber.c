/*
 * ipnumber.c - the numbers in addresses, and ports
 */

#include "ipp.h"

/* The value of the next character as a hexadecimal digit, or RTLP_IP_NO_DIGIT. */
ULONG RtlpIpDigit(_In_ const RTLP_IP_TEXT *Text) {
    WCHAR Character = RtlpIpNext(Text);

    if (Character >= L'0' && Character <= L'9') {
        return Character - L'0';
    }
    if (Character >= L'a' && Character <= L'f') {
        return Character - L'a' + 10;
    }
    if (Character >= L'A' && Character <= L'F') {
        return Character - L'A' + 10;
    }
    return RTLP_IP_NO_DIGIT;
}

static BOOLEAN RtlpIpDigits(_Inout_ PRTLP_IP_TEXT Text, _In_ ULONG Base, _Out_ PULONG Value) {
    SIZE_T Start = Text->At;
    ULONG Digit;

    for (*Value = 0; (Digit = RtlpIpDigit(Text)) < Base; Text->At++) {
        if (*Value > (0xFFFFFFFF - Digit) / Base) {
            return FALSE;
        }
        *Value = *Value * Base + Digit;
    }
    return Text->At > Start;
}

/*
 * A number of 32 bits: decimal, or unless DecimalOnly octal after 0 and hexadecimal after 0x. On
 * failure Text->At is what is wrong.
 */
BOOLEAN RtlpIpNumber(_Inout_ PRTLP_IP_TEXT Text, _In_ BOOLEAN DecimalOnly, _Out_ PULONG Value) {
    *Value = 0;
    if (RtlpIpNext(Text) != L'0') {
        return RtlpIpDigits(Text, 10, Value);
    }
    Text->At++;
    if (RtlpIpSkip(Text, L'x') || RtlpIpSkip(Text, L'X')) {
        return !DecimalOnly && RtlpIpDigits(Text, 16, Value);
    }
    if (RtlpIpDigit(Text) < 10) {
        return !DecimalOnly && RtlpIpDigits(Text, 8, Value);
    }
    return TRUE;
}

/* A colon and a port at the end of the text, or just the end. */
BOOLEAN RtlpIpPort(_Inout_ PRTLP_IP_TEXT Text, _Out_ PUSHORT Port) {
    ULONG Value = 0;

    if (RtlpIpSkip(Text, L':')) {
        if (!RtlpIpNumber(Text, FALSE, &Value) || Value == 0 || Value > 0xFFFF) {
            return FALSE;
        }
    }
    *Port = (USHORT)(Value >> 8 | Value << 8);
    return RtlpIpNext(Text) == UNICODE_NULL;
}
