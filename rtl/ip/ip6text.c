/*
 * ip6text.c - texts to IPv6 addresses (RFC 4291, section 2.2)
 *
 * Eight hexadecimal groups; "::" once in the place of at least one group of zeros; the last two
 * groups perhaps as four decimal numbers. Reading stops at the first character that cannot belong
 * to the address; what has been read must then be one.
 */

#include "ipp.h"

#define RTLP_IP6_NO_GAP 8

typedef struct _RTLP_IP6 {
    USHORT Words[8];
    ULONG Count; /* of words that have been read */
    ULONG Gap;   /* the word before which "::" stands */
} RTLP_IP6, *PRTLP_IP6;

/* How many words may still be read: "::" stands for one at least. */
static ULONG RtlpIp6Room(_In_ const RTLP_IP6 *Ip) {
    return (Ip->Gap != RTLP_IP6_NO_GAP ? 7 : 8) - Ip->Count;
}

/* One of the four decimal numbers: at most three digits, at most 255. */
static BOOLEAN RtlpIp6Byte(_Inout_ PRTLP_IP_TEXT Text, _Out_ PULONG Value) {
    SIZE_T Start = Text->At;
    ULONG Digit;

    for (*Value = 0; (Digit = RtlpIpDigit(Text)) < 10 && Text->At - Start < 4; Text->At++) {
        *Value = *Value * 10 + Digit;
    }
    return Text->At > Start && Text->At - Start <= 3 && *Value <= 0xFF;
}

static BOOLEAN RtlpIp6Tail(_Inout_ PRTLP_IP_TEXT Text, _Inout_ PRTLP_IP6 Ip) {
    ULONG Bytes[4];

    for (ULONG i = 0; i < 4; i++) {
        if ((i > 0 && !RtlpIpSkip(Text, L'.')) || !RtlpIp6Byte(Text, &Bytes[i])) {
            return FALSE;
        }
    }
    Ip->Words[Ip->Count++] = (USHORT)(Bytes[0] << 8 | Bytes[1]);
    Ip->Words[Ip->Count++] = (USHORT)(Bytes[2] << 8 | Bytes[3]);
    return TRUE;
}

/* A group, or the decimal tail that begins like one. *Last: nothing can follow. */
static BOOLEAN RtlpIp6Group(_Inout_ PRTLP_IP_TEXT Text, _Inout_ PRTLP_IP6 Ip, _Out_ PBOOLEAN Last) {
    SIZE_T Start = Text->At;
    BOOLEAN Decimal = TRUE;
    ULONG Value = 0, Digit;

    *Last = FALSE;
    for (; (Digit = RtlpIpDigit(Text)) < 16; Text->At++) {
        Decimal = Decimal && Digit < 10;
        Value = (Value << 4 | Digit) & 0xFFFFF;
        if (Text->At - Start >= 4) {
            return FALSE;
        }
    }
    if (RtlpIpNext(Text) == L'.' && Decimal && RtlpIp6Room(Ip) >= 2) {
        Text->At = Start;
        *Last = TRUE;
        return RtlpIp6Tail(Text, Ip);
    }
    Ip->Words[Ip->Count++] = (USHORT)Value;
    return TRUE;
}

/* TRUE if a group has to follow; goes past the separator. */
static BOOLEAN RtlpIp6Separator(_Inout_ PRTLP_IP_TEXT Text, _Inout_ PRTLP_IP6 Ip) {
    SIZE_T Start = Text->At;

    if (Ip->Count == 8 || !RtlpIpSkip(Text, L':')) {
        return FALSE;
    }
    if (RtlpIpNext(Text) != L':') {
        if (RtlpIp6Room(Ip) == 0) {
            Text->At = Start; /* the address was complete before the colon */
            return FALSE;
        }
        return TRUE;
    }
    if (Ip->Gap != RTLP_IP6_NO_GAP) {
        Text->At = Start; /* a second "::" is no longer a part of the address */
        return FALSE;
    }
    Text->At++;
    Ip->Gap = Ip->Count;
    return RtlpIp6Room(Ip) != 0 && RtlpIpDigit(Text) < 16;
}

/* Reads what can be an address; TRUE if it is a whole one. */
static BOOLEAN RtlpIp6Read(_Inout_ PRTLP_IP_TEXT Text, _Out_ PRTLP_IP6 Ip) {
    BOOLEAN Last = FALSE;
    BOOLEAN More = TRUE;

    Ip->Count = 0;
    Ip->Gap = RTLP_IP6_NO_GAP;
    if (RtlpIpNext(Text) == L':') {
        More = RtlpIp6Separator(Text, Ip);
        if (Ip->Gap == RTLP_IP6_NO_GAP) {
            Text->At = 0; /* one colon */
            return FALSE;
        }
    }
    while (More && !Last) {
        if (RtlpIpDigit(Text) == RTLP_IP_NO_DIGIT || !RtlpIp6Group(Text, Ip, &Last)) {
            return FALSE;
        }
        More = !Last && RtlpIp6Separator(Text, Ip);
    }
    return Ip->Gap != RTLP_IP6_NO_GAP || Ip->Count == 8;
}

static BOOLEAN RtlpIp6Address(_Inout_ PRTLP_IP_TEXT Text, _Out_ IN6_ADDR *Address) {
    RTLP_IP6 Ip;
    ULONG Behind; /* words behind the gap */

    if (!RtlpIp6Read(Text, &Ip)) {
        return FALSE;
    }
    if (Ip.Gap == RTLP_IP6_NO_GAP) {
        Ip.Gap = Ip.Count;
    }
    Behind = Ip.Count - Ip.Gap;
    for (ULONG i = 0; i < 8; i++) {
        USHORT Word = 0;

        if (i < Ip.Gap) {
            Word = Ip.Words[i];
        } else if (i >= 8 - Behind) {
            Word = Ip.Words[i - (8 - Ip.Count)];
        }
        Address->u.Byte[2 * i] = (UCHAR)(Word >> 8);
        Address->u.Byte[2 * i + 1] = (UCHAR)Word;
    }
    return TRUE;
}

/* address, address%scope, [address%scope] or [address%scope]:port. */
static NTSTATUS RtlpIp6Whole(_Inout_ PRTLP_IP_TEXT Text, _Out_ IN6_ADDR *Address,
                             _Out_ PULONG ScopeId, _Out_ PUSHORT Port) {
    BOOLEAN Bracket = RtlpIpSkip(Text, L'[');
    ULONG Scope = 0;
    USHORT Value = 0;

    if (!RtlpIp6Address(Text, Address)) {
        return STATUS_INVALID_PARAMETER;
    }
    if (RtlpIpSkip(Text, L'%') && !RtlpIpNumber(Text, TRUE, &Scope)) {
        return STATUS_INVALID_PARAMETER;
    }
    if (Bracket ? !RtlpIpSkip(Text, L']') || !RtlpIpPort(Text, &Value)
                : RtlpIpNext(Text) != UNICODE_NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    *ScopeId = Scope;
    *Port = Value;
    return STATUS_SUCCESS;
}

/* ---- What programs call; see ntrtlip.h ---- */

NTSTATUS NTAPI RtlIpv6StringToAddressA(_In_ PCSTR AddressString, _Out_ PCSTR *Terminator,
                                       _Out_ IN6_ADDR *Address) {
    RTLP_IP_TEXT Text = RtlpIpNarrow(AddressString);
    BOOLEAN Good = RtlpIp6Address(&Text, Address);

    *Terminator = AddressString + Text.At;
    return Good ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

NTSTATUS NTAPI RtlIpv6StringToAddressW(_In_ PCWSTR AddressString, _Out_ PCWSTR *Terminator,
                                       _Out_ IN6_ADDR *Address) {
    RTLP_IP_TEXT Text = RtlpIpWide(AddressString);
    BOOLEAN Good = RtlpIp6Address(&Text, Address);

    *Terminator = AddressString + Text.At;
    return Good ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

NTSTATUS NTAPI RtlIpv6StringToAddressExA(_In_ PCSTR AddressString, _Out_ IN6_ADDR *Address,
                                         _Out_ PULONG ScopeId, _Out_ PUSHORT Port) {
    RTLP_IP_TEXT Text = RtlpIpNarrow(AddressString);

    if (AddressString == NULL || Address == NULL || ScopeId == NULL || Port == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    return RtlpIp6Whole(&Text, Address, ScopeId, Port);
}

NTSTATUS NTAPI RtlIpv6StringToAddressExW(_In_ PCWSTR AddressString, _Out_ IN6_ADDR *Address,
                                         _Out_ PULONG ScopeId, _Out_ PUSHORT Port) {
    RTLP_IP_TEXT Text = RtlpIpWide(AddressString);

    if (AddressString == NULL || Address == NULL || ScopeId == NULL || Port == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    return RtlpIp6Whole(&Text, Address, ScopeId, Port);
}
