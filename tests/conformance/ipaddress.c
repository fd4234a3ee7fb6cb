/*
 * IPv4 and IPv6 addresses to and from text. Each text is given to the ANSI form and to the wide
 * form; a line says so where the two differ.
 */
#include "pathnames.h"

typedef struct {
    UCHAR Bytes[4];
} ADDRESS4;
typedef struct {
    UCHAR Bytes[16];
} ADDRESS6;

NTSYS PSTR NTAPI RtlIpv4AddressToStringA(const ADDRESS4 *, PSTR);
NTSYS PWSTR NTAPI RtlIpv4AddressToStringW(const ADDRESS4 *, PWSTR);
NTSYS NTSTATUS NTAPI RtlIpv4AddressToStringExA(const ADDRESS4 *, USHORT, PSTR, PULONG);
NTSYS NTSTATUS NTAPI RtlIpv4AddressToStringExW(const ADDRESS4 *, USHORT, PWSTR, PULONG);
NTSYS NTSTATUS NTAPI RtlIpv4StringToAddressA(PCSTR, BOOLEAN, PCSTR *, ADDRESS4 *);
NTSYS NTSTATUS NTAPI RtlIpv4StringToAddressW(PCWSTR, BOOLEAN, PCWSTR *, ADDRESS4 *);
NTSYS NTSTATUS NTAPI RtlIpv4StringToAddressExA(PCSTR, BOOLEAN, ADDRESS4 *, PUSHORT);
NTSYS NTSTATUS NTAPI RtlIpv4StringToAddressExW(PCWSTR, BOOLEAN, ADDRESS4 *, PUSHORT);
NTSYS PSTR NTAPI RtlIpv6AddressToStringA(const ADDRESS6 *, PSTR);
NTSYS PWSTR NTAPI RtlIpv6AddressToStringW(const ADDRESS6 *, PWSTR);
NTSYS NTSTATUS NTAPI RtlIpv6AddressToStringExA(const ADDRESS6 *, ULONG, USHORT, PSTR, PULONG);
NTSYS NTSTATUS NTAPI RtlIpv6AddressToStringExW(const ADDRESS6 *, ULONG, USHORT, PWSTR, PULONG);
NTSYS NTSTATUS NTAPI RtlIpv6StringToAddressA(PCSTR, PCSTR *, ADDRESS6 *);
NTSYS NTSTATUS NTAPI RtlIpv6StringToAddressW(PCWSTR, PCWSTR *, ADDRESS6 *);
NTSYS NTSTATUS NTAPI RtlIpv6StringToAddressExA(PCSTR, ADDRESS6 *, PULONG, PUSHORT);
NTSYS NTSTATUS NTAPI RtlIpv6StringToAddressExW(PCWSTR, ADDRESS6 *, PULONG, PUSHORT);

static const PCSTR Texts4[] = {
    "1.2.3.4",
    "0.0.0.0",
    "255.255.255.255",
    "192.168.0.1",
    "1.1.1.256",
    "1.1.256.1",
    "256.1.1.1",
    "1.2.3.4.5",
    "1.2.3.4 ",
    " 1.2.3.4",
    "1.2.3.4x",
    "1.2.3.4.",
    "1.2.3.",
    "1.2.3",
    "1.2.",
    "1.2",
    "1.",
    "1",
    "",
    ".",
    ".1",
    "1..2",
    "..",
    "1.2.65535",
    "1.2.65536",
    "1.16777215",
    "1.16777216",
    "4294967295",
    "4294967296",
    "1.2.3.999",
    "0x1.0x2.0x3.0x4",
    "0X1.0XfF.0x3.4",
    "0xff.0xff.0xff.0xff",
    "0x",
    "0x.1.1.1",
    "1.0x.1.1",
    "1.2.3.0x",
    "0xg.1.1.1",
    "0xffffffff",
    "0x100000000",
    "010.020.030.040",
    "0377.0377.0377.0377",
    "0400.1.1.1",
    "08.1.1.1",
    "1.1.1.08",
    "1.1.1.018",
    "00.00.00.00",
    "000.0000.00000.0",
    "01.2.3.4",
    "1.2.3.04",
    "037777777777",
    "040000000000",
    "0",
    "00",
    "001",
    "0x0",
    "0x00000000001",
    "1.2.3.4:80",
    "1.2.3.4:0",
    "1.2.3.4:1",
    "1.2.3.4:65535",
    "1.2.3.4:65536",
    "1.2.3.4:99999",
    "1.2.3.4:",
    "1.2.3.4: 80",
    "1.2.3.4:80 ",
    "1.2.3.4:0x50",
    "1.2.3.4:0120",
    "1.2.3.4:08",
    "1.2.3.4:080",
    "1.2.3.4:8x",
    "1.2.3.4:-1",
    "1.2.3.4:+1",
    "1.2.3.4::80",
    "1.2.3.4:0xfffff",
    "1.2.3.4:0xffff",
    "1.2:80",
    "1:80",
    "0x1.2.3.4:80",
    "1.2.3.4:0x",
    "1.2.3.4:4294967297",
    "-1.2.3.4",
    "+1.2.3.4",
    "1,2,3,4",
    "a.b.c.d",
    "1.2.3.a",
    "1.2.a.4",
    "1.a.3.4",
    "1.2.3.4a",
    "1.2.3.4/24",
    "[1.2.3.4]",
    "1.2.3.4]",
    "1 .2.3.4",
    "1.2.3.4\t",
    "1e1.2.3.4",
    "0x1.02.3.4",
    "1.0x2.3",
    "1.0x203",
    "1.2.0x304",
    "0x01020304",
    "01.0x2",
    "1.2.3.4%1",
    "16909060",
    "1.131844",
    "255.16777215",
    "255.255.65535",
    "255.255.65536",
    "256.65535",
    "256.1",
    "1.2.3.0400",
    "1.2.0200000",
    "1.2.0177777",
    "1.2.3.0x100",
    "1.2.3.0x0ff",
    "1.256.3",
    "1.2.3.4294967296",
    "4294967296.1.1.1",
    "1.2.3.4.5.6",
    "1.2.3..4",
    "1...4",
};

static const PCSTR Texts6[] = {
    "::",
    "::1",
    "1::",
    "0:0:0:0:0:0:0:0",
    "1:2:3:4:5:6:7:8",
    "fe80::1",
    "FE80::ABCD",
    "2001:db8::ff00:42:8329",
    "0000:0000:0000:0000:0000:0000:0000:0001",
    "1:2:3:4:5:6:7::",
    "::2:3:4:5:6:7:8",
    "1::8",
    "1:2::7:8",
    "1::3:4:5:6:7:8",
    "1:2:3::5:6:7:8",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7:8:",
    "1:2:3:4:5:6:7:",
    ":1:2:3:4:5:6:7:8",
    ":1:2:3:4:5:6:7",
    "1:2:3:4:5:6::8",
    "1:2:3:4:5:6:7:8::",
    "::1:2:3:4:5:6:7:8",
    "1:2:3:4::5:6:7:8",
    "1:2:3:4:5::6:7:8:9",
    "",
    ":",
    ":::",
    "::::",
    "1:::2",
    "1::2::3",
    "::1::",
    "1",
    "1:",
    "1:2",
    ":1",
    "::1:",
    "::1::2",
    "1::2:",
    "1:2:3:4:5:6:7:::",
    "12345::",
    "::12345",
    "::0fffff",
    "00001::",
    "::00001",
    "::fffff",
    "1:00002::",
    "::g",
    "g::",
    "::1g",
    "1:2:3:4:5:6:7:g",
    "1:2:3:4:5:6:7:8g",
    "::-1",
    "::+1",
    ":: 1",
    " ::1",
    "::1 ",
    "::1x",
    "1 ::",
    "0x1::",
    "::1.2.3.4",
    "::ffff:1.2.3.4",
    "::ffff:0:1.2.3.4",
    "1:2:3:4:5:6:1.2.3.4",
    "1:2:3:4:5:6:7:1.2.3.4",
    "1:2:3:4:5:1.2.3.4",
    "::1.2.3",
    "::1.2.3.",
    "::1.2.3.4.5",
    "::1.2.3.256",
    "::1.2.3.4:5",
    "::1.2.3.4x",
    "1.2.3.4",
    "1.2.3.4::",
    "::1.2.3.4::",
    "::01.2.3.4",
    "::1.2.3.004",
    "::1.2.3.0004",
    "::1..2.3",
    "::.1.2.3",
    "::1.2.3.a",
    "::a.2.3.4",
    "::ffff:255.255.255.255",
    "::ffff:256.1.1.1",
    "64:ff9b::1.2.3.4",
    "1::1.2.3.4",
    "1:2:3:4:5:6::1.2.3.4",
    "1:2:3:4:5::1.2.3.4",
    "::5efe:1.2.3.4",
    "::ffff:1.2",
    "::ffff:1",
    "::1.2.3.999",
    "::1.2.3.4%5",
    "::12.34.56.78",
    "::123.123.123.123",
    "::1234.1.1.1",
    "::1%1",
    "fe80::1%4",
    "fe80::1%0",
    "fe80::1%4294967295",
    "fe80::1%4294967296",
    "fe80::1%",
    "fe80::1%a",
    "fe80::1%1a",
    "fe80::1%-1",
    "fe80::1%1%2",
    "fe80::1%01",
    "fe80::1%0x10",
    "fe80::1%99999999999",
    "::%16",
    "fe80::1 %4",
    "fe80::1% 4",
    "fe80::1%4 ",
    "[::1]",
    "[::1]:80",
    "[::1]:0",
    "[::1]:65535",
    "[::1]:65536",
    "[::1]:",
    "[::1]80",
    "[::1]:80x",
    "[::1]:80 ",
    "[::1]: 80",
    "[::1",
    "::1]",
    "::1]:80",
    "[]",
    "[]:80",
    "[::1]:0x50",
    "[::1]:0X50",
    "[::1]:0x",
    "[::1]:0xffff",
    "[::1]:0xfffff",
    "[::1]:0120",
    "[::1]:08",
    "[::1]:018",
    "[::1]:080",
    "[::1]:099",
    "[::1]:0777777",
    "[::1]:-1",
    "[fe80::1%4]:80",
    "[fe80::1%4]",
    "[fe80::1%]:80",
    "[fe80::1]%4",
    "[fe80::1]:80%4",
    "[fe80::1%4",
    "[::1.2.3.4]:80",
    "[::ffff:1.2.3.4%7]:443",
    "[[::1]]",
    "[::1]]",
    "[::1]:80:80",
    "[:::]:80",
    "[1:2:3:4:5:6:7:8]:1",
    "[1:2:3:4:5:6:7]:1",
    "[ ::1]",
    "[::1 ]",
    "{::1}",
    "(::1)",
    "::1/64",
    "[::1]/64",
    "[::1]:4294967376",
    "[fe80::1%4294967296]:80",
    "1:2:3:4:5:6:7:8%3",
    "1:2:3:4:5:6:7::%3",
    "fe80::%3",
    "[fe80::%3]:9",
    "::1:80",
    "1:2:3:4:5:6:7:8:80",
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "::ffff",
    "ffff::",
    "A:b:C:d:E:f:0:1",
    "0::0",
    "0:0::0:0",
    "::0:0",
    "0:0::",
    "::0",
    "0::",
    "1:0:0:2:0:0:0:3",
};

#define A(a, b, c, d, e, f, g, h)                                                                  \
    {{(a) >> 8, (a) & 0xFF, (b) >> 8, (b) & 0xFF, (c) >> 8, (c) & 0xFF, (d) >> 8, (d) & 0xFF,      \
      (e) >> 8, (e) & 0xFF, (f) >> 8, (f) & 0xFF, (g) >> 8, (g) & 0xFF, (h) >> 8, (h) & 0xFF}}

static const ADDRESS6 Addresses6[] = {
    A(0, 0, 0, 0, 0, 0, 0, 0),
    A(0, 0, 0, 0, 0, 0, 0, 1),
    A(1, 0, 0, 0, 0, 0, 0, 0),
    A(1, 2, 3, 4, 5, 6, 7, 8),
    A(0xFE80, 0, 0, 0, 0, 0, 0, 1),
    A(0x2001, 0xDB8, 0, 0, 1, 0, 0, 1),
    A(0x2001, 0xDB8, 0, 1, 0, 0, 0, 1),
    A(1, 0, 0, 2, 0, 0, 0, 3),
    A(1, 0, 0, 0, 2, 0, 0, 3),
    A(1, 0, 2, 0, 3, 0, 4, 0),
    A(0, 1, 0, 1, 0, 1, 0, 1),
    A(0, 0, 1, 0, 0, 1, 0, 0),
    A(1, 2, 3, 4, 5, 6, 7, 0),
    A(0, 2, 3, 4, 5, 6, 7, 8),
    A(1, 0, 3, 4, 5, 6, 7, 8),
    A(1, 0, 0, 4, 5, 6, 7, 8),
    A(1, 2, 3, 4, 5, 6, 0, 0),
    A(0, 0, 3, 4, 5, 6, 7, 8),
    A(0xABCD, 0xEF, 0x10, 0xF, 0x1000, 0xF0F, 0xA, 0xFFFF),
    A(0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF),
    A(0, 0, 0, 0, 0, 0, 0x102, 0x304),
    A(0, 0, 0, 0, 0, 0xFFFF, 0x102, 0x304),
    A(0, 0, 0, 0, 0xFFFF, 0, 0x102, 0x304),
    A(0, 0, 0, 0, 0, 0x5EFE, 0x102, 0x304),
    A(0xFE80, 0, 0, 0, 0, 0x5EFE, 0x102, 0x304),
    A(0xFE80, 0, 0, 0, 0x200, 0x5EFE, 0x102, 0x304),
    A(1, 2, 3, 4, 0, 0x5EFE, 0x102, 0x304),
    A(1, 2, 3, 4, 0x100, 0x5EFE, 0x102, 0x304),
    A(0x64, 0xFF9B, 0, 0, 0, 0, 0x102, 0x304),
    A(0, 0, 0, 0, 0, 0, 0, 0xFFFF),
    A(0, 0, 0, 0, 0, 0, 1, 0),
    A(0, 0, 0, 0, 0, 0, 0x100, 0),
    A(0, 0, 0, 0, 0, 0xFFFF, 0, 0),
    A(0, 0, 0, 0, 0, 0xFFFF, 0, 1),
    A(0, 0, 0, 0, 0, 1, 0x102, 0x304),
    A(0, 0, 0, 0, 1, 0xFFFF, 0x102, 0x304),
    A(0, 0, 0, 0, 0, 0xFFFE, 0x102, 0x304),
    A(0, 0, 0, 0, 0xFFFF, 1, 0x102, 0x304),
    A(0, 0, 0, 0, 0xFFFF, 0, 0, 0),
    A(0, 0, 0, 0, 0, 0, 0xFF, 0xFFFF),
    A(0, 0, 0, 0, 0, 0xFFFF, 0xFFFF, 0xFFFF),
    A(0, 0, 0, 0, 0, 0x5EFE, 0, 0),
    A(0, 0, 0, 0, 0x200, 0x5EFE, 0xA00, 1),
    A(1, 0, 0, 0, 0, 0, 0x102, 0x304),
    A(0, 0, 0, 0, 0, 0, 0, 0x304),
};

static void ShowBytes(const UCHAR *Bytes, ULONG Count) {
    char Text[40];
    for (ULONG i = 0; i < Count; i++) {
        _snprintf(Text + 2 * i, 3, "%02x", Bytes[i]);
    }
    Emit(Text, 2 * Count);
}

static void Widen(PCSTR Text, PWSTR Wide) {
    while ((*Wide++ = (UCHAR)*Text++)) {
    }
}

static BOOL Equal(const void *Left, const void *Right, SIZE_T Size) {
    for (SIZE_T i = 0; i < Size; i++) {
        if (((const UCHAR *)Left)[i] != ((const UCHAR *)Right)[i]) {
            return FALSE;
        }
    }
    return TRUE;
}

/* --- text to address --- */

/* What a conversion left: everything that it can write. */
typedef struct {
    NTSTATUS Status;
    LONG End; /* where it stopped; -1 if not said */
    UCHAR Bytes[16];
    ULONG Scope;
    USHORT Port;
} RESULT;

static void ShowResult(const RESULT *Narrow, const RESULT *Wide, ULONG Count) {
    Print("%08x", (unsigned)Narrow->Status);
    if (Count == 16 && !NT_SUCCESS(Narrow->Status)) {
        Print(Narrow->Status == Wide->Status ? "" : " (the wide form succeeds)");
        return;
    }
    if (Narrow->End >= 0) {
        Print(" end %d", (int)Narrow->End);
    } else {
        Print(" scope %x port %x", (unsigned)Narrow->Scope, Narrow->Port);
    }
    Print(" ");
    ShowBytes(Narrow->Bytes, Count);
    if (!Equal(Narrow, Wide, sizeof(*Narrow))) {
        Print(" (the wide form: %08x %d %x %x)", (unsigned)Wide->Status, (int)Wide->End,
              (unsigned)Wide->Scope, Wide->Port);
    }
}

static void Parse4(PCSTR Text, BOOLEAN Strict) {
    RESULT Narrow, Wide;
    WCHAR WideText[100];
    PCSTR End = Text + 99;
    PCWSTR WideEnd = WideText + 99;
    Widen(Text, WideText);
    memset(&Narrow, 0xEE, sizeof(Narrow));
    memset(&Wide, 0xEE, sizeof(Wide));
    Narrow.Status = RtlIpv4StringToAddressA(Text, Strict, &End, (ADDRESS4 *)Narrow.Bytes);
    Wide.Status = RtlIpv4StringToAddressW(WideText, Strict, &WideEnd, (ADDRESS4 *)Wide.Bytes);
    Narrow.End = (LONG)(End - Text);
    Wide.End = (LONG)(WideEnd - WideText);
    ShowResult(&Narrow, &Wide, 4);
    memset(&Narrow, 0xEE, sizeof(Narrow));
    memset(&Wide, 0xEE, sizeof(Wide));
    Narrow.Port = Wide.Port = 0; /* Wine leaves it as it is where the text has none */
    Narrow.Status = RtlIpv4StringToAddressExA(Text, Strict, (ADDRESS4 *)Narrow.Bytes, &Narrow.Port);
    Wide.Status = RtlIpv4StringToAddressExW(WideText, Strict, (ADDRESS4 *)Wide.Bytes, &Wide.Port);
    Print("; ");
    ShowResult(&Narrow, &Wide, 4);
    Print("\n");
}

static void Parse6(PCSTR Text) {
    RESULT Narrow, Wide;
    WCHAR WideText[100];
    PCSTR End = Text + 99;
    PCWSTR WideEnd = WideText + 99;
    Widen(Text, WideText);
    memset(&Narrow, 0xEE, sizeof(Narrow));
    memset(&Wide, 0xEE, sizeof(Wide));
    Narrow.Status = RtlIpv6StringToAddressA(Text, &End, (ADDRESS6 *)Narrow.Bytes);
    Wide.Status = RtlIpv6StringToAddressW(WideText, &WideEnd, (ADDRESS6 *)Wide.Bytes);
    Narrow.End = (LONG)(End - Text);
    Wide.End = (LONG)(WideEnd - WideText);
    ShowResult(&Narrow, &Wide, 16);
    memset(&Narrow, 0xEE, sizeof(Narrow));
    memset(&Wide, 0xEE, sizeof(Wide));
    Narrow.Status =
        RtlIpv6StringToAddressExA(Text, (ADDRESS6 *)Narrow.Bytes, &Narrow.Scope, &Narrow.Port);
    Wide.Status =
        RtlIpv6StringToAddressExW(WideText, (ADDRESS6 *)Wide.Bytes, &Wide.Scope, &Wide.Port);
    Print("; ");
    ShowResult(&Narrow, &Wide, 16);
    Print("\n");
}

/* --- address to text --- */

static BOOL SameText(PCSTR Narrow, PCWSTR Wide, ULONG Length) {
    for (ULONG i = 0; i < Length; i++) {
        if ((UCHAR)Narrow[i] != Wide[i]) {
            return FALSE;
        }
    }
    return TRUE;
}

static void Format4(const ADDRESS4 *Address, USHORT Port, ULONG Size) {
    char Text[64];
    WCHAR Wide[64];
    ULONG Length = Size, WideLength = Size;
    memset(Text, 'x', sizeof(Text));
    for (ULONG i = 0; i < 64; i++) {
        Wide[i] = 'x';
    }
    NTSTATUS Status = RtlIpv4AddressToStringExA(Address, Port, Text, &Length);
    NTSTATUS WideStatus = RtlIpv4AddressToStringExW(Address, Port, Wide, &WideLength);
    Print("port %x size %u: %08x, %u [%.*s]%s\n", Port, Size, (unsigned)Status, Length,
          NT_SUCCESS(Status) ? (int)Length : 3, Text,
          Status == WideStatus && Length == WideLength && SameText(Text, Wide, 3) ? ""
                                                                                  : " differs");
}

static void Formats4(void) {
    static const ADDRESS4 Addresses[] = {{{0, 0, 0, 0}},
                                         {{1, 2, 3, 4}},
                                         {{255, 255, 255, 255}},
                                         {{10, 0, 100, 9}},
                                         {{192, 168, 1, 254}}};
    for (ULONG i = 0; i < COUNT(Addresses); i++) {
        char Text[64];
        WCHAR Wide[64];
        ULONG Length = (ULONG)(RtlIpv4AddressToStringA(&Addresses[i], Text) - Text);
        ULONG WideLength = (ULONG)(RtlIpv4AddressToStringW(&Addresses[i], Wide) - Wide);
        Print("[%s] %u%s\n", Text, Length,
              Length == WideLength && SameText(Text, Wide, Length + 1) ? "" : " differs");
        Format4(&Addresses[i], 0, 64);
        Format4(&Addresses[i], 0x5000, 64);
        Format4(&Addresses[i], 0xFFFF, 64);
        Format4(&Addresses[i], 0x100, 64);
    }
    for (ULONG Size = 0; Size < 14; Size++) {
        Format4(&Addresses[1], 0, Size);
        Format4(&Addresses[1], 0x5000, Size);
    }
    Print("no text: %08x\n", (unsigned)RtlIpv4AddressToStringExA(&Addresses[1], 0, NULL, NULL));
    ULONG Length = 64;
    Print("no text: %08x\n", (unsigned)RtlIpv4AddressToStringExA(&Addresses[1], 0, NULL, &Length));
    Print("no address: %08x\n",
          (unsigned)RtlIpv4AddressToStringExA(NULL, 0, (PSTR)&Addresses, &Length));
}

static void Format6(const ADDRESS6 *Address, ULONG Scope, USHORT Port, ULONG Size) {
    char Text[80];
    WCHAR Wide[80];
    ULONG Length = Size, WideLength = Size;
    memset(Text, 'x', sizeof(Text));
    for (ULONG i = 0; i < 80; i++) {
        Wide[i] = 'x';
    }
    NTSTATUS Status = RtlIpv6AddressToStringExA(Address, Scope, Port, Text, &Length);
    NTSTATUS WideStatus = RtlIpv6AddressToStringExW(Address, Scope, Port, Wide, &WideLength);
    Print("scope %x port %x size %u: %08x, %u [%.*s]%s\n", Scope, Port, Size, (unsigned)Status,
          Length, NT_SUCCESS(Status) ? (int)Length : 3, Text,
          Status == WideStatus && Length == WideLength && SameText(Text, Wide, 3) ? ""
                                                                                  : " differs");
}

static void Formats6(void) {
    for (ULONG i = 0; i < COUNT(Addresses6); i++) {
        char Text[80];
        WCHAR Wide[80];
        ULONG Length = (ULONG)(RtlIpv6AddressToStringA(&Addresses6[i], Text) - Text);
        ULONG WideLength = (ULONG)(RtlIpv6AddressToStringW(&Addresses6[i], Wide) - Wide);
        ShowBytes(Addresses6[i].Bytes, 16);
        Print(" [%s] %u%s\n", Text, Length,
              Length == WideLength && SameText(Text, Wide, Length + 1) ? "" : " differs");
    }
    for (ULONG i = 0; i < 5; i++) {
        Format6(&Addresses6[4 * i], 0, 0, 80);
        Format6(&Addresses6[4 * i], 5, 0, 80);
        Format6(&Addresses6[4 * i], 0, 0x5000, 80);
        Format6(&Addresses6[4 * i], 0xFFFFFFFF, 0xFFFF, 80);
    }
    for (ULONG Size = 0; Size < 18; Size++) {
        Format6(&Addresses6[4], 0, 0, Size);
        Format6(&Addresses6[4], 5, 0x5000, Size);
    }
    ULONG Length = 80;
    Print("no text: %08x\n",
          (unsigned)RtlIpv6AddressToStringExA(&Addresses6[4], 0, 0, NULL, &Length));
    Print("no length: %08x\n",
          (unsigned)RtlIpv6AddressToStringExA(&Addresses6[4], 0, 0, (PSTR)&Length, NULL));
}

void Start(void) {
    for (ULONG i = 0; i < COUNT(Texts4); i++) {
        Print("[%s] ", Texts4[i]);
        Parse4(Texts4[i], FALSE);
        Print("[%s] strict ", Texts4[i]);
        Parse4(Texts4[i], TRUE);
    }
    for (ULONG i = 0; i < COUNT(Texts6); i++) {
        Print("[%s] ", Texts6[i]);
        Parse6(Texts6[i]);
    }
    Formats4();
    Formats6();
    Exit(0);
}
