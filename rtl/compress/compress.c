/*
 * compress.c - the functions of compression: which format and which engine
 *
 * Sources: WDK, RtlCompressBuffer, RtlDecompressBufferEx, RtlDecompressFragmentEx,
 * RtlGetCompressionWorkSpaceSize.
 */
#include "lznt1p.h"

#define FORMAT_MASK 0x00FF
#define ENGINE_MASK 0xFF00

/* Candidates that a match is chosen from. */
#define EFFORT_STANDARD 32
#define EFFORT_MAXIMUM  LZNT1_CHUNK_SIZE

static NTSTATUS RtlpCheckFormat(USHORT FormatAndEngine) {
    USHORT Engine = FormatAndEngine & ENGINE_MASK;

    if (Engine != COMPRESSION_ENGINE_STANDARD && Engine != COMPRESSION_ENGINE_MAXIMUM) {
        return STATUS_UNSUPPORTED_COMPRESSION;
    }
    switch (FormatAndEngine & FORMAT_MASK) {
    case COMPRESSION_FORMAT_LZNT1:
        return STATUS_SUCCESS;
    case COMPRESSION_FORMAT_NONE:
    case COMPRESSION_FORMAT_DEFAULT:
        return STATUS_INVALID_PARAMETER;
    default:
        return STATUS_UNSUPPORTED_COMPRESSION;
    }
}

NTSTATUS NTAPI RtlGetCompressionWorkSpaceSize(_In_ USHORT CompressionFormatAndEngine,
                                              _Out_ PULONG CompressBufferWorkSpaceSize,
                                              _Out_ PULONG CompressFragmentWorkSpaceSize) {
    NTSTATUS Status = RtlpCheckFormat(CompressionFormatAndEngine);

    if (NT_SUCCESS(Status)) {
        *CompressBufferWorkSpaceSize = sizeof(LZNT1_WORK_SPACE);
        *CompressFragmentWorkSpaceSize = LZNT1_CHUNK_SIZE;
    }
    return Status;
}

static BOOLEAN RtlpIsAllZeros(const UCHAR *Buffer, ULONG Length) {
    for (ULONG i = 0; i < Length; i++) {
        if (Buffer[i] != 0) {
            return FALSE;
        }
    }
    return Length != 0;
}

NTSTATUS NTAPI RtlCompressBuffer(_In_ USHORT CompressionFormatAndEngine,
                                 _In_ const UCHAR *UncompressedBuffer,
                                 _In_ ULONG UncompressedBufferSize, _Out_ PUCHAR CompressedBuffer,
                                 _In_ ULONG CompressedBufferSize, _In_ ULONG UncompressedChunkSize,
                                 _Out_ PULONG FinalCompressedSize, _In_ PVOID WorkSpace) {
    NTSTATUS Status = RtlpCheckFormat(CompressionFormatAndEngine);
    ULONG Effort = (CompressionFormatAndEngine & ENGINE_MASK) == COMPRESSION_ENGINE_MAXIMUM
                       ? EFFORT_MAXIMUM
                       : EFFORT_STANDARD;

    if (NT_SUCCESS(Status)) {
        Status = RtlpCompressLznt1(CompressedBuffer, CompressedBufferSize, UncompressedBuffer,
                                   UncompressedBufferSize, Effort, FinalCompressedSize, WorkSpace);
    }
    if (NT_SUCCESS(Status) && RtlpIsAllZeros(UncompressedBuffer, UncompressedBufferSize)) {
        Status = STATUS_BUFFER_ALL_ZEROS;
    }
    return Status;
}

NTSTATUS NTAPI RtlDecompressFragment(_In_ USHORT CompressionFormat,
                                     _Out_ PUCHAR UncompressedFragment,
                                     _In_ ULONG UncompressedFragmentSize,
                                     _In_ const UCHAR *CompressedBuffer,
                                     _In_ ULONG CompressedBufferSize, _In_ ULONG FragmentOffset,
                                     _Out_ PULONG FinalUncompressedSize, _In_ PVOID WorkSpace) {
    NTSTATUS Status = RtlpCheckFormat(CompressionFormat & FORMAT_MASK);

    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    return RtlpDecompressLznt1(UncompressedFragment, UncompressedFragmentSize, CompressedBuffer,
                               CompressedBufferSize, FragmentOffset, FinalUncompressedSize,
                               WorkSpace);
}

NTSTATUS NTAPI RtlDecompressFragmentEx(_In_ USHORT CompressionFormat,
                                       _Out_ PUCHAR UncompressedFragment,
                                       _In_ ULONG UncompressedFragmentSize,
                                       _In_ const UCHAR *CompressedBuffer,
                                       _In_ ULONG CompressedBufferSize, _In_ ULONG FragmentOffset,
                                       _In_ ULONG UncompressedChunkSize,
                                       _Out_ PULONG FinalUncompressedSize, _In_ PVOID WorkSpace) {
    return RtlDecompressFragment(CompressionFormat, UncompressedFragment, UncompressedFragmentSize,
                                 CompressedBuffer, CompressedBufferSize, FragmentOffset,
                                 FinalUncompressedSize, WorkSpace);
}

NTSTATUS NTAPI RtlDecompressBufferEx(_In_ USHORT CompressionFormat, _Out_ PUCHAR UncompressedBuffer,
                                     _In_ ULONG UncompressedBufferSize,
                                     _In_ const UCHAR *CompressedBuffer,
                                     _In_ ULONG CompressedBufferSize,
                                     _Out_ PULONG FinalUncompressedSize, _In_opt_ PVOID WorkSpace) {
    return RtlDecompressFragment(CompressionFormat, UncompressedBuffer, UncompressedBufferSize,
                                 CompressedBuffer, CompressedBufferSize, 0, FinalUncompressedSize,
                                 WorkSpace);
}

NTSTATUS NTAPI RtlDecompressBuffer(_In_ USHORT CompressionFormat, _Out_ PUCHAR UncompressedBuffer,
                                   _In_ ULONG UncompressedBufferSize,
                                   _In_ const UCHAR *CompressedBuffer,
                                   _In_ ULONG CompressedBufferSize,
                                   _Out_ PULONG FinalUncompressedSize) {
    return RtlDecompressBufferEx(CompressionFormat, UncompressedBuffer, UncompressedBufferSize,
                                 CompressedBuffer, CompressedBufferSize, FinalUncompressedSize,
                                 NULL);
}
