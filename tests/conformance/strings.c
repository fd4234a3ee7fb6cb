/* Counted strings and their conversions. */
#include "nt.h"

NTSYS LONG NTAPI RtlCompareUnicodeString(const UNICODE_STRING *, const UNICODE_STRING *, BOOLEAN);
NTSYS BOOLEAN NTAPI RtlEqualUnicodeString(const UNICODE_STRING *, const UNICODE_STRING *, BOOLEAN);
NTSYS BOOLEAN NTAPI RtlPrefixUnicodeString(const UNICODE_STRING *, const UNICODE_STRING *, BOOLEAN);
NTSYS NTSTATUS NTAPI RtlUpcaseUnicodeString(PUNICODE_STRING, const UNICODE_STRING *, BOOLEAN);
NTSYS NTSTATUS NTAPI RtlAppendUnicodeToString(PUNICODE_STRING, PCWSTR);
NTSYS NTSTATUS NTAPI RtlAppendUnicodeStringToString(PUNICODE_STRING, const UNICODE_STRING *);
NTSYS void NTAPI RtlCopyUnicodeString(PUNICODE_STRING, const UNICODE_STRING *);
NTSYS BOOLEAN NTAPI RtlCreateUnicodeString(PUNICODE_STRING, PCWSTR);
NTSYS NTSTATUS NTAPI RtlIntegerToUnicodeString(ULONG, ULONG, PUNICODE_STRING);
NTSYS NTSTATUS NTAPI RtlUnicodeStringToInteger(const UNICODE_STRING *, ULONG, PULONG);
NTSYS WCHAR NTAPI RtlUpcaseUnicodeChar(WCHAR);

static UNICODE_STRING U(PCWSTR Text) {
    UNICODE_STRING String;
    RtlInitUnicodeString(&String, Text);
    return String;
}

static void Show(const char *What, const UNICODE_STRING *String) {
    Print("%s: %u/%u ", What, String->Length, String->MaximumLength);
    for (USHORT i = 0; i < String->Length / 2; i++) {
        Print(String->Buffer[i] >= 0x20 && String->Buffer[i] < 0x7F ? "%c" : "<%04x>",
              String->Buffer[i]);
    }
    Print("\n");
}

static int Sign(LONG Value) {
    return (Value > 0) - (Value < 0);
}

static void Comparing(void) {
    static PCWSTR const Words[] = {
        L"", L"a", L"A", L"abc", L"ABD", L"\u00e9t\u00e9", L"\u00c9T\u00c9"};
    for (int i = 0; i < 7; i++) {
        for (int j = 0; j < 7; j++) {
            UNICODE_STRING A = U(Words[i]), B = U(Words[j]);
            Print("%2d%2d %d%d %d%d  ", Sign(RtlCompareUnicodeString(&A, &B, FALSE)),
                  Sign(RtlCompareUnicodeString(&A, &B, TRUE)), RtlEqualUnicodeString(&A, &B, FALSE),
                  RtlEqualUnicodeString(&A, &B, TRUE), RtlPrefixUnicodeString(&A, &B, FALSE),
                  RtlPrefixUnicodeString(&A, &B, TRUE));
        }
        Print("\n");
    }
}

static void Building(void) {
    WCHAR Buffer[12];
    UNICODE_STRING Target = {0, sizeof(Buffer), Buffer}, Made, Source = U(L"hello"), Upper;
    RtlCopyUnicodeString(&Target, &Source);
    Show("copied", &Target);
    ShowStatus("append", RtlAppendUnicodeToString(&Target, L", you"));
    Show("appended", &Target);
    ShowStatus("append too much", RtlAppendUnicodeStringToString(&Target, &Source));
    Show("unchanged", &Target);
    ShowStatus("append nothing", RtlAppendUnicodeToString(&Target, NULL));
    RtlCopyUnicodeString(&Target, NULL);
    Show("copied from null", &Target);
    Check("create", RtlCreateUnicodeString(&Made, L"on the heap"));
    Show("created", &Made);
    ShowStatus("upcase", RtlUpcaseUnicodeString(&Upper, &Made, TRUE));
    Show("upcased", &Upper);
    RtlFreeUnicodeString(&Upper);
    RtlFreeUnicodeString(&Made);
    Check("freed", Made.Buffer == NULL && Made.Length == 0 && Made.MaximumLength == 0);
    Made = U(NULL);
    Show("null", &Made);
}

static void Numbers(void) {
    static const ULONG Bases[] = {0, 2, 8, 10, 16, 7};
    WCHAR Buffer[40];
    UNICODE_STRING String = {0, sizeof(Buffer), Buffer};
    for (int i = 0; i < 6; i++) {
        ShowStatus("integer", RtlIntegerToUnicodeString(3735928559u, Bases[i], &String));
        Show("as text", &String);
    }
    String.MaximumLength = 4;
    ShowStatus("no room", RtlIntegerToUnicodeString(12345, 10, &String));
    static PCWSTR const Texts[] = {L"123",   L"  -42", L"0x1fF", L"0o17",       L"0b101",
                                   L"12abc", L"",      L"zz",    L"4294967296", L"+7"};
    for (int i = 0; i < 10; i++) {
        UNICODE_STRING Text = U(Texts[i]);
        ULONG Value = 0x5555;
        NTSTATUS Status = RtlUnicodeStringToInteger(&Text, 0, &Value);
        Print("%08x %x", (unsigned)Status, Value);
        Status = RtlUnicodeStringToInteger(&Text, 16, &Value);
        Print(" base 16 %08x %x\n", (unsigned)Status, Value);
    }
    UNICODE_STRING Text = U(L"1");
    ULONG Value;
    ShowStatus("base 5", RtlUnicodeStringToInteger(&Text, 5, &Value));
}

static void Ansi(void) {
    ANSI_STRING Narrow, Back;
    UNICODE_STRING Wide;
    RtlInitAnsiString(&Narrow, "plain ASCII text");
    Print("ansi: %u/%u\n", Narrow.Length, Narrow.MaximumLength);
    ShowStatus("to unicode", RtlAnsiStringToUnicodeString(&Wide, &Narrow, TRUE));
    Show("wide", &Wide);
    ShowStatus("to ansi", RtlUnicodeStringToAnsiString(&Back, &Wide, TRUE));
    Print("%u/%u %s\n", Back.Length, Back.MaximumLength, Back.Buffer);
    Wide.MaximumLength = 4;
    ShowStatus("no room", RtlAnsiStringToUnicodeString(&Wide, &Narrow, FALSE));
    RtlFreeAnsiString(&Back);
    RtlFreeUnicodeString(&Wide);
}

void Start(void) {
    Comparing();
    Building();
    Numbers();
    Ansi();
    Print("upcase: %04x %04x %04x %04x %04x\n", RtlUpcaseUnicodeChar('a'),
          RtlUpcaseUnicodeChar('['), RtlUpcaseUnicodeChar(0xE9), RtlUpcaseUnicodeChar(0xF7),
          RtlUpcaseUnicodeChar(0x3B1));
    Exit(0);
}
