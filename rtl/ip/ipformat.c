/*
 * ipformat.c - addresses to text
 *
 * A text is made of bytes in a buffer that holds the longest, and then copied or widened.
 *
 * IPv6: small letters, no leading zeros, "::" for the first of the longest runs of two or more
 * groups of zeros. Addresses that hold an IPv4 address end with it in decimal: IPv4-compatible
 * (::1.2.3.4), IPv4-mapped (::ffff:1.2.3.4), IPv4-translated (::ffff:0:1.2.3.4) and ISATAP (interface
 * identifier 0:5efe or 200:5efe).
 */

#include "ipp.h"

typedef struct _RTLP_IP_OUTPUT {
    CHAR Text[INET6_ADDRSTRLEN + 1];
    ULONG Length;
} RTLP_IP_OUTPUT, *PRTLP_IP_OUTPUT;

static VOID RtlpIpPut(_Inout_ PRTLP_IP_OUTPUT Output, _In_ CHAR Character) {
    Output->Text[Output->Length++] = Character;
}

static VOID RtlpIpPutNumber(_Inout_ PRTLP_IP_OUTPUT Output, _In_ ULONG Value, _In_ ULONG Base) {
    CHAR Digits[10];
    ULONG Count = 0;

    do {
        Digits[Count++] = "0123456789abcdef"[Value % Base];
        Value /= Base;
    } while (Value != 0);
    while (Count > 0) {
        RtlpIpPut(Output, Digits[--Count]);
    }
}

static VOID RtlpIpPutBytes(_Inout_ PRTLP_IP_OUTPUT Output, _In_ const UCHAR *Bytes) {
    for (ULONG i = 0; i < 4; i++) {
        if (i > 0) {
            RtlpIpPut(Output, '.');
        }
        RtlpIpPutNumber(Output, Bytes[i], 10);
    }
}

static VOID RtlpIpPutPort(_Inout_ PRTLP_IP_OUTPUT Output, _In_ USHORT Port) {
    RtlpIpPut(Output, ':');
    RtlpIpPutNumber(Output, (USHORT)(Port >> 8 | Port << 8), 10);
}

static VOID RtlpIp4Text(_Out_ PRTLP_IP_OUTPUT Output, _In_ const IN_ADDR *Address,
                        _In_ USHORT Port) {
    Output->Length = 0;
    RtlpIpPutBytes(Output, (const UCHAR *)Address);
    if (Port != 0) {
        RtlpIpPutPort(Output, Port);
    }
    Output->Text[Output->Length] = 0;
}

/* ---- IPv6 ---- */

/* Whether the last two groups are an IPv4 address. */
static BOOLEAN RtlpIp6HoldsIp4(_In_ const USHORT *Words) {
    BOOLEAN Zero = Words[0] == 0 && Words[1] == 0 && Words[2] == 0 && Words[3] == 0;

    if ((Words[4] & ~0x0200) == 0 && Words[5] == 0x5EFE) {
        return TRUE; /* ISATAP */
    }
    if (!Zero || Words[6] == 0) {
        return FALSE;
    }
    return (Words[4] == 0 && (Words[5] == 0 || Words[5] == 0xFFFF)) ||
           (Words[4] == 0xFFFF && Words[5] == 0);
}

/* The first of the longest runs of zeros among Count groups; *Length 0 if there is none of two. */
static ULONG RtlpIp6FindZeros(_In_ const USHORT *Words, _In_ ULONG Count, _Out_ PULONG Length) {
    ULONG Best = 0;

    *Length = 0;
    for (ULONG i = 0; i < Count; i++) {
        ULONG Run = 0;

        while (i + Run < Count && Words[i + Run] == 0) {
            Run++;
        }
        if (Run >= 2 && Run > *Length) {
            Best = i;
            *Length = Run;
        }
    }
    return Best;
}

static VOID RtlpIp6PutAddress(_Inout_ PRTLP_IP_OUTPUT Output, _In_ const IN6_ADDR *Address) {
    USHORT Words[8];
    ULONG Count, Zeros, ZerosLength;

    for (ULONG i = 0; i < 8; i++) {
        Words[i] = (USHORT)(Address->u.Byte[2 * i] << 8 | Address->u.Byte[2 * i + 1]);
    }
    Count = RtlpIp6HoldsIp4(Words) ? 6 : 8;
    Zeros = RtlpIp6FindZeros(Words, Count, &ZerosLength);
    for (ULONG i = 0; i < Count; i++) {
        if (ZerosLength != 0 && i == Zeros) {
            RtlpIpPut(Output, ':');
            RtlpIpPut(Output, ':');
            i += ZerosLength - 1;
            continue;
        }
        if (i > 0 && Output->Text[Output->Length - 1] != ':') {
            RtlpIpPut(Output, ':');
        }
        RtlpIpPutNumber(Output, Words[i], 16);
    }
    if (Count == 6) {
        if (Output->Text[Output->Length - 1] != ':') {
            RtlpIpPut(Output, ':');
        }
        RtlpIpPutBytes(Output, &Address->u.Byte[12]);
    }
}

static VOID RtlpIp6Text(_Out_ PRTLP_IP_OUTPUT Output, _In_ const IN6_ADDR *Address,
                        _In_ ULONG ScopeId, _In_ USHORT Port) {
    Output->Length = 0;
    if (Port != 0) {
        RtlpIpPut(Output, '[');
    }
    RtlpIp6PutAddress(Output, Address);
    if (ScopeId != 0) {
        RtlpIpPut(Output, '%');
        RtlpIpPutNumber(Output, ScopeId, 10);
    }
    if (Port != 0) {
        RtlpIpPut(Output, ']');
        RtlpIpPutPort(Output, Port);
    }
    Output->Text[Output->Length] = 0;
}

/* ---- Copies ---- */

static PSTR RtlpIpCopy(_In_ const RTLP_IP_OUTPUT *Output, _Out_ PSTR String) {
    RtlCopyMemory(String, Output->Text, Output->Length + 1);
    return String + Output->Length;
}

static PWSTR RtlpIpWiden(_In_ const RTLP_IP_OUTPUT *Output, _Out_ PWSTR String) {
    for (ULONG i = 0; i <= Output->Length; i++) {
        String[i] = (UCHAR)Output->Text[i];
    }
    return String + Output->Length;
}

/* Says how many characters there are; FALSE if they do not fit. */
static BOOLEAN RtlpIpFits(_In_ const RTLP_IP_OUTPUT *Output, _Inout_ PULONG Length) {
    ULONG Room = *Length;

    *Length = Output->Length + 1;
    return Room >= *Length;
}

/* ---- What programs call; see ntrtlip.h ---- */

PSTR NTAPI RtlIpv4AddressToStringA(_In_ const IN_ADDR *Address, _Out_ PSTR AddressString) {
    RTLP_IP_OUTPUT Output;

    RtlpIp4Text(&Output, Address, 0);
    return RtlpIpCopy(&Output, AddressString);
}

PWSTR NTAPI RtlIpv4AddressToStringW(_In_ const IN_ADDR *Address, _Out_ PWSTR AddressString) {
    RTLP_IP_OUTPUT Output;

    RtlpIp4Text(&Output, Address, 0);
    return RtlpIpWiden(&Output, AddressString);
}

NTSTATUS NTAPI RtlIpv4AddressToStringExA(_In_ const IN_ADDR *Address, _In_ USHORT Port,
                                         _Out_ PSTR AddressString,
                                         _Inout_ PULONG AddressStringLength) {
    RTLP_IP_OUTPUT Output;

    if (Address == NULL || AddressString == NULL || AddressStringLength == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    RtlpIp4Text(&Output, Address, Port);
    if (!RtlpIpFits(&Output, AddressStringLength)) {
        return STATUS_INVALID_PARAMETER;
    }
    RtlpIpCopy(&Output, AddressString);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlIpv4AddressToStringExW(_In_ const IN_ADDR *Address, _In_ USHORT Port,
                                         _Out_ PWSTR AddressString,
                                         _Inout_ PULONG AddressStringLength) {
    RTLP_IP_OUTPUT Output;

    if (Address == NULL || AddressString == NULL || AddressStringLength == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    RtlpIp4Text(&Output, Address, Port);
    if (!RtlpIpFits(&Output, AddressStringLength)) {
        return STATUS_INVALID_PARAMETER;
    }
    RtlpIpWiden(&Output, AddressString);
    return STATUS_SUCCESS;
}

PSTR NTAPI RtlIpv6AddressToStringA(_In_ const IN6_ADDR *Address, _Out_ PSTR AddressString) {
    RTLP_IP_OUTPUT Output;

    RtlpIp6Text(&Output, Address, 0, 0);
    return RtlpIpCopy(&Output, AddressString);
}

PWSTR NTAPI RtlIpv6AddressToStringW(_In_ const IN6_ADDR *Address, _Out_ PWSTR AddressString) {
    RTLP_IP_OUTPUT Output;

    RtlpIp6Text(&Output, Address, 0, 0);
    return RtlpIpWiden(&Output, AddressString);
}

NTSTATUS NTAPI RtlIpv6AddressToStringExA(_In_ const IN6_ADDR *Address, _In_ ULONG ScopeId,
                                         _In_ USHORT Port, _Out_ PSTR AddressString,
                                         _Inout_ PULONG AddressStringLength) {
    RTLP_IP_OUTPUT Output;

    if (Address == NULL || AddressString == NULL || AddressStringLength == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    RtlpIp6Text(&Output, Address, ScopeId, Port);
    if (!RtlpIpFits(&Output, AddressStringLength)) {
        return STATUS_INVALID_PARAMETER;
    }
    RtlpIpCopy(&Output, AddressString);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlIpv6AddressToStringExW(_In_ const IN6_ADDR *Address, _In_ ULONG ScopeId,
                                         _In_ USHORT Port, _Out_ PWSTR AddressString,
                                         _Inout_ PULONG AddressStringLength) {
    RTLP_IP_OUTPUT Output;

    if (Address == NULL || AddressString == NULL || AddressStringLength == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    RtlpIp6Text(&Output, Address, ScopeId, Port);
    if (!RtlpIpFits(&Output, AddressStringLength)) {
        return STATUS_INVALID_PARAMETER;
    }
    RtlpIpWiden(&Output, AddressString);
    return STATUS_SUCCESS;
}
