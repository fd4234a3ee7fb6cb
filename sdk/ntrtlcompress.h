/*
 * ntrtlcompress.h - compression of buffers
 *
 * One format is there, LZNT1 ([MS-XCA] 2.5), which NTFS and many protocols use. XPRESS and its
 * Huffman form, which Windows has since version 8, are answered with STATUS_UNSUPPORTED_COMPRESSION.
 *
 * No function allocates or takes a lock. Input is not trusted: whatever it holds, nothing outside
 * the buffers is read or written.
 *
 * Sources: [MS-XCA] 2.5; WDK, RtlCompressBuffer, RtlDecompressBuffer, RtlDecompressFragment,
 * RtlGetCompressionWorkSpaceSize.
 */
#ifndef VITRINE_NTRTLCOMPRESS_H
#define VITRINE_NTRTLCOMPRESS_H

#include "ntdef.h"

#define COMPRESSION_FORMAT_NONE        0x0000
#define COMPRESSION_FORMAT_DEFAULT     0x0001
#define COMPRESSION_FORMAT_LZNT1       0x0002
#define COMPRESSION_FORMAT_XPRESS      0x0003
#define COMPRESSION_FORMAT_XPRESS_HUFF 0x0004

#define COMPRESSION_ENGINE_STANDARD 0x0000
#define COMPRESSION_ENGINE_MAXIMUM  0x0100

/*
 * The sizes of the work spaces that compressing, and decompressing from the middle, need.
 * STATUS_INVALID_PARAMETER: no format; STATUS_UNSUPPORTED_COMPRESSION: a format or an engine that is
 * not there. The functions below answer the same.
 */
NTSTATUS NTAPI RtlGetCompressionWorkSpaceSize(_In_ USHORT CompressionFormatAndEngine,
                                              _Out_ PULONG CompressBufferWorkSpaceSize,
                                              _Out_ PULONG CompressFragmentWorkSpaceSize);

/*
 * UncompressedChunkSize is a hint that LZNT1 has no use for. STATUS_BUFFER_TOO_SMALL: the result is
 * longer than its buffer; STATUS_BUFFER_ALL_ZEROS: success, and all that was compressed is zero.
 */
NTSTATUS NTAPI RtlCompressBuffer(_In_ USHORT CompressionFormatAndEngine,
                                 _In_ const UCHAR *UncompressedBuffer,
                                 _In_ ULONG UncompressedBufferSize, _Out_ PUCHAR CompressedBuffer,
                                 _In_ ULONG CompressedBufferSize, _In_ ULONG UncompressedChunkSize,
                                 _Out_ PULONG FinalCompressedSize, _In_ PVOID WorkSpace);

/*
 * Decompresses as much as there is room for, which is a success. STATUS_BAD_COMPRESSION_BUFFER: the
 * input is damaged; the output then holds what came before. The Ex form takes a work space, for
 * formats that need one.
 */
NTSTATUS NTAPI RtlDecompressBuffer(_In_ USHORT CompressionFormat, _Out_ PUCHAR UncompressedBuffer,
                                   _In_ ULONG UncompressedBufferSize,
                                   _In_ const UCHAR *CompressedBuffer,
                                   _In_ ULONG CompressedBufferSize,
                                   _Out_ PULONG FinalUncompressedSize);
NTSTATUS NTAPI RtlDecompressBufferEx(_In_ USHORT CompressionFormat, _Out_ PUCHAR UncompressedBuffer,
                                     _In_ ULONG UncompressedBufferSize,
                                     _In_ const UCHAR *CompressedBuffer,
                                     _In_ ULONG CompressedBufferSize,
                                     _Out_ PULONG FinalUncompressedSize, _In_opt_ PVOID WorkSpace);

/* The same, from byte FragmentOffset of the uncompressed data on. */
NTSTATUS NTAPI RtlDecompressFragment(_In_ USHORT CompressionFormat,
                                     _Out_ PUCHAR UncompressedFragment,
                                     _In_ ULONG UncompressedFragmentSize,
                                     _In_ const UCHAR *CompressedBuffer,
                                     _In_ ULONG CompressedBufferSize, _In_ ULONG FragmentOffset,
                                     _Out_ PULONG FinalUncompressedSize, _In_ PVOID WorkSpace);
NTSTATUS NTAPI RtlDecompressFragmentEx(_In_ USHORT CompressionFormat,
                                       _Out_ PUCHAR UncompressedFragment,
                                       _In_ ULONG UncompressedFragmentSize,
                                       _In_ const UCHAR *CompressedBuffer,
                                       _In_ ULONG CompressedBufferSize, _In_ ULONG FragmentOffset,
                                       _In_ ULONG UncompressedChunkSize,
                                       _Out_ PULONG FinalUncompressedSize, _In_ PVOID WorkSpace);

#endif
