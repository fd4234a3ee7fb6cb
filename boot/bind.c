/*
 * bind.c - imports of kernel images
 *
 * All images are in memory before the first is bound, so two images may import from each other, as
 * ntoskrnl and hal do. Only loaded images can be imported from. If a name cannot be found, the boot
 * fails and reports the importer's file, the module and the name.
 */
#include "boot.h"

#define MAXIMUM_FORWARDS 8
#define MODULE_NAME      64

static DECLSPEC_NORETURN VOID FailImport(const BOOT_IMAGE *Importer, NTSTATUS Status, PCSTR Reason,
                                         PCSTR Module, PCSTR Name, ULONG Ordinal) {
    CHAR Detail[LOADER_ERROR_TEXT];
    PCSTR End = Detail + sizeof(Detail);
    PSTR To = BootAppend(Detail, End, Module);
    if (Name != NULL)
        BootAppend(BootAppend(To, End, "!"), End, Name);
    else if (Ordinal != 0)
        BootAppendDecimal(BootAppend(To, End, "!#"), End, Ordinal);
    BootFail(Status, BootFilePath(Importer->File), Reason, Detail);
}

/* Finds a module by the name in an import, with or without its extension. */
static PBOOT_IMAGE FindModule(PCSTR Name) {
    WCHAR Wide[MODULE_NAME];
    SIZE_T Length = 0;
    while (Name[Length] != 0)
        Length++;
    if (Length >= MODULE_NAME - 1)
        return NULL;
    Length = BootWiden(Wide, MODULE_NAME, Name, Length);
    for (ULONG Index = 0; Index < BootImageCount; Index++) {
        PCWSTR BaseName = BootImages[Index].BaseName;
        SIZE_T BaseLength = BootWideLength(BaseName);
        SIZE_T Stem = BaseLength;
        while (Stem > 0 && BaseName[Stem] != '.')
            Stem--;
        if (BootEqualNames(Wide, Length, BaseName, BaseLength) ||
            BootEqualNames(Wide, Length, BaseName, Stem))
            return &BootImages[Index];
    }
    return NULL;
}

/* Returns the address of an export, following any number of forwarders. */
static ULONG64 Resolve(const BOOT_IMAGE *Importer, PCSTR ModuleName, PCSTR Name, ULONG Hint,
                       ULONG Ordinal) {
    CHAR Forwarded[MODULE_NAME];
    for (ULONG Depth = 0; Depth < MAXIMUM_FORWARDS; Depth++) {
        RTL_EXPORT Export;
        PBOOT_IMAGE Module = FindModule(ModuleName);
        if (Module == NULL)
            FailImport(Importer, STATUS_DLL_NOT_FOUND,
                       "imports from a module that is not loaded:", ModuleName, NULL, 0);
        NTSTATUS Status =
            RtlpFindExport(Module->Memory, Module->Info.SizeOfImage, Name, Hint, Ordinal, &Export);
        if (NT_SUCCESS(Status) && Export.Forwarder == NULL)
            return Module->Base + Export.Rva;
        if (NT_SUCCESS(Status))
            Status =
                RtlpSplitForwarder(Export.Forwarder, Forwarded, sizeof(Forwarded), &Name, &Ordinal);
        if (!NT_SUCCESS(Status))
            FailImport(Importer, Status, "imports what is not exported:", ModuleName, Name,
                       Ordinal);
        ModuleName = Forwarded;
        Hint = 0;
    }
    FailImport(Importer, STATUS_INVALID_IMAGE_FORMAT,
               "imports through a circle of forwarders:", ModuleName, Name, Ordinal);
}

static VOID BindImage(PBOOT_IMAGE Image) {
    RTL_IMPORT_WALK Walk;
    NTSTATUS Status = RtlpStartImportWalk(&Walk, Image->Memory, Image->Info.SizeOfImage);
    while (NT_SUCCESS(Status) && NT_SUCCESS(Status = RtlpNextImportModule(&Walk))) {
        while (NT_SUCCESS(Status = RtlpNextImport(&Walk)))
            *Walk.Slot = Resolve(Image, Walk.ModuleName, Walk.Name, Walk.Hint, Walk.Ordinal);
        if (Status == STATUS_NO_MORE_ENTRIES)
            Status = STATUS_SUCCESS;
    }
    if (Status != STATUS_NO_MORE_ENTRIES)
        BootFail(Status, BootFilePath(Image->File), "the image's import tables are damaged", NULL);
}

VOID BootBindImages(VOID) {
    for (ULONG Index = 0; Index < BootImageCount; Index++)
        BindImage(&BootImages[Index]);
}
