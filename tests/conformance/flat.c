/*
 * A program whose sections are aligned to 16 bytes (tests.mk): its image is mapped flat, as the
 * file is, and each page of it may be read, written and executed.
 */
#include "nt.h"

static volatile int Written = 7;
static const volatile int Constant = 9;

typedef int(FUNCTION)(void);
static int __attribute__((noinline, aligned(16))) Four(void) {
    return 4;
}

/* mov eax, 5; ret */
static void BecomeFive(void) {
    static const UCHAR Code[] = {0xB8, 5, 0, 0, 0, 0xC3};
    volatile UCHAR *To = (UCHAR *)(ULONG_PTR)Four;
    for (ULONG i = 0; i < sizeof(Code); i++) {
        To[i] = Code[i];
    }
}

static void ShowHeaders(void) {
    PIMAGE_NT_HEADERS Headers = RtlImageNtHeader(AT(PebPointer(), 0x10, PVOID));
    PIMAGE_SECTION_HEADER Section = IMAGE_FIRST_SECTION(Headers);
    BOOL Flat = TRUE;
    for (ULONG i = 0; i < Headers->FileHeader.NumberOfSections; i++) {
        Flat &= Section[i].VirtualAddress == Section[i].PointerToRawData;
    }
    Check("aligned to less than a page", Headers->OptionalHeader.SectionAlignment < PAGE);
    Check("sections where the file has them", Flat);
}

static void ShowProtection(void) {
    MEMORY_BASIC_INFORMATION Page;
    NtQueryVirtualMemory(SELF, (PVOID)(ULONG_PTR)Four, 0, &Page, sizeof(Page), NULL);
    Check("an image", Page.Type == MEM_IMAGE);
    Check("can be executed and written",
          (Page.Protect & (PAGE_EXECUTE_READWRITE | PAGE_EXECUTE_WRITECOPY)) != 0);
}

void Start(void) {
    FUNCTION *volatile Function = Four;
    ShowHeaders();
    ShowProtection();
    Written++;
    Print("written: %d\n", Written);
    *(volatile int *)(ULONG_PTR)&Constant = 10;
    Print("a constant: %d\n", Constant);
    Print("code: %d\n", Function());
    BecomeFive();
    Print("other code: %d\n", Function());
    Exit(0x1234);
}
