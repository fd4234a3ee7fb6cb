/*
 * sidtext.c - SIDs as text, and SIDs made of text
 *
 * Sources: [MS-DTYP] 2.4.2.1 (the text), [MS-DTYP] 2.4.2.4 (service SIDs: S-1-5-80-{SHA-1 of the
 * name}); WDK, RtlConvertSidToUnicodeString; phnt.
 */
#include "ntrtl.h"
#include "ntrtlhash.h"
#include "ntrtlsec.h"

/* Appends a number of at least Digits digits. */
static PWSTR RtlpAppendNumber(PWSTR Text, ULONG64 Value, ULONG Base, ULONG Digits) {
    WCHAR Reversed[20];
    ULONG Length = 0;

    do {
        Reversed[Length++] = (WCHAR) "0123456789abcdef"[Value % Base];
        Value /= Base;
    } while (Value != 0 || Length < Digits);
    while (Length != 0) {
        *Text++ = Reversed[--Length];
    }
    return Text;
}

static ULONG64 RtlpAuthority(const SID *Sid) {
    ULONG64 Value = 0;

    for (ULONG i = 0; i < sizeof(Sid->IdentifierAuthority.Value); i++) {
        Value = Value << 8 | Sid->IdentifierAuthority.Value[i];
    }
    return Value;
}

/* Writes the text of a valid SID, unterminated; its length in characters. */
static ULONG RtlpFormatSid(const SID *Sid, PWSTR Text) {
    ULONG64 Authority = RtlpAuthority(Sid);
    PWSTR End = Text;

    *End++ = 'S';
    *End++ = '-';
    End = RtlpAppendNumber(End, Sid->Revision, 10, 1);
    *End++ = '-';
    if (Authority > MAXULONG) {
        *End++ = '0';
        *End++ = 'x';
        End = RtlpAppendNumber(End, Authority, 16, 12);
    } else {
        End = RtlpAppendNumber(End, Authority, 10, 1);
    }
    for (ULONG i = 0; i < Sid->SubAuthorityCount; i++) {
        *End++ = '-';
        End = RtlpAppendNumber(End, Sid->SubAuthority[i], 10, 1);
    }
    return (ULONG)(End - Text);
}

static NTSTATUS RtlpAllocateText(PUNICODE_STRING String, PCWCH Text, USHORT Length) {
    PWSTR Buffer = RtlAllocateStringRoutine(Length + sizeof(WCHAR));

    if (Buffer == NULL) {
        return STATUS_NO_MEMORY;
    }
    RtlCopyMemory(Buffer, Text, Length + sizeof(WCHAR));
    String->Buffer = Buffer;
    String->Length = Length;
    String->MaximumLength = Length + sizeof(WCHAR);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlConvertSidToUnicodeString(_Inout_ PUNICODE_STRING UnicodeString, _In_ PSID Sid,
                                            _In_ BOOLEAN AllocateDestinationString) {
    WCHAR Text[SECURITY_MAX_SID_STRING_CHARACTERS];
    USHORT Length;

    if (!RtlValidSid(Sid)) {
        return STATUS_INVALID_SID;
    }
    Length = (USHORT)(RtlpFormatSid(Sid, Text) * sizeof(WCHAR));
    Text[Length / sizeof(WCHAR)] = UNICODE_NULL;
    if (AllocateDestinationString) {
        return RtlpAllocateText(UnicodeString, Text, Length);
    }
    if (Length + sizeof(WCHAR) > UnicodeString->MaximumLength) {
        return STATUS_BUFFER_OVERFLOW;
    }
    RtlCopyMemory(UnicodeString->Buffer, Text, Length + sizeof(WCHAR));
    UnicodeString->Length = Length;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlLengthSidAsUnicodeString(_In_ PSID Sid, _Out_ PULONG StringLength) {
    WCHAR Text[SECURITY_MAX_SID_STRING_CHARACTERS];

    if (!RtlValidSid(Sid)) {
        return STATUS_INVALID_SID;
    }
    *StringLength = (ULONG)((RtlpFormatSid(Sid, Text) + 1) * sizeof(WCHAR));
    return STATUS_SUCCESS;
}

/* The hash of a name in upper case, letter by letter: a name may be longer than a stack buffer. */
static VOID RtlpHashServiceName(PCUNICODE_STRING Name, ULONG Digest[A_SHA_DIGEST_LENGTH / 4]) {
    A_SHA_CTX Context;

    A_SHAInit(&Context);
    for (ULONG i = 0; i < Name->Length / sizeof(WCHAR); i++) {
        WCHAR Character = RtlUpcaseUnicodeChar(Name->Buffer[i]);
        A_SHAUpdate(&Context, (const UCHAR *)&Character, sizeof(Character));
    }
    A_SHAFinal(&Context, (PUCHAR)Digest);
}

NTSTATUS NTAPI RtlCreateServiceSid(_In_ PUNICODE_STRING ServiceName, _Out_opt_ PSID ServiceSid,
                                   _Inout_ PULONG ServiceSidLength) {
    SID_IDENTIFIER_AUTHORITY Authority = SECURITY_NT_AUTHORITY;
    ULONG Room = *ServiceSidLength;
    PISID Sid = ServiceSid;

    *ServiceSidLength = RtlLengthRequiredSid(SECURITY_SERVICE_ID_RID_COUNT);
    if (Room < *ServiceSidLength) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlInitializeSid(Sid, &Authority, SECURITY_SERVICE_ID_RID_COUNT);
    Sid->SubAuthority[0] = SECURITY_SERVICE_ID_BASE_RID;
    RtlpHashServiceName(ServiceName, &Sid->SubAuthority[1]);
    return STATUS_SUCCESS;
}
