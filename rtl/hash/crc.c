/*
 * crc.c - CRC-32
 *
 * The polynomial is 04C11DB7h, taken bit-reversed; register and result are inverted. A byte costs two
 * lookups in a table of 16 entries, which is small enough to be read.
 *
 * Source: RFC 1952 section 8.
 */
#include "ntrtl.h"
#include "ntrtlhash.h"

/* The remainders of four bits. */
static const ULONG RtlpCrcTable[16] = {
    0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190, 0x6B6B51F4, 0x4DB26158, 0x5005713C,
    0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C, 0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C};

ULONG NTAPI RtlComputeCrc32(_In_ ULONG InitialCrc, _In_ const VOID *Buffer, _In_ ULONG Length) {
    const UCHAR *Bytes = Buffer;
    ULONG Crc = ~InitialCrc;

    for (ULONG i = 0; i < Length; i++) {
        Crc ^= Bytes[i];
        Crc = Crc >> 4 ^ RtlpCrcTable[Crc & 15];
        Crc = Crc >> 4 ^ RtlpCrcTable[Crc & 15];
    }
    return ~Crc;
}
