/* PEB, TEB, loader data and process parameters: the fields that programs read, where they are. */
#include "nt.h"

extern IMAGE_DOS_HEADER __ImageBase;

static void ShowPeb(PVOID Peb) {
    Check("PEB.ImageBaseAddress", AT(Peb, 0x10, PVOID) == (PVOID)&__ImageBase);
    Print("PEB.BeingDebugged: %u\n", AT(Peb, 0x02, UCHAR));
    Print("PEB.OSMajorVersion: %u\n", AT(Peb, 0x118, ULONG));
    Print("PEB.OSMinorVersion: %u\n", AT(Peb, 0x11C, ULONG));
    Print("PEB.OSPlatformId: %u\n", AT(Peb, 0x124, ULONG));
    Print("PEB.ImageSubsystem: %u\n", AT(Peb, 0x128, ULONG));
    Check("PEB.NumberOfProcessors", AT(Peb, 0xB8, ULONG) >= 1);
    Check("PEB.ProcessHeap", AT(Peb, 0x30, PVOID) != NULL);
    Check("PEB.FastPebLock", AT(Peb, 0x38, PVOID) != NULL);
}

static void ShowTeb(PVOID Teb, PVOID Peb) {
    ULONG_PTR Here = (ULONG_PTR)&Teb;
    Check("TEB.Self", AT(Teb, 0x30, PVOID) == Teb);
    Check("TEB.ProcessEnvironmentBlock", AT(Teb, 0x60, PVOID) == Peb);
    Check("TEB.StackBase", Here < AT(Teb, 0x08, ULONG_PTR));
    Check("TEB.StackLimit", Here >= AT(Teb, 0x10, ULONG_PTR));
    Check("TEB.DeallocationStack", AT(Teb, 0x1478, ULONG_PTR) < AT(Teb, 0x10, ULONG_PTR));
    Check("TEB.ClientId.UniqueProcess", AT(Teb, 0x40, HANDLE) != NULL);
    Check("TEB.ClientId.UniqueThread", AT(Teb, 0x48, HANDLE) != NULL);
    Check("ids are multiples of 4",
          ((AT(Teb, 0x40, ULONG_PTR) | AT(Teb, 0x48, ULONG_PTR)) & 3) == 0);
    Check("StaticUnicodeString",
          AT(Teb, 0x1258, UNICODE_STRING).Buffer == (PWSTR)((PUCHAR)Teb + 0x1268) &&
              AT(Teb, 0x1258, UNICODE_STRING).MaximumLength == 522);
}

static void ShowName(const char *What, UNICODE_STRING *Name) {
    Print("%s: ", What);
    for (USHORT i = 0; i < Name->Length / 2; i++) {
        Print("%c", Name->Buffer[i]);
    }
    Print("\n");
}

/* LDR_DATA_TABLE_ENTRY: load order +0, memory order +10, base +30, entry +38, size +40, name +58.
 */
static void ShowLoaderData(PVOID Ldr) {
    PLIST_ENTRY Head = &AT(Ldr, 0x10, LIST_ENTRY);
    PVOID First = Head->Flink, Second = Head->Flink->Flink;
    Check("LDR.Initialized", AT(Ldr, 0x04, BOOLEAN));
    ShowName("first module", &AT(First, 0x58, UNICODE_STRING));
    Check("its base", AT(First, 0x30, PVOID) == (PVOID)&__ImageBase);
    Check("its entry", AT(First, 0x38, PVOID) == (PVOID)Start);
    Check("its size",
          AT(First, 0x40, ULONG) == RtlImageNtHeader(&__ImageBase)->OptionalHeader.SizeOfImage);
    ShowName("second module", &AT(Second, 0x58, UNICODE_STRING));
    Check("memory order begins the same", AT(Ldr, 0x20, PLIST_ENTRY) == (PLIST_ENTRY)First + 1);
    Check("initialisation order begins with ntdll",
          AT(Ldr, 0x30, PLIST_ENTRY) == (PLIST_ENTRY)Second + 2);
    Check("lists close", Head->Flink->Blink == Head && Head->Blink->Flink == Head);
}

static void ShowParameters(PVOID Params) {
    UNICODE_STRING *Image = &AT(Params, 0x60, UNICODE_STRING);
    UNICODE_STRING *Directory = &AT(Params, 0x38, UNICODE_STRING);
    Check("normalised", AT(Params, 0x08, ULONG) & 1);
    Check("Length within MaximumLength", AT(Params, 0x04, ULONG) <= AT(Params, 0x00, ULONG));
    Check("ImagePathName is a DOS path",
          Image->Length > 6 && Image->Buffer[1] == ':' && Image->Buffer[2] == '\\');
    Check("CurrentDirectory ends in a backslash",
          Directory->Length >= 6 && Directory->Buffer[Directory->Length / 2 - 1] == '\\');
    Check("Environment", AT(Params, 0x80, PWSTR) != NULL);
    Check("EnvironmentSize", AT(Params, 0x3F0, SIZE_T) >= 4);
}

void Start(void) {
    PVOID Teb = TebPointer(), Peb = PebPointer();
    ShowTeb(Teb, Peb);
    ShowPeb(Peb);
    ShowLoaderData(AT(Peb, 0x18, PVOID));
    ShowParameters(AT(Peb, 0x20, PVOID));
    Exit(0);
}
