/*
 * What Windows documents about addresses as text where Wine differs (TAP).
 *
 * Source: learn.microsoft.com/windows/win32/api/ip2string: "If AddressString parameter does not
 * contain the string representation of a port number, then zero is returned in this parameter";
 * an IPv6 address is made of "hexadecimal numbers", without 0x; an IPv4 address has 32 bits.
 */
#include "tap.h"

NTSYS NTSTATUS NTAPI RtlIpv4StringToAddressA(PCSTR, BOOLEAN, PCSTR *, PVOID);
NTSYS NTSTATUS NTAPI RtlIpv4StringToAddressExA(PCSTR, BOOLEAN, PVOID, PUSHORT);
NTSYS NTSTATUS NTAPI RtlIpv4StringToAddressExW(PCWSTR, BOOLEAN, PVOID, PUSHORT);
NTSYS NTSTATUS NTAPI RtlIpv6StringToAddressA(PCSTR, PCSTR *, PVOID);
NTSYS NTSTATUS NTAPI RtlIpv6StringToAddressExW(PCWSTR, PVOID, PULONG, PUSHORT);

static ULONG64 Address[2];

static void Ports(void) {
    USHORT Port = 7;
    Expect("no port", (ULONG)RtlIpv4StringToAddressExA("1.2.3.4", TRUE, Address, &Port), 0);
    Expect("is port 0", Port, 0);
    Port = 7;
    Expect("wide", (ULONG)RtlIpv4StringToAddressExW(L"1.2.3.4", TRUE, Address, &Port), 0);
    Expect("is port 0", Port, 0);
    Expect("many zeros",
           (ULONG)RtlIpv4StringToAddressExA("1.2.3.4:000000000000000000000000000000000000001",
                                            FALSE, Address, &Port),
           0);
    Expect("port 1", Port, 0x100);
}

static void Numbers(void) {
    PCSTR Text = "9999999999", End;
    Expect("more than 32 bits", (ULONG)RtlIpv4StringToAddressA(Text, FALSE, &End, Address),
           0xC000000D);
    Expect("at the digit that is too much", End - Text, 9);
    Text = "::0x1";
    Expect("no 0x in groups", (ULONG)RtlIpv6StringToAddressA(Text, &End, Address), 0);
    Expect("ends at the x", End - Text, 3);
    Expect("is nothing", Address[1], 0);
}

static void Pointers(void) {
    USHORT Port;
    ULONG Scope;
    Expect("no text", (ULONG)RtlIpv4StringToAddressExA(NULL, TRUE, Address, &Port), 0xC000000D);
    Expect("no address", (ULONG)RtlIpv4StringToAddressExA("1.2.3.4", TRUE, NULL, &Port),
           0xC000000D);
    Expect("nowhere for the port",
           (ULONG)RtlIpv4StringToAddressExW(L"1.2.3.4", TRUE, Address, NULL), 0xC000000D);
    Expect("no text", (ULONG)RtlIpv6StringToAddressExW(NULL, Address, &Scope, &Port), 0xC000000D);
    Expect("nowhere for the scope", (ULONG)RtlIpv6StringToAddressExW(L"::1", Address, NULL, &Port),
           0xC000000D);
}

void Start(void) {
    Ports();
    Numbers();
    Pointers();
    Done();
}
