/*
 * main.c - BOOTX64.EFI: from the firmware to KiSystemStartup.
 *
 * UEFI starts this program in 64-bit mode with all of memory mapped one to one, and lends it
 * services: memory, files, a console. The loader turns that into the world that the kernel
 * expects, and tells it about it in a LOADER_PARAMETER_BLOCK (inc/arc.h). In order:
 *
 *   1. memmap.c   how much memory is there?
 *   2. files.c    read the boot volume, wholly: from the EFI system partition, or, under QEMU, from
 *      fwcfg.c    an archive that the firmware configuration device holds. boot.ini has the
 * options.
 *   3. image.c    check ntoskrnl.exe, hal.dll and the boot drivers; give each an address; lay it
 *                 out there and relocate it.
 *   4. bind.c     fill their import tables, among each other: ntoskrnl needs hal, hal needs
 *                 ntoskrnl, so none can be first, and all are in memory before any is bound.
 *   5. paging.c   page tables: images with the rights of their sections, files read-only, the
 *                 self-map, the HAL's range.
 *   6. memmap.c   leave the firmware (ExitBootServices) and turn its memory map into NT's.
 *   7. handoff.c  set the processor's control registers, load CR3, switch stacks, jump.
 *
 * Two kinds of addresses are about: the place where something is now (a plain pointer, equal to the
 * physical address) and the address at which the kernel will see it (a ULONG64, or a pointer made
 * by BootToVa). All pointers inside the loader block are of the second kind; memory.c converts.
 *
 * What goes wrong is fatal, so no status travels upward here: BootFail (console.c) names the file
 * and the reason and does not return. It works until ExitBootServices, after which nothing can
 * fail any more.
 */
#include "boot.h"

EFI_HANDLE BootImageHandle;
EFI_SYSTEM_TABLE *BootSystemTable;
EFI_BOOT_SERVICES *BootServices;

static BOOLEAN EqualGuids(const EFI_GUID *A, const EFI_GUID *B) {
    return __builtin_memcmp(A, B, sizeof(*A)) == 0;
}

/* The root of the ACPI tables: version 2 if there is one, else version 1. */
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

/* The framebuffer, if there is one whose pixels the kernel can write. Without it: the log says so.
 */
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
