/*
 * Digests, checksums, pseudo-random numbers and LZNT1. What is compressed here goes back through the
 * decoder only: how well a system compresses is its own affair.
 */
#include "nt.h"

typedef struct _MD {
    ULONG Words[6]; /* state and count; MD4 and MD5 do not have them in one order */
    UCHAR Block[64], Digest[16];
} MD;

typedef struct _SHA {
    ULONG Flags[6], State[5], ByteCount[2];
    UCHAR Block[64];
} SHA;

NTSYS void NTAPI MD4Init(MD *);
NTSYS void NTAPI MD4Update(MD *, const void *, ULONG);
NTSYS void NTAPI MD4Final(MD *);
NTSYS void NTAPI MD5Init(MD *);
NTSYS void NTAPI MD5Update(MD *, const void *, ULONG);
NTSYS void NTAPI MD5Final(MD *);
NTSYS void NTAPI A_SHAInit(SHA *);
NTSYS void NTAPI A_SHAUpdate(SHA *, const void *, ULONG);
NTSYS void NTAPI A_SHAFinal(SHA *, void *);
NTSYS ULONG NTAPI RtlComputeCrc32(ULONG, const void *, ULONG);
NTSYS ULONG NTAPI RtlUniform(PULONG);
NTSYS ULONG NTAPI RtlRandom(PULONG);
NTSYS ULONG NTAPI RtlRandomEx(PULONG);
NTSYS NTSTATUS NTAPI RtlGetCompressionWorkSpaceSize(USHORT, PULONG, PULONG);
NTSYS NTSTATUS NTAPI RtlCompressBuffer(USHORT, const void *, ULONG, void *, ULONG, ULONG, PULONG,
                                       PVOID);
NTSYS NTSTATUS NTAPI RtlDecompressBuffer(USHORT, void *, ULONG, const void *, ULONG, PULONG);
NTSYS NTSTATUS NTAPI RtlDecompressFragment(USHORT, void *, ULONG, const void *, ULONG, ULONG,
                                           PULONG, PVOID);

static UCHAR Data[20000], Packed[24000], Output[24000], WorkSpace[0x20000];

static void Fill(void) {
    ULONG Seed = 7;
    for (ULONG i = 0; i < sizeof(Data); i++) {
        Data[i] = i % 1000 < 600 ? (UCHAR)(i % 61) : (UCHAR)RtlUniform(&Seed);
    }
}

static void Hex(const char *What, const void *Bytes, ULONG Length) {
    Print("%s:", What);
    for (ULONG i = 0; i < Length; i++) {
        Print(" %02x", ((const UCHAR *)Bytes)[i]);
    }
    Print("\n");
}

/* Contexts are shown too: programs save them, and look into them. */
static void Digests(void) {
    static const ULONG Lengths[] = {0, 1, 55, 56, 63, 64, 65, 119, 128, 20000};
    for (int i = 0; i < 10; i++) {
        MD Context;
        SHA Sha;
        UCHAR Digest[20];
        memset(&Context, 0xCC, sizeof(Context));
        MD4Init(&Context);
        MD4Update(&Context, Data, Lengths[i]);
        Hex("MD4 words", Context.Words, 24);
        MD4Final(&Context);
        Hex("MD4", Context.Digest, 16);
        MD5Init(&Context);
        MD5Update(&Context, Data, Lengths[i] / 2);
        MD5Update(&Context, Data + Lengths[i] / 2, Lengths[i] - Lengths[i] / 2);
        Hex("MD5 words", Context.Words, 24);
        MD5Final(&Context);
        Hex("MD5", Context.Digest, 16);
        memset(&Sha, 0xCC, sizeof(Sha));
        A_SHAInit(&Sha);
        A_SHAUpdate(&Sha, Data, Lengths[i]);
        Hex("SHA state", Sha.State, 28);
        A_SHAFinal(&Sha, Digest);
        Hex("SHA", Digest, 20);
        Hex("SHA again", Sha.State, 28);
        Print("CRC %08x %08x\n", (unsigned)RtlComputeCrc32(0, Data, Lengths[i]),
              (unsigned)RtlComputeCrc32(0x12345678, Data, Lengths[i]));
    }
}

static void Numbers(void) {
    static const ULONG Seeds[] = {0,          1,          2,          0x7FFFFFFE, 0x7FFFFFFF,
                                  0x80000000, 0xFFFFFFFF, 0x12345678, 0x3FFFFFFF, 0xBFFFFFFD};
    ULONG Seed;
    for (int i = 0; i < 10; i++) {
        ULONG Number = RtlUniform((Seed = Seeds[i], &Seed));
        Print("uniform %08x: %08x %08x\n", (unsigned)Seeds[i], (unsigned)Number, (unsigned)Seed);
    }
    for (int i = 0; i < 300; i++) {
        ULONG Number;
        if (i % 20 == 0) {
            Seed = 0x9E3779B1 * (ULONG)i;
        }
        Number = RtlRandom(&Seed);
        Print("%08x%s", (unsigned)(Number ^ Seed), i % 10 == 9 ? "\n" : " ");
    }
}

static void Decode(const char *What, const char *Bytes, ULONG Length, ULONG Room) {
    ULONG Final = 0xDEAD, Last = 0;
    memset(Output, 0xCC, sizeof(Output));
    NTSTATUS Status = RtlDecompressBuffer(2, Output, Room, Bytes, Length, &Final);
    for (ULONG i = 0; i < sizeof(Output); i++) {
        Last = Output[i] != 0xCC ? i + 1 : Last;
    }
    Print("%s, room %u: %08x %x, %u written, crc %08x\n", What, (unsigned)Room, (unsigned)Status,
          (unsigned)Final, (unsigned)Last, (unsigned)RtlComputeCrc32(0, Output, sizeof(Output)));
}

#define DECODE(What, Bytes, Room) Decode(What, Bytes, sizeof(Bytes) - 1, Room)

static void Decoding(void) {
    DECODE("nothing", "", 100);
    DECODE("one byte", "\x03", 100);
    DECODE("end", "\x00\x00", 100);
    DECODE("end, more",
           "\x00\x00"
           "ab",
           100);
    DECODE("raw", "\x03\x30wine", 100);
    DECODE("raw, cut", "\x03\x30win", 100);
    DECODE("raw, head only", "\x03\x30", 100);
    DECODE("raw", "\x03\x30wine", 2);
    DECODE("raw", "\x03\x30wine", 0);
    DECODE("raw, signature 1", "\x03\x10wine", 100);
    DECODE("bytes", "\x04\xb0\x00wine", 100);
    DECODE("bytes, five", "\x05\xb0\x00wine\x00", 100);
    DECODE("bytes, cut", "\x04\xb0\x00wi", 100);
    DECODE("bytes, signature 0", "\x04\x80\x00wine", 100);
    DECODE("flags only", "\x00\xb0\x00", 100);
    DECODE("match", "\x06\xb0\x10wine\x01\x30", 100);
    DECODE("match", "\x06\xb0\x10wine\x01\x30", 5);
    DECODE("match", "\x06\xb0\x10wine\x01\x30", 4);
    DECODE("match before the chunk", "\x06\xb0\x10wine\x01\x40", 100);
    DECODE("match at the start", "\x02\xb0\x01\x00\x00", 100);
    DECODE("half a match", "\x05\xb0\x10wine\x01", 100);
    DECODE("match over itself", "\x03\xb0\x02w\xfc\x0f", 8000);
    DECODE("two chunks", "\x03\x30wine\x03\x30WINE", 8000);
    DECODE("two chunks", "\x03\x30wine\x03\x30WINE", 4096);
    DECODE("two chunks", "\x03\x30wine\x03\x30WINE", 4098);
    DECODE("two chunks", "\x03\x30wine\x03\x30WINE", 100);
    DECODE("two compressed", "\x04\xb0\x00wine\x04\xb0\x00WINE", 8000);
    DECODE("one and a byte", "\x04\xb0\x00wine\x04", 8000);
    DECODE("one and a cut one", "\x04\xb0\x00wine\x04\xb0\x00WI", 8000);
    DECODE("one and a cut one", "\x04\xb0\x00wine\x04\xb0\x00WI", 4096);
    DECODE("one, end, one", "\x04\xb0\x00wine\x00\x00\x04\xb0\x00WINE", 8000);
}

/* A match behind Position bytes: there, the number of bits of its length changes. */
static void MatchAt(ULONG Position, USHORT Match) {
    ULONG At = 2;
    for (ULONG i = 0; i < Position; i++) {
        if (i % 8 == 0) {
            Packed[At++] = 0;
        }
        Packed[At++] = (UCHAR)(i * 31 + i / 256);
    }
    if (Position % 8 == 0) {
        Packed[At++] = 1;
    } else {
        Packed[At - Position % 8 - 1] = (UCHAR)(1 << Position % 8);
    }
    *(PUSHORT)(Packed + At) = Match;
    *(PUSHORT)Packed = (USHORT)(0xB000 | (At - 1));
    Decode("match", (char *)Packed, At + 2, 6000);
}

static void Matches(void) {
    for (ULONG Edge = 8; Edge < 3000; Edge *= 2) {
        for (ULONG Position = Edge - 1; Position <= Edge + 1; Position++) {
            Print("at %u: ", (unsigned)Position);
            MatchAt(Position, 0x0A5B);
        }
    }
}

static void Fragment(const void *Bytes, ULONG Length, ULONG Offset, ULONG Room) {
    ULONG Final = 0xDEAD;
    memset(Output, 0xCC, sizeof(Output));
    NTSTATUS Status =
        RtlDecompressFragment(2, Output, Room, Bytes, Length, Offset, &Final, WorkSpace);
    Print("fragment %u, %u: %08x %x, crc %08x\n", (unsigned)Offset, (unsigned)Room,
          (unsigned)Status, (unsigned)Final,
          (unsigned)RtlComputeCrc32(0, Output, Final <= Room ? Final : 16));
}

static void Compressing(void) {
    ULONG Length = 0xDEAD, Final = 0xDEAD, Compress, Piece;
    for (ULONG Format = 0; Format < 6; Format++) {
        Print("format %u: %08x %08x %08x %08x\n", (unsigned)Format,
              (unsigned)RtlGetCompressionWorkSpaceSize((USHORT)Format, &Compress, &Piece),
              (unsigned)RtlCompressBuffer((USHORT)Format, "winewine", 8, Output, 100, 4096, &Length,
                                          WorkSpace),
              (unsigned)RtlDecompressBuffer((USHORT)Format, Output, 100, "\x03\x30wine", 6, &Final),
              (unsigned)RtlDecompressFragment((USHORT)Format, Output, 100, "\x03\x30wine", 6, 0,
                                              &Final, WorkSpace));
    }
    ShowStatus("engine 200", RtlGetCompressionWorkSpaceSize(0x202, &Compress, &Piece));
    ShowStatus("engine 100", RtlGetCompressionWorkSpaceSize(0x102, &Compress, &Piece));
    Check("work spaces", Compress != 0 && Compress <= sizeof(WorkSpace) && Piece == 4096);
    ShowStatus("no room", RtlCompressBuffer(2, Data, 100, Packed, 1, 4096, &Length, WorkSpace));
    ShowStatus("nothing", RtlCompressBuffer(2, Data, 0, Packed, 100, 4096, &Length, WorkSpace));
    Print("%u bytes\n", (unsigned)Length);
    ShowStatus("all", RtlCompressBuffer(2, Data, sizeof(Data), Packed, sizeof(Packed), 4096,
                                        &Length, WorkSpace));
    ShowStatus("back", RtlDecompressBuffer(2, Output, sizeof(Output), Packed, Length, &Final));
    Print("%u bytes, crc %08x\n", (unsigned)Final, (unsigned)RtlComputeCrc32(0, Output, Final));
    for (ULONG Offset = 0; Offset < 22000; Offset += 1500) {
        Fragment(Packed, Length, Offset, 6000);
    }
    for (ULONG Offset = 0; Offset < 4104; Offset += Offset < 5 ? 1 : 4085) {
        Fragment("\x03\x30wine\x03\x30WINE", 12, Offset, 60);
        Fragment("\x03\x30wine\x03\x30WI", 10, Offset, 60);
    }
}

/* A stream that another encoder made: the example of [MS-XCA] 3.3. */
static void Example(void) {
    static const char Stream[] =
        "\x38\xb0\x88\x46\x23\x20\x00\x20\x47\x20\x41\x00\x10\xa2\x47\x01\xa0\x45\x20\x44\x00\x08"
        "\x45\x01\x50\x79\x00\xc0\x45\x20\x05\x24\x13\x88\x05\xb4\x02\x4a\x44\xef\x03\x58\x02\x8c"
        "\x09\x16\x01\x48\x45\x00\xbe\x00\x9e\x00\x04\x01\x18\x90\x00";
    ULONG Final = 0;
    ShowStatus("example", RtlDecompressBuffer(2, Output, 1000, Stream, sizeof(Stream) - 1, &Final));
    Print("%u: %s\n", (unsigned)Final, (char *)Output);
}

void Start(void) {
    Fill();
    Digests();
    Numbers();
    Decoding();
    Matches();
    Compressing();
    Example();
    Exit(0);
}
