/*
 * ip4text.c - texts to IPv4 addresses
 */

#include "ipp.h"

/* Up to four numbers with dots between them. Returns how many there are, 0 if that is wrong. */
static ULONG RtlpIp4Parts(_Inout_ PRTLP_IP_TEXT Text, _In_ BOOLEAN Strict, _Out_ PULONG Parts) {
    for (ULONG Count = 0; Count < 4;) {
        SIZE_T Start = Text->At;

        if (!RtlpIpNumber(Text, Strict, &Parts[Count])) {
            if (Text->At == Start) {
                RtlpIpSkip(Text, L'.'); /* an empty part is wrong at its end */
            }
            return 0;
        }
        Count++;
        if (RtlpIpNext(Text) != L'.') {
            return Strict && Count != 4 ? 0 : Count;
        }
        if (Count < 4) {
            Text->At++;
        }
    }
    return 0; /* a dot after the fourth */
}

/* The last part fills what the others leave. On failure Text->At is what is wrong. */
static BOOLEAN RtlpIp4Address(_Inout_ PRTLP_IP_TEXT Text, _In_ BOOLEAN Strict,
                              _Out_ IN_ADDR *Address) {
    ULONG Parts[4];
    ULONG Count = RtlpIp4Parts(Text, Strict, Parts);
    ULONG Value, Left = 32;

    if (Count == 0) {
        return FALSE;
    }
    Value = 0;
    for (ULONG i = 0; i + 1 < Count; i++) {
        if (Parts[i] > 0xFF) {
            return FALSE;
        }
        Left -= 8;
        Value |= Parts[i] << Left;
    }
    if (Left < 32 && Parts[Count - 1] >> Left != 0) {
        return FALSE;
    }
    Value |= Parts[Count - 1];
    for (ULONG i = 0; i < 4; i++) {
        ((PUCHAR)Address)[i] = (UCHAR)(Value >> (24 - 8 * i));
    }
    return TRUE;
}

/* Text->At becomes the terminator. A colon has to be followed by a port, which is not taken. */
static NTSTATUS RtlpIp4Prefix(_Inout_ PRTLP_IP_TEXT Text, _In_ BOOLEAN Strict,
                              _Out_ IN_ADDR *Address) {
    USHORT Port;
    SIZE_T End;

    if (!RtlpIp4Address(Text, Strict, Address)) {
        return STATUS_INVALID_PARAMETER;
    }
    End = Text->At;
    if (RtlpIpNext(Text) == L':') {
        if (!RtlpIpPort(Text, &Port)) {
            return STATUS_INVALID_PARAMETER;
        }
        Text->At = End;
    }
    return STATUS_SUCCESS;
}

static NTSTATUS RtlpIp4Whole(_Inout_ PRTLP_IP_TEXT Text, _In_ BOOLEAN Strict,
                             _Out_ IN_ADDR *Address, _Out_ PUSHORT Port) {
    USHORT Value;

    if (!RtlpIp4Address(Text, Strict, Address) || !RtlpIpPort(Text, &Value)) {
        return STATUS_INVALID_PARAMETER;
    }
    *Port = Value;
    return STATUS_SUCCESS;
}

/* ---- What programs call; see ntrtlip.h ---- */

NTSTATUS NTAPI RtlIpv4StringToAddressA(_In_ PCSTR AddressString, _In_ BOOLEAN Strict,
                                       _Out_ PCSTR *Terminator, _Out_ IN_ADDR *Address) {
    RTLP_IP_TEXT Text = RtlpIpNarrow(AddressString);
    NTSTATUS Status = RtlpIp4Prefix(&Text, Strict, Address);

    *Terminator = AddressString + Text.At;
    return Status;
}

NTSTATUS NTAPI RtlIpv4StringToAddressW(_In_ PCWSTR AddressString, _In_ BOOLEAN Strict,
                                       _Out_ PCWSTR *Terminator, _Out_ IN_ADDR *Address) {
    RTLP_IP_TEXT Text = RtlpIpWide(AddressString);
    NTSTATUS Status = RtlpIp4Prefix(&Text, Strict, Address);

    *Terminator = AddressString + Text.At;
    return Status;
}

NTSTATUS NTAPI RtlIpv4StringToAddressExA(_In_ PCSTR AddressString, _In_ BOOLEAN Strict,
                                         _Out_ IN_ADDR *Address, _Out_ PUSHORT Port) {
    RTLP_IP_TEXT Text = RtlpIpNarrow(AddressString);

    if (AddressString == NULL || Address == NULL || Port == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    return RtlpIp4Whole(&Text, Strict, Address, Port);
}

NTSTATUS NTAPI RtlIpv4StringToAddressExW(_In_ PCWSTR AddressString, _In_ BOOLEAN Strict,
                                         _Out_ IN_ADDR *Address, _Out_ PUSHORT Port) {
    RTLP_IP_TEXT Text = RtlpIpWide(AddressString);

    if (AddressString == NULL || Address == NULL || Port == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    return RtlpIp4Whole(&Text, Strict, Address, Port);
}
