/*
 * What becomes of names of every type: the type, the full path, the NT path, the DOS device.
 *
 * Drive C: has its own current directory in "=C:", for when the current directory is elsewhere.
 * Names that Wine takes otherwise than Windows are in pathdocs.c.
 */
#include "pathnames.h"

NTSYS int NTAPI RtlDetermineDosPathNameType_U(PCWSTR);
NTSYS ULONG NTAPI RtlGetFullPathName_U(PCWSTR, ULONG, PWSTR, PWSTR *);
NTSYS ULONG NTAPI RtlIsDosDeviceName_U(PCWSTR);
NTSYS NTSTATUS NTAPI RtlDosPathNameToNtPathName_U_WithStatus(PCWSTR, PUNICODE_STRING, PWSTR *,
                                                             PVOID);
NTSYS NTSTATUS NTAPI RtlSetEnvironmentVariable(PWSTR *, PUNICODE_STRING, PUNICODE_STRING);

static void ShowFull(PCWSTR Name) {
    WCHAR Full[400];
    PWSTR Part = (PWSTR)1;
    ULONG Length = RtlGetFullPathName_U(Name, sizeof(Full), Full, &Part);
    Print("%u [", Length);
    Show(Full, Length / 2);
    Print("] ");
    if (Length != 0 && Full[Length / 2] != 0) {
        Print("(not ended) ");
    }
    Print("%d", Part == NULL ? -1 : (int)(Part - Full));
}

static void ShowNt(PCWSTR Name) {
    UNICODE_STRING Nt = {0};
    PWSTR Part = (PWSTR)1;
    NTSTATUS Status = RtlDosPathNameToNtPathName_U_WithStatus(Name, &Nt, &Part, NULL);
    if (Status != 0) {
        Print("%08x", (unsigned)Status);
        return;
    }
    Print("[");
    Show(Nt.Buffer, Nt.Length / 2);
    Print("] %d", Part == NULL ? -1 : (int)(Part - Nt.Buffer));
    if (Nt.Buffer[Nt.Length / 2] != 0) {
        Print(" (not ended)");
    }
    RtlFreeUnicodeString(&Nt);
}

static void ShowName(PCWSTR Name) {
    Print("[");
    Show(Name, Letters(Name));
    Print("] type %d, full ", RtlDetermineDosPathNameType_U(Name));
    ShowFull(Name);
    Print(", nt ");
    ShowNt(Name);
    ULONG Device = RtlIsDosDeviceName_U(Name);
    if (Device != 0) {
        Print(", device %u+%u", Device >> 16, Device & 0xFFFF);
    }
    Print("\n");
}

static void ShowNames(PCWSTR Directory, const PCWSTR *Names, ULONG Count) {
    Print("--- in ");
    Show(Directory, Letters(Directory));
    Print("\n");
    PretendDirectory(Directory);
    for (ULONG i = 0; i < Count; i++) {
        ShowName(Names[i]);
    }
}

static void SetVariable(PCWSTR Name, PCWSTR Value) {
    UNICODE_STRING Variable, Text;
    RtlInitUnicodeString(&Variable, Name);
    RtlInitUnicodeString(&Text, Value);
    RtlSetEnvironmentVariable(NULL, &Variable, &Text);
}

void Start(void) {
    SetVariable(L"=C:", L"C:\\windows");
    ShowNames(L"C:\\m\\n\\", AbsoluteNames, COUNT(AbsoluteNames));
    ShowNames(L"C:\\m\\n\\", RelativeNames, COUNT(RelativeNames));
    ShowNames(L"C:\\", RelativeNames, COUNT(RelativeNames));
    ShowNames(L"D:\\p. q\\", RelativeNames, COUNT(RelativeNames));
    ShowNames(L"\\\\server\\share\\m\\", RelativeNames, COUNT(RelativeNames));
    ShowNames(L"\\\\server\\share\\", RelativeNames, COUNT(RelativeNames));
    ShowNames(L"C:\\m\\n\\", DeviceNames, COUNT(DeviceNames));
    Exit(0);
}
