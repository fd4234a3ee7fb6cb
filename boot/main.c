/*
 * main.c - BOOTX64.EFI: from the firmware to KiSystemStartup
 *
 * UEFI starts this program in 64-bit mode with all memory mapped one to one, and offers services:
 * memory, files, a console. The loader builds the environment that the kernel expects and describes
 * it in a LOADER_PARAMETER_BLOCK (inc/arc.h). The steps:
 *
 *   1. memmap.c   measure memory.
 *   2. files.c    read the whole boot volume from the EFI system partition or, under QEMU, from an
 *      fwcfg.c    archive in the firmware configuration device. boot.ini has the options.
 *   3. image.c    check ntoskrnl.exe, hal.dll and the boot drivers; choose an address for each,
 *                 copy it to memory and relocate it.
 *   4. bind.c     fill their import tables. ntoskrnl and hal import from each other, so all images
 *                 are in memory before any is bound.
 *   5. paging.c   build page tables: images with the rights of their sections, files read-only, the
 *                 self-map, the HAL's range.
 *   6. memmap.c   leave the firmware (ExitBootServices) and convert its memory map to NT's.
 *   7. handoff.c  set the processor's control registers, load CR3, switch stacks, jump.
 *
 * There are two kinds of addresses: where something is now (a plain pointer, equal to the physical
 * address) and where the kernel will see it (a ULONG64, or a pointer made by BootToVa). All
 * pointers in the loader block are of the second kind; memory.c converts.
 *
 * Every error is fatal, so functions return no status: BootFail (console.c) reports the file and
 * the reason and does not return. It works until ExitBootServices; after that nothing can fail.
 */
#include "boot.h"

EFI_HANDLE BootImageHandle;
EFI_SYSTEM_TABLE *BootSystemTable;
EFI_BOOT_SERVICES *BootServices;

static BOOLEAN EqualGuids(const EFI_GUID *A, const EFI_GUID *B) {
    return __builtin_memcmp(A, B, sizeof(*A)) == 0;
}

/* Finds the root of the ACPI tables: version 2 if there is one, else version 1. */
static VOID FindAcpi(VOID) {
    static const EFI_GUID Acpi20 = ACPI_20_TABLE_GUID;
    static const EFI_GUID Acpi10 = ACPI_TABLE_GUID;
    for (UINTN Index = 0; Index < BootSystemTable->NumberOfTableEntries; Index++) {
        const EFI_CONFIGURATION_TABLE *Table = &BootSystemTable->ConfigurationTable[Index];
        BOOLEAN IsNew = EqualGuids(&Table->VendorGuid, &Acpi20);
        if (IsNew || EqualGuids(&Table->VendorGuid, &Acpi10))
            BootExtension->AcpiTable.QuadPart = (LONGLONG)(ULONG_PTR)Table->VendorTable;
        if (IsNew)
            return;
    }
}

/* Finds a framebuffer whose pixels the kernel can write. Without one, the log says so. */
static VOID FindFramebuffer(VOID) {
    static EFI_GUID GopGuid = EFI_GRAPHICS_OUTPUT_PROTOCOL_GUID;
    EFI_GRAPHICS_OUTPUT_PROTOCOL *Gop = NULL;
    EFI_STATUS Status = BootServices->LocateProtocol(&GopGuid, NULL, (void **)&Gop);
    if (EFI_ERROR(Status) || Gop->Mode->Info->PixelFormat > PixelBlueGreenRedReserved8BitPerColor) {
        BootPrint("Vitrine: no framebuffer; output goes to the serial port only.\r\n");
        return;
    }
    LOADER_FRAMEBUFFER *Frame = &BootExtension->Framebuffer;
    Frame->Base.QuadPart = (LONGLONG)Gop->Mode->FrameBufferBase;
    Frame->Size = Gop->Mode->FrameBufferSize;
    Frame->Width = Gop->Mode->Info->HorizontalResolution;
    Frame->Height = Gop->Mode->Info->VerticalResolution;
    Frame->PixelsPerScanLine = Gop->Mode->Info->PixelsPerScanLine;
    Frame->Format = Gop->Mode->Info->PixelFormat == PixelRedGreenBlueReserved8BitPerColor
                        ? LoaderPixelRgb
                        : LoaderPixelBgr;
}

EFI_STATUS efi_main(EFI_HANDLE ImageHandle, EFI_SYSTEM_TABLE *SystemTable) {
    ULONG64 EntryTsc = BootReadTsc();
    BootImageHandle = ImageHandle;
    BootSystemTable = SystemTable;
    BootServices = SystemTable->BootServices;

    BootFindArchive();
    BootCheckProcessor();
    BootMeasureMemory();
    BootCreateArena();
    BootExtension->LoaderEntryTsc = EntryTsc;
    BootExtension->ProcessorStartPages = BootAllocateStartPages();
    FindAcpi();
    BootReadFiles();
    BootReadOptions();
    FindFramebuffer();

    BootLoadImages();
    BootBindImages();

    BootCreateAddressSpace();
    BootMapImages();
    BootDescribeImages();
    BootMapFiles();
    BootCreateKernelStack();
    BootMapArena();
    ULONG64 PageTable = BootFinishAddressSpace();
    BootLeaveFirmware();
    BootEnterKernel(PageTable);
}
