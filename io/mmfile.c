/*
 * mmfile.c - files for the memory manager
 *
 * Mm is below the I/O manager and may not call it by name, yet its sections are backed by files. So
 * Mm publishes a table of callbacks, and this file fills it in: read, size, references, and the
 * SECTION_OBJECT_POINTERS through which all opens of a file share one control area.
 */
#include "iop.h"

#define IOP_PAGING_CHUNK 0x1000000u

/* Reads exactly Length bytes. Mm reads only within the file's size, so a short read fails. */
static NTSTATUS IopMmReadFile(PVOID FileObject, ULONG64 Offset, PVOID Buffer, SIZE_T Length) {
    while (Length != 0) {
        IO_STATUS_BLOCK IoStatus;
        ULONG Chunk = (ULONG)min(Length, IOP_PAGING_CHUNK);
        NTSTATUS Status = IoReadFileObject(FileObject, Buffer, Chunk, Offset, &IoStatus);
        if (!NT_SUCCESS(Status)) {
            return Status;
        }
        if (IoStatus.Information != Chunk) {
            return STATUS_END_OF_FILE;
        }
        Buffer = (PUCHAR)Buffer + Chunk;
        Offset += Chunk;
        Length -= Chunk;
    }
    return STATUS_SUCCESS;
}

/* A section needs a regular file; a file that cannot report its size is not one. */
static NTSTATUS IopMmQueryFileSize(PVOID FileObject, PULONG64 Size) {
    LARGE_INTEGER FileSize;
    NTSTATUS Status = FsRtlGetFileSize(FileObject, &FileSize);
    if (!NT_SUCCESS(Status)) {
        return Status == STATUS_INSUFFICIENT_RESOURCES ? Status : STATUS_INVALID_FILE_FOR_SECTION;
    }
    *Size = (ULONG64)FileSize.QuadPart;
    return STATUS_SUCCESS;
}

static VOID IopMmReference(PVOID FileObject) {
    ObReferenceObject(FileObject);
}

static VOID IopMmDereference(PVOID FileObject) {
    ObDereferenceObject(FileObject);
}

static PSECTION_OBJECT_POINTERS IopMmGetSectionObjectPointers(PVOID FileObject) {
    return ((PFILE_OBJECT)FileObject)->SectionObjectPointer;
}

/* Returns the full device path in a new buffer, which the caller frees. */
static NTSTATUS IopMmGetFileName(PVOID FileObject, PUNICODE_STRING Name) {
    ULONG Needed = 0;
    NTSTATUS Status = ObQueryNameString(FileObject, NULL, 0, &Needed);
    if (Status != STATUS_INFO_LENGTH_MISMATCH) {
        return NT_SUCCESS(Status) ? STATUS_OBJECT_NAME_NOT_FOUND : Status;
    }
    PUNICODE_STRING Info = ExAllocatePool2(POOL_FLAG_PAGED, Needed, IOP_TAG_NAME);
    if (Info == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Status = ObQueryNameString(FileObject, (PVOID)Info, Needed, &Needed);
    if (NT_SUCCESS(Status)) {
        /* Moves the text to the front, so that the string's buffer is the allocated block. */
        USHORT Length = Info->Length;
        RtlMoveMemory(Info, Info->Buffer, Length);
        *Name = (UNICODE_STRING){Length, Length, (PWSTR)Info};
        return STATUS_SUCCESS;
    }
    ExFreePoolWithTag(Info, IOP_TAG_NAME);
    return Status;
}

static const MM_FILE_OPERATIONS IopMmFileOperations = {
    .ReadFile = IopMmReadFile,
    .QueryFileSize = IopMmQueryFileSize,
    .Reference = IopMmReference,
    .Dereference = IopMmDereference,
    .GetSectionObjectPointers = IopMmGetSectionObjectPointers,
    .GetFileName = IopMmGetFileName,
};

VOID IopRegisterFileOperations(VOID) {
    MmRegisterFileOperations(&IopMmFileOperations);
}
