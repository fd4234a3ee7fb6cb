// sources: rtl/hash/hash.c rtl/hash/md4.c rtl/hash/md5.c rtl/hash/sha1.c rtl/hash/crc.c
//
// Digests and checksums: the test vectors of RFC 1320, RFC 1321, RFC 3174 and RFC 3720, and the same
// digest however a message is cut.

#include <string.h>

#include "host.h"
#include "ntrtlhash.h"

static const char *Hex(const UCHAR *Bytes, ULONG Length) {
    static char Text[2 * A_SHA_DIGEST_LENGTH + 1];
    for (ULONG i = 0; i < Length; i++) {
        snprintf(Text + 2 * i, 3, "%02x", Bytes[i]);
    }
    return Text;
}

/* The digest of a message that is given in pieces of Piece bytes. */
static const char *Md4(const void *Message, ULONG Length, ULONG Piece) {
    MD4_CTX Context;
    MD4Init(&Context);
    for (ULONG i = 0; i < Length; i += Piece) {
        MD4Update(&Context, (const UCHAR *)Message + i, min(Piece, Length - i));
    }
    MD4Final(&Context);
    return Hex(Context.Digest, MD_DIGEST_LENGTH);
}

static const char *Md5(const void *Message, ULONG Length, ULONG Piece) {
    MD5_CTX Context;
    MD5Init(&Context);
    for (ULONG i = 0; i < Length; i += Piece) {
        MD5Update(&Context, (const UCHAR *)Message + i, min(Piece, Length - i));
    }
    MD5Final(&Context);
    return Hex(Context.Digest, MD_DIGEST_LENGTH);
}

static const char *Sha1(const void *Message, ULONG Length, ULONG Piece) {
    A_SHA_CTX Context;
    UCHAR Digest[A_SHA_DIGEST_LENGTH];
    A_SHAInit(&Context);
    for (ULONG i = 0; i < Length; i += Piece) {
        A_SHAUpdate(&Context, (const UCHAR *)Message + i, min(Piece, Length - i));
    }
    A_SHAFinal(&Context, Digest);
    return Hex(Digest, A_SHA_DIGEST_LENGTH);
}

#define CHECK_DIGEST(Function, Message, Expected)                                                  \
    CHECK(strcmp(Function(Message, (ULONG)strlen(Message), 7), Expected) == 0)

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
#define DIGITS  "12345678901234567890123456789012345678901234567890123456789012345678901234567890"

TEST(md4_of_rfc_1320) {
    CHECK_DIGEST(Md4, "", "31d6cfe0d16ae931b73c59d7e0c089c0");
    CHECK_DIGEST(Md4, "a", "bde52cb31de33e46245e05fbdbd6fb24");
    CHECK_DIGEST(Md4, "abc", "a448017aaf21d8525fc10ae87aa6729d");
    CHECK_DIGEST(Md4, "message digest", "d9130a8164549fe818874806e1c7014b");
    CHECK_DIGEST(Md4, "abcdefghijklmnopqrstuvwxyz", "d79e1c308aa5bbcdeea8ed63df412da9");
    CHECK_DIGEST(Md4, LETTERS, "043f8582f241db351ce627e153e7f0e4");
    CHECK_DIGEST(Md4, DIGITS, "e33b4ddc9c38f2199c3e7b164fcc0536");
}

TEST(md5_of_rfc_1321) {
    CHECK_DIGEST(Md5, "", "d41d8cd98f00b204e9800998ecf8427e");
    CHECK_DIGEST(Md5, "a", "0cc175b9c0f1b6a831c399e269772661");
    CHECK_DIGEST(Md5, "abc", "900150983cd24fb0d6963f7d28e17f72");
    CHECK_DIGEST(Md5, "message digest", "f96b697d7cb7938d525a2f31aaf161d0");
    CHECK_DIGEST(Md5, "abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b");
    CHECK_DIGEST(Md5, LETTERS, "d174ab98d277d9f5a5611c2c9f419d9f");
    CHECK_DIGEST(Md5, DIGITS, "57edf4a22be3c955ac49da2e2107b67a");
}

TEST(sha1_of_rfc_3174) {
    static char Million[1000000];
    CHECK_DIGEST(Sha1, "", "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    CHECK_DIGEST(Sha1, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d");
    CHECK_DIGEST(Sha1, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                 "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
    memset(Million, 'a', sizeof(Million));
    CHECK(strcmp(Sha1(Million, sizeof(Million), 999), "34aa973cd4c4daa4f61eeb2bdbad27316534016f") ==
          0);
}

/* Lengths around the padding's edges, in pieces of every size. */
TEST(pieces_do_not_matter) {
    static UCHAR Message[200];
    for (ULONG i = 0; i < sizeof(Message); i++) {
        Message[i] = (UCHAR)(i * 37);
    }
    for (ULONG Length = 0; Length < sizeof(Message); Length++) {
        char Whole[3][2 * A_SHA_DIGEST_LENGTH + 1];
        strcpy(Whole[0], Md4(Message, Length, MAXULONG / 2));
        strcpy(Whole[1], Md5(Message, Length, MAXULONG / 2));
        strcpy(Whole[2], Sha1(Message, Length, MAXULONG / 2));
        for (ULONG Piece = 1; Piece < 70; Piece += 3) {
            CHECK(strcmp(Whole[0], Md4(Message, Length, Piece)) == 0);
            CHECK(strcmp(Whole[1], Md5(Message, Length, Piece)) == 0);
            CHECK(strcmp(Whole[2], Sha1(Message, Length, Piece)) == 0);
        }
    }
}

TEST(crc32) {
    CHECK_EQ(RtlComputeCrc32(0, "123456789", 9), 0xCBF43926);
    CHECK_EQ(RtlComputeCrc32(0, "", 0), 0);
    CHECK_EQ(RtlComputeCrc32(RtlComputeCrc32(0, "1234", 4), "56789", 5), 0xCBF43926);
}
