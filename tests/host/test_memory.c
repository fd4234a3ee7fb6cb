// sources:
//
// memmove, memset and memcmp of rtl/memory.c under other names, against byte loops: all lengths
// around the places where their ways part, all offsets, overlapping both ways.

#define memcpy  VitrineMemcpy
#define memmove VitrineMemmove
#define memset  VitrineMemset
#define memcmp  VitrineMemcmp
#include "../../rtl/memory.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp

#include "host.h"

#define AREA 400

static UCHAR Area[AREA], Model[AREA];

static void Prepare(void) {
    for (int Index = 0; Index < AREA; Index++) {
        Area[Index] = Model[Index] = (UCHAR)(Index * 7 + Index / 251);
    }
}

static void CheckModel(void) {
    for (int Index = 0; Index < AREA; Index++) {
        CHECK(Area[Index] == Model[Index]);
    }
}

TEST(move_all_lengths_and_overlaps) {
    for (int Length = 0; Length <= 150; Length++) {
        for (int To = 100; To < 250; To += To < 120 ? 1 : 7) {
            UCHAR Copy[AREA];
            Prepare();
            for (int Index = 0; Index < Length; Index++) {
                Copy[Index] = Model[110 + Index];
            }
            for (int Index = 0; Index < Length; Index++) {
                Model[To + Index] = Copy[Index];
            }
            CHECK(VitrineMemmove(Area + To, Area + 110, (size_t)Length) == Area + To);
            CheckModel();
        }
    }
}

TEST(set_all_lengths) {
    for (int Length = 0; Length <= 150; Length++) {
        for (int At = 100; At < 110; At++) {
            Prepare();
            for (int Index = 0; Index < Length; Index++) {
                Model[At + Index] = 0x5A;
            }
            CHECK(VitrineMemset(Area + At, 0x35A, (size_t)Length) == Area + At);
            CheckModel();
        }
    }
}

TEST(compare_every_difference) {
    for (int Length = 0; Length <= 40; Length++) {
        UCHAR Left[40], Right[40];
        for (int Index = 0; Index < Length; Index++) {
            Left[Index] = Right[Index] = 0x80;
        }
        CHECK_EQ(VitrineMemcmp(Left, Right, (size_t)Length), 0);
        CHECK_EQ(RtlCompareMemory(Left, Right, (SIZE_T)Length), Length);
        for (int Index = 0; Index < Length; Index++) {
            Right[Index] = 0x01;
            CHECK(VitrineMemcmp(Left, Right, (size_t)Length) > 0);
            CHECK(VitrineMemcmp(Right, Left, (size_t)Length) < 0);
            CHECK_EQ(RtlCompareMemory(Left, Right, (SIZE_T)Length), Index);
            Right[Index] = 0x80;
        }
    }
}

TEST(compare_goes_by_the_first_difference) {
    UCHAR Left[8] = {1, 0, 0, 0, 0, 0, 0, 9};
    UCHAR Right[8] = {2, 0, 0, 0, 0, 0, 0, 3};
    CHECK(VitrineMemcmp(Left, Right, 8) < 0);
    CHECK(VitrineMemcmp(Right, Left, 8) > 0);
}

TEST(patterns) {
    ULONG Words[4] = {1, 1, 2, 1};
    CHECK_EQ(RtlCompareMemoryUlong(Words, 16, 1), 8);
    CHECK_EQ(RtlCompareMemoryUlong(Words, 7, 1), 4);
    RtlFillMemoryUlong(Words, 15, 0xA5A5A5A5);
    CHECK(Words[2] == 0xA5A5A5A5 && Words[3] == 1);
    RtlFillMemoryUlonglong(Words, 15, 0x1111222233334444ULL);
    CHECK(Words[0] == 0x33334444 && Words[1] == 0x11112222 && Words[2] == 0xA5A5A5A5);
}
