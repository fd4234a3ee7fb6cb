/*
 * libFuzzer target: whatever the text, reading an address stays within it; the ANSI and the wide
 * form agree; and an address that was read is read again from what it is written as.
 *
 * Input: any bytes, and the same bytes with the letters of addresses in their places.
 */
#include "ntrtl.h"
#include "ntrtlip.h"

#include <stdlib.h>
#include <string.h>

static void Assert(int Condition) {
    if (!Condition) {
        abort();
    }
}

/* ---- One text in both forms, each in a block of just its size ---- */

typedef struct {
    PSTR Narrow;
    PWSTR Wide;
    size_t Length;
} TEXT;

static TEXT MakeText(const uint8_t *Data, size_t Size) {
    TEXT Text = {malloc(Size + 1), malloc((Size + 1) * sizeof(WCHAR)), 0};
    for (size_t i = 0; i < Size; i++) {
        Text.Narrow[i] = (CHAR)Data[i];
        Text.Wide[i] = Data[i];
    }
    Text.Narrow[Size] = 0;
    Text.Wide[Size] = 0;
    Text.Length = strlen(Text.Narrow);
    Text.Narrow = realloc(Text.Narrow, Text.Length + 1);
    Text.Wide = realloc(Text.Wide, (Text.Length + 1) * sizeof(WCHAR));
    return Text;
}

static void FreeText(TEXT *Text) {
    free(Text->Narrow);
    free(Text->Wide);
}

/* ---- IPv4 ---- */

static void Again4(const IN_ADDR *Address, USHORT Port) {
    ULONG Needed = 0, Length;
    Assert(RtlIpv4AddressToStringExA(Address, Port, (PSTR)&Length, &Needed) ==
           STATUS_INVALID_PARAMETER);
    Assert(Needed <= INET_ADDRSTRLEN);
    PSTR Short = malloc(Needed - 1);
    Length = Needed - 1;
    Assert(RtlIpv4AddressToStringExA(Address, Port, Short, &Length) != STATUS_SUCCESS);
    free(Short);
    PSTR Text = malloc(Needed);
    PWSTR Wide = malloc(Needed * sizeof(WCHAR));
    Length = Needed;
    Assert(RtlIpv4AddressToStringExA(Address, Port, Text, &Length) == STATUS_SUCCESS &&
           strlen(Text) + 1 == Length);
    Assert(RtlIpv4AddressToStringExW(Address, Port, Wide, &Length) == STATUS_SUCCESS);
    IN_ADDR Second;
    USHORT SecondPort;
    Assert(RtlIpv4StringToAddressExA(Text, TRUE, &Second, &SecondPort) == STATUS_SUCCESS);
    Assert(memcmp(&Second, Address, sizeof(Second)) == 0 && SecondPort == Port);
    Assert(RtlIpv4StringToAddressExW(Wide, FALSE, &Second, &SecondPort) == STATUS_SUCCESS);
    Assert(memcmp(&Second, Address, sizeof(Second)) == 0 && SecondPort == Port);
    free(Text);
    free(Wide);
}

static void Read4(const TEXT *Text, BOOLEAN Strict) {
    IN_ADDR Narrow = {0}, Wide = {0};
    USHORT NarrowPort = 0, WidePort = 0;
    PCSTR End;
    PCWSTR WideEnd;
    NTSTATUS Status = RtlIpv4StringToAddressA(Text->Narrow, Strict, &End, &Narrow);
    Assert(RtlIpv4StringToAddressW(Text->Wide, Strict, &WideEnd, &Wide) == Status);
    Assert(End >= Text->Narrow && End <= Text->Narrow + Text->Length);
    Assert(End - Text->Narrow == WideEnd - Text->Wide);
    Assert(memcmp(&Narrow, &Wide, sizeof(Wide)) == 0);
    Status = RtlIpv4StringToAddressExA(Text->Narrow, Strict, &Narrow, &NarrowPort);
    Assert(RtlIpv4StringToAddressExW(Text->Wide, Strict, &Wide, &WidePort) == Status);
    Assert(memcmp(&Narrow, &Wide, sizeof(Wide)) == 0 && NarrowPort == WidePort);
    if (Status == STATUS_SUCCESS) {
        Again4(&Narrow, NarrowPort);
    }
}

/* ---- IPv6 ---- */

static void Again6(const IN6_ADDR *Address, ULONG Scope, USHORT Port) {
    ULONG Needed = 0, Length, SecondScope;
    Assert(RtlIpv6AddressToStringExA(Address, Scope, Port, (PSTR)&Length, &Needed) ==
           STATUS_INVALID_PARAMETER);
    Assert(Needed <= INET6_ADDRSTRLEN);
    PSTR Short = malloc(Needed - 1);
    Length = Needed - 1;
    Assert(RtlIpv6AddressToStringExA(Address, Scope, Port, Short, &Length) != STATUS_SUCCESS);
    free(Short);
    PSTR Text = malloc(Needed);
    PWSTR Wide = malloc(Needed * sizeof(WCHAR));
    Length = Needed;
    Assert(RtlIpv6AddressToStringExA(Address, Scope, Port, Text, &Length) == STATUS_SUCCESS &&
           strlen(Text) + 1 == Length);
    Assert(RtlIpv6AddressToStringExW(Address, Scope, Port, Wide, &Length) == STATUS_SUCCESS);
    IN6_ADDR Second;
    USHORT SecondPort;
    Assert(RtlIpv6StringToAddressExA(Text, &Second, &SecondScope, &SecondPort) == STATUS_SUCCESS);
    Assert(memcmp(&Second, Address, sizeof(Second)) == 0 && SecondScope == Scope &&
           SecondPort == Port);
    Assert(RtlIpv6StringToAddressExW(Wide, &Second, &SecondScope, &SecondPort) == STATUS_SUCCESS);
    Assert(memcmp(&Second, Address, sizeof(Second)) == 0);
    free(Text);
    free(Wide);
}

static void Read6(const TEXT *Text) {
    IN6_ADDR Narrow = {0}, Wide = {0};
    USHORT NarrowPort = 0, WidePort = 0;
    ULONG NarrowScope = 0, WideScope = 0;
    PCSTR End;
    PCWSTR WideEnd;
    NTSTATUS Status = RtlIpv6StringToAddressA(Text->Narrow, &End, &Narrow);
    Assert(RtlIpv6StringToAddressW(Text->Wide, &WideEnd, &Wide) == Status);
    Assert(End >= Text->Narrow && End <= Text->Narrow + Text->Length);
    Assert(End - Text->Narrow == WideEnd - Text->Wide);
    Assert(memcmp(&Narrow, &Wide, sizeof(Wide)) == 0);
    if (Status == STATUS_SUCCESS) {
        Again6(&Narrow, 0, 0);
    }
    Status = RtlIpv6StringToAddressExA(Text->Narrow, &Narrow, &NarrowScope, &NarrowPort);
    Assert(RtlIpv6StringToAddressExW(Text->Wide, &Wide, &WideScope, &WidePort) == Status);
    Assert(NarrowScope == WideScope && NarrowPort == WidePort);
    if (Status == STATUS_SUCCESS) {
        Again6(&Narrow, NarrowScope, NarrowPort);
    }
}

static void Read(const uint8_t *Data, size_t Size) {
    TEXT Text = MakeText(Data, Size);
    Read4(&Text, FALSE);
    Read4(&Text, TRUE);
    Read6(&Text);
    FreeText(&Text);
}

int LLVMFuzzerTestOneInput(const uint8_t *Data, size_t Size) {
    static const char Letters[32] = "0123456789abcdef::::....[]%xX0F ";
    uint8_t *Other = malloc(Size + 1);
    for (size_t i = 0; i < Size; i++) {
        Other[i] = (uint8_t)Letters[Data[i] % 32];
    }
    Read(Data, Size);
    Read(Other, Size);
    if (Size >= sizeof(IN6_ADDR)) {
        Again6((const IN6_ADDR *)Data, Data[0], (USHORT)(Data[1] << 8 | Data[2]));
        Again4((const IN_ADDR *)Data, (USHORT)(Data[1] << 8 | Data[2]));
    }
    free(Other);
    return 0;
}
