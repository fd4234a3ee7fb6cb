/*
 * errors.c - RtlNtStatusToDosError: the whole table
 *
 * For each facility that has Win32 errors, sixteen codes a line, lines without any left out. Then
 * every facility there can be, by a sum over a few of its codes: which facilities differ is found
 * by the sums of sixteen facilities each.
 */
#include "nt.h"

#define NONE 317 /* ERROR_MR_MID_NOT_FOUND */

NTSYS ULONG NTAPI RtlNtStatusToDosErrorNoTeb(NTSTATUS);

static const USHORT Facilities[] = {0x0000, 0x0001, 0x4000, 0x4001, 0x4002, 0x8000, 0x8001,
                                    0x8009, 0x8013, 0xC000, 0xC001, 0xC002, 0xC003, 0xC007,
                                    0xC00A, 0xC00B, 0xC013, 0xC015, 0xC038, 0x9009};

static void ShowLine(ULONG First) {
    ULONG Errors[16];
    BOOL Any = FALSE;
    for (ULONG i = 0; i < 16; i++) {
        Errors[i] = RtlNtStatusToDosErrorNoTeb((NTSTATUS)(First + i));
        Any |= Errors[i] != NONE;
    }
    if (Any) {
        Print("%08lx", First);
        for (ULONG i = 0; i < 16; i++) {
            Print(" %lu", Errors[i]);
        }
        Print("\n");
    }
}

/* Codes that stand for themselves would fill pages: a few will do. */
static void ShowFacility(ULONG Facility) {
    BOOL Itself = Facility == 0xC001 || Facility == 0xC007;
    for (ULONG Code = 0; Code < (Itself ? 32u : 0x10000u); Code += 16) {
        ShowLine(Facility << 16 | Code);
    }
}

static void ShowSums(ULONG High) {
    static const USHORT Codes[] = {0, 1, 2, 0x22, 0x55, 0x7FF, 0x8000, 0xFFFF};
    ULONG Sum = 0;
    for (ULONG Facility = High; Facility < High + 16; Facility++) {
        for (ULONG i = 0; i < sizeof(Codes) / sizeof(Codes[0]); i++) {
            ULONG Status = Facility << 16 | Codes[i];
            Sum = Sum * 31 + (RtlNtStatusToDosErrorNoTeb((NTSTATUS)Status) ^ NONE);
        }
    }
    if (Sum != 0) {
        Print("%04lx: %08lx\n", High, Sum);
    }
}

void Start(void) {
    for (ULONG i = 0; i < sizeof(Facilities) / sizeof(Facilities[0]); i++) {
        ShowFacility(Facilities[i]);
    }
    /* Customers' codes stand for themselves; one block of those will do. */
    for (ULONG High = 0; High < 0x10000; High += 16) {
        if ((High & 0x2000) == 0 || (High & 0xDFF0) == 0) {
            ShowSums(High);
        }
    }
    ShowStatus("0 by the function that writes the TEB", (NTSTATUS)RtlNtStatusToDosError(0));
    RtlNtStatusToDosError((NTSTATUS)0xC0000022);
    Print("last status %08lx\n", AT(TebPointer(), 0x1250, ULONG));
    RtlNtStatusToDosErrorNoTeb((NTSTATUS)0xC0000023);
    Print("last status %08lx\n", AT(TebPointer(), 0x1250, ULONG));
    Exit(0);
}
