/*
 * ntrtlip.h - IPv4 and IPv6 addresses as text (rtl/ip/)
 *
 * Addresses and ports are in network byte order. Each function has an ANSI and a wide form. They may
 * be called at any IRQL where their arguments can be touched.
 *
 * Source: learn.microsoft.com/windows/win32/api/ip2string, and for in_addr and in6_addr inaddr.h,
 * in6addr.h.
 */
#ifndef VITRINE_NTRTLIP_H
#define VITRINE_NTRTLIP_H

#include "ntdef.h"

typedef struct in_addr {
    union {
        struct {
            UCHAR s_b1, s_b2, s_b3, s_b4;
        } S_un_b;
        struct {
            USHORT s_w1, s_w2;
        } S_un_w;
        ULONG S_addr;
    } S_un;
} IN_ADDR, *PIN_ADDR;

typedef struct in6_addr {
    union {
        UCHAR Byte[16];
        USHORT Word[8];
    } u;
} IN6_ADDR, *PIN6_ADDR;

CHECK_SIZE(IN_ADDR, 4);
CHECK_SIZE(IN6_ADDR, 16);

/* Sizes, with the zero, of the longest texts with port and scope. */
#define INET_ADDRSTRLEN  22
#define INET6_ADDRSTRLEN 65

/*
 * An address as text; AddressString has room for 16 characters (IPv4) or 46 (IPv6). Returns where
 * the terminating zero is.
 */
PSTR NTAPI RtlIpv4AddressToStringA(_In_ const IN_ADDR *Address, _Out_ PSTR AddressString);
PWSTR NTAPI RtlIpv4AddressToStringW(_In_ const IN_ADDR *Address, _Out_ PWSTR AddressString);
PSTR NTAPI RtlIpv6AddressToStringA(_In_ const IN6_ADDR *Address, _Out_ PSTR AddressString);
PWSTR NTAPI RtlIpv6AddressToStringW(_In_ const IN6_ADDR *Address, _Out_ PWSTR AddressString);

/*
 * With the port, and the scope of an IPv6 address, where they are not 0: 1.2.3.4:80,
 * [fe80::1%4]:80.
 *
 * AddressStringLength: characters that fit; on return those that the text has, with its zero.
 * STATUS_INVALID_PARAMETER: a pointer is NULL, or the text does not fit.
 */
NTSTATUS NTAPI RtlIpv4AddressToStringExA(_In_ const IN_ADDR *Address, _In_ USHORT Port,
                                         _Out_ PSTR AddressString,
                                         _Inout_ PULONG AddressStringLength);
NTSTATUS NTAPI RtlIpv4AddressToStringExW(_In_ const IN_ADDR *Address, _In_ USHORT Port,
                                         _Out_ PWSTR AddressString,
                                         _Inout_ PULONG AddressStringLength);
NTSTATUS NTAPI RtlIpv6AddressToStringExA(_In_ const IN6_ADDR *Address, _In_ ULONG ScopeId,
                                         _In_ USHORT Port, _Out_ PSTR AddressString,
                                         _Inout_ PULONG AddressStringLength);
NTSTATUS NTAPI RtlIpv6AddressToStringExW(_In_ const IN6_ADDR *Address, _In_ ULONG ScopeId,
                                         _In_ USHORT Port, _Out_ PWSTR AddressString,
                                         _Inout_ PULONG AddressStringLength);

/*
 * The address at the beginning of a text. An IPv4 address has four parts, or fewer of which the last
 * one fills the rest; they are decimal, octal (0...) or hexadecimal (0x...). Strict: four decimal
 * parts.
 *
 * Terminator: the first character that does not belong to the address; on failure where the text is
 * wrong. STATUS_INVALID_PARAMETER: no address, or a colon after an IPv4 address and no port.
 */
NTSTATUS NTAPI RtlIpv4StringToAddressA(_In_ PCSTR AddressString, _In_ BOOLEAN Strict,
                                       _Out_ PCSTR *Terminator, _Out_ IN_ADDR *Address);
NTSTATUS NTAPI RtlIpv4StringToAddressW(_In_ PCWSTR AddressString, _In_ BOOLEAN Strict,
                                       _Out_ PCWSTR *Terminator, _Out_ IN_ADDR *Address);
NTSTATUS NTAPI RtlIpv6StringToAddressA(_In_ PCSTR AddressString, _Out_ PCSTR *Terminator,
                                       _Out_ IN6_ADDR *Address);
NTSTATUS NTAPI RtlIpv6StringToAddressW(_In_ PCWSTR AddressString, _Out_ PCWSTR *Terminator,
                                       _Out_ IN6_ADDR *Address);

/*
 * The same for a whole text, which may have a scope and a port behind the address; both are 0 where
 * the text has none. A port is 1 to 65535. STATUS_INVALID_PARAMETER: the text is something else, or
 * a pointer is NULL; Port and ScopeId are then not touched.
 */
NTSTATUS NTAPI RtlIpv4StringToAddressExA(_In_ PCSTR AddressString, _In_ BOOLEAN Strict,
                                         _Out_ IN_ADDR *Address, _Out_ PUSHORT Port);
NTSTATUS NTAPI RtlIpv4StringToAddressExW(_In_ PCWSTR AddressString, _In_ BOOLEAN Strict,
                                         _Out_ IN_ADDR *Address, _Out_ PUSHORT Port);
NTSTATUS NTAPI RtlIpv6StringToAddressExA(_In_ PCSTR AddressString, _Out_ IN6_ADDR *Address,
                                         _Out_ PULONG ScopeId, _Out_ PUSHORT Port);
NTSTATUS NTAPI RtlIpv6StringToAddressExW(_In_ PCWSTR AddressString, _Out_ IN6_ADDR *Address,
                                         _Out_ PULONG ScopeId, _Out_ PUSHORT Port);

#endif /* VITRINE_NTRTLIP_H */
