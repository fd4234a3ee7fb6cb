/*
 * libFuzzer target: whatever the file, the PE code must end with a status and touch nothing
 * outside its buffers. A file that is accepted is laid out, relocated, and all of its imports and
 * exports are walked, as loader, Mm and ntdll do.
 */
#include "ntstatus.h"
#include "rtlimage.h"

#include <stdlib.h>
#include <string.h>

#define LARGEST      0x1000000 /* larger images are only validated, to keep the fuzzer fast */
#define MOST_LOOKUPS 256

static void WalkExports(UCHAR *Image, SIZE_T Size) {
    RTL_EXPORT Export;
    CHAR Module[32];
    PCSTR Name;
    ULONG Number;
    for (ULONG Ordinal = 0; Ordinal < MOST_LOOKUPS; Ordinal++) {
        if (RtlpFindExport(Image, Size, NULL, 0, Ordinal, &Export) == STATUS_SUCCESS &&
            Export.Forwarder != NULL)
            RtlpSplitForwarder(Export.Forwarder, Module, sizeof(Module), &Name, &Number);
    }
    RtlpFindExport(Image, Size, "NtClose", 7, 0, &Export);
}

/* Fills the slots with a value of no meaning, as a binder would with addresses. */
static void WalkImports(UCHAR *Image, SIZE_T Size) {
    RTL_IMPORT_WALK Walk;
    RTL_EXPORT Export;
    ULONG Count = 0;
    NTSTATUS Status = RtlpStartImportWalk(&Walk, Image, Size);
    while (Status == STATUS_SUCCESS && Count < MOST_LOOKUPS) {
        Status = RtlpNextImportModule(&Walk);
        Count++;
        while (Status == STATUS_SUCCESS && RtlpNextImport(&Walk) == STATUS_SUCCESS &&
               Count++ < MOST_LOOKUPS) {
            RtlpFindExport(Image, Size, Walk.Name, Walk.Hint, Walk.Ordinal, &Export);
            *Walk.Slot = 0x1122334455667788;
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *Data, size_t Size) {
    RTL_IMAGE_INFO Info;
    uint8_t *File = malloc(Size != 0 ? Size : 1);
    memcpy(File, Data, Size);
    if (RtlpValidateImage(File, Size, Size, &Info) == STATUS_SUCCESS &&
        Info.SizeOfImage <= LARGEST) {
        UCHAR *Image = calloc(Info.SizeOfImage, 1);
        RtlpLayoutImage(File, &Info, Image);
        RtlpRelocateImage(Image, Info.SizeOfImage, Info.ImageBase + 0x10000);
        WalkExports(Image, Info.SizeOfImage);
        WalkImports(Image, Info.SizeOfImage);
        free(Image);
    }
    free(File);
    return 0;
}
