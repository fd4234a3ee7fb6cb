/* RtlNtStatusToDosError: the statuses that programs meet. */
#include "nt.h"

static const NTSTATUS Statuses[] = {
    0,          STATUS_TIMEOUT, STATUS_PENDING, 0x80000005, 0x80000006, 0x8000001A, 0xC0000001,
    0xC0000002, 0xC0000003,     0xC0000004,     0xC0000005, 0xC0000008, 0xC000000D, 0xC000000E,
    0xC000000F, 0xC0000010,     0xC0000011,     0xC0000017, 0xC0000018, 0xC000001C, 0xC000001E,
    0xC0000022, 0xC0000023,     0xC0000024,     0xC0000033, 0xC0000034, 0xC0000035, 0xC0000039,
    0xC000003A, 0xC000003B,     0xC0000043,     0xC0000045, 0xC000007B, 0xC000007C, 0xC000009A,
    0xC00000A0, 0xC00000BA,     0xC00000BB,     0xC00000FD, 0xC0000101, 0xC0000103, 0xC000010A,
    0xC0000120, 0xC0000121,     0xC0000135,     0xC0000138, 0xC0000139, 0xC0000142, 0xC0000225,
    0xC0000257,
};

void Start(void) {
    for (ULONG i = 0; i < sizeof(Statuses) / sizeof(Statuses[0]); i++) {
        Print("%08x %u\n", (unsigned)Statuses[i], RtlNtStatusToDosError(Statuses[i]));
    }
    Exit(0);
}
