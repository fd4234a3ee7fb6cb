// sources: rtl/compress/lznt1.c rtl/compress/lznt1enc.c rtl/compress/compress.c
//
// LZNT1: the example of [MS-XCA] 3.3, what is compressed comes back, and damaged input in blocks whose
// end AddressSanitizer guards.

#include <string.h>

#include "host.h"
#include "ntrtlcompress.h"

#define LZNT1 COMPRESSION_FORMAT_LZNT1
#define CHUNK 4096u

static PVOID WorkSpace(USHORT Format) {
    ULONG Compress, Fragment;
    CHECK_EQ(RtlGetCompressionWorkSpaceSize(Format, &Compress, &Fragment), STATUS_SUCCESS);
    CHECK_EQ(Fragment, CHUNK);
    return malloc(Compress);
}

/* Data of one of several kinds: noise, few letters, runs, text that repeats with changes. */
static PUCHAR MakeData(ULONG Length) {
    PUCHAR Data = malloc(Length + 1);
    int Kind = rand() % 5;
    ULONG Period = 1 + (ULONG)rand() % 5000;
    for (ULONG i = 0; i < Length; i++) {
        switch (Kind) {
        case 0:
            Data[i] = (UCHAR)rand();
            break;
        case 1:
            Data[i] = (UCHAR)("ab"[rand() % 2]);
            break;
        case 2:
            Data[i] = (UCHAR)(i / 1000);
            break;
        default:
            Data[i] = i < Period || rand() % 50 == 0 ? (UCHAR)rand() : Data[i - Period];
            break;
        }
    }
    return Data;
}

/* Compresses into a block of Room bytes exactly, and shrinks it to the result. */
static PUCHAR Compress(USHORT Format, const UCHAR *Data, ULONG Length, ULONG Room, PULONG Size,
                       NTSTATUS *Status) {
    PUCHAR Output = malloc(Room + 1);
    PVOID Space = WorkSpace(Format);
    PUCHAR Result = NULL;
    *Size = 0;
    *Status = RtlCompressBuffer(Format, Data, Length, Output, Room, CHUNK, Size, Space);
    if (*Status >= 0) {
        CHECK(*Size <= Room);
        Result = malloc(*Size + 1);
        memcpy(Result, Output, *Size);
    }
    free(Space);
    free(Output);
    return Result;
}

TEST(example_of_the_specification) {
    static const char Text[] = "F# F# G A A G F# E D D E F# F# E E F# F# G A A G F# E D D E F# E D "
                               "D E E F# D E F# G F# D E "
                               "F# G F# E D E A F# F# G A A G F# E D D E F# E D D";
    static const UCHAR Packed[] = {
        0x38, 0xB0, 0x88, 0x46, 0x23, 0x20, 0x00, 0x20, 0x47, 0x20, 0x41, 0x00, 0x10, 0xA2, 0x47,
        0x01, 0xA0, 0x45, 0x20, 0x44, 0x00, 0x08, 0x45, 0x01, 0x50, 0x79, 0x00, 0xC0, 0x45, 0x20,
        0x05, 0x24, 0x13, 0x88, 0x05, 0xB4, 0x02, 0x4A, 0x44, 0xEF, 0x03, 0x58, 0x02, 0x8C, 0x09,
        0x16, 0x01, 0x48, 0x45, 0x00, 0xBE, 0x00, 0x9E, 0x00, 0x04, 0x01, 0x18, 0x90, 0x00};
    UCHAR Output[sizeof(Text) + 50];
    ULONG Size;
    CHECK_EQ(RtlDecompressBuffer(LZNT1, Output, sizeof(Output), Packed, sizeof(Packed), &Size), 0);
    CHECK_EQ(Size, sizeof(Text));
    CHECK(memcmp(Output, Text, sizeof(Text)) == 0);
}

static void RoundTrip(USHORT Format) {
    ULONG Length = (ULONG)rand() % (rand() % 2 ? 30000u : 300u);
    PUCHAR Data = MakeData(Length), Output = malloc(Length + 1), Packed;
    ULONG Size, Final = 0;
    NTSTATUS Status;
    Packed = Compress(Format, Data, Length, Length + 2 * (Length / CHUNK + 1), &Size, &Status);
    CHECK(Status == STATUS_SUCCESS || Status == STATUS_BUFFER_ALL_ZEROS);
    if (Length != 0) {
        CHECK_EQ(RtlDecompressBuffer(LZNT1, Output, Length, Packed, Size, &Final), STATUS_SUCCESS);
    }
    CHECK_EQ(Final, Length);
    CHECK(memcmp(Output, Data, Length) == 0);
    free(Packed);
    Packed = Compress(Format, Data, Length, (ULONG)rand() % (Size + 1), &Final, &Status);
    CHECK(Status == STATUS_BUFFER_TOO_SMALL || Final == Size);
    free(Packed);
    free(Output);
    free(Data);
}

TEST(what_is_compressed_comes_back) {
    srand(1);
    for (int Round = 0; Round < 1000; Round++) {
        RoundTrip(LZNT1);
        RoundTrip(LZNT1 | COMPRESSION_ENGINE_MAXIMUM);
    }
}

TEST(text_becomes_shorter) {
    static UCHAR Data[8 * CHUNK];
    NTSTATUS Status;
    ULONG Standard, Maximum;
    for (ULONG i = 0; i < sizeof(Data); i++) {
        Data[i] =
            (UCHAR)("the quick brown fox jumps over the lazy dog "[i % 44 * (i / 7 % 3) % 44]);
    }
    free(Compress(LZNT1, Data, sizeof(Data), sizeof(Data), &Standard, &Status));
    free(Compress(LZNT1 | COMPRESSION_ENGINE_MAXIMUM, Data, sizeof(Data), sizeof(Data), &Maximum,
                  &Status));
    CHECK(Standard < sizeof(Data) / 4);
    CHECK(Maximum <= Standard);
    memset(Data, 0, sizeof(Data));
    free(Compress(LZNT1, Data, sizeof(Data), sizeof(Data), &Standard, &Status));
    CHECK_EQ(Status, STATUS_BUFFER_ALL_ZEROS);
    CHECK_EQ(Standard, 8 * 6); /* header, flags, a zero and a match for the other 4,095 */
}

TEST(fragments) {
    PVOID Space = malloc(CHUNK);
    srand(2);
    for (int Round = 0; Round < 2000; Round++) {
        ULONG Length = 1 + (ULONG)rand() % 20000;
        ULONG Offset = (ULONG)rand() % (Length + 5000), Room = (ULONG)rand() % 9000;
        ULONG Wanted = Offset < Length ? min(Room, Length - Offset) : 0;
        PUCHAR Data = MakeData(Length), Output = malloc(Room + 1), Packed;
        ULONG Size, Final;
        NTSTATUS Status;
        Packed = Compress(LZNT1, Data, Length, Length + 2 * (Length / CHUNK + 1), &Size, &Status);
        CHECK_EQ(RtlDecompressFragment(LZNT1, Output, Room, Packed, Size, Offset, &Final, Space),
                 0);
        CHECK_EQ(Final, Wanted);
        CHECK(memcmp(Output, Data + min(Offset, Length), Wanted) == 0);
        free(Packed);
        free(Output);
        free(Data);
    }
    free(Space);
}

/* Whatever the input is: a status, and never a byte outside the blocks. */
TEST(damaged_input) {
    PVOID Space = malloc(CHUNK);
    ULONG Bad = 0, Rounds = 20000;
    srand(3);
    for (ULONG Round = 0; Round < Rounds; Round++) {
        ULONG Length = (ULONG)rand() % 6000, Room = (ULONG)rand() % 9000, Size, Final = 0;
        PUCHAR Data = MakeData(Length), Output = malloc(Room + 1), Packed, Exact;
        NTSTATUS Status;
        Packed = Compress(LZNT1, Data, Length, Length + 4, &Size, &Status);
        for (int n = rand() % 4; n > 0 && Size != 0; n--) {
            Packed[(ULONG)rand() % (rand() % 2 ? Size : min(Size, 8u))] = (UCHAR)rand();
        }
        Size = rand() % 3 ? Size : (ULONG)rand() % (Size + 1);
        Exact = malloc(Size + (Size == 0));
        memcpy(Exact, Packed, Size);
        Status = rand() % 2 ? RtlDecompressBuffer(LZNT1, Output, Room, Exact, Size, &Final)
                            : RtlDecompressFragment(LZNT1, Output, Room, Exact, Size,
                                                    (ULONG)rand() % 9000, &Final, Space);
        CHECK(Status == STATUS_SUCCESS || Status == STATUS_BAD_COMPRESSION_BUFFER);
        CHECK(Final <= Room);
        Bad += Status != STATUS_SUCCESS;
        free(Exact);
        free(Packed);
        free(Output);
        free(Data);
    }
    CHECK(Bad > Rounds / 20 && Bad < Rounds);
    free(Space);
}

TEST(formats_and_engines) {
    ULONG One = 1, Two = 2;
    CHECK_EQ(RtlGetCompressionWorkSpaceSize(0, &One, &Two), STATUS_INVALID_PARAMETER);
    CHECK_EQ(RtlGetCompressionWorkSpaceSize(1, &One, &Two), STATUS_INVALID_PARAMETER);
    CHECK_EQ(RtlGetCompressionWorkSpaceSize(3, &One, &Two), STATUS_UNSUPPORTED_COMPRESSION);
    CHECK_EQ(RtlGetCompressionWorkSpaceSize(0x202, &One, &Two), STATUS_UNSUPPORTED_COMPRESSION);
    CHECK(One == 1 && Two == 2);
}
