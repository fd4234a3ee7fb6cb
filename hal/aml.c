/*
 * aml.c - the one fact needed from the firmware's byte code: how to power off
 *
 * The value that the PM1 control register needs for sleep state S5 is in the package \_S5_ of the
 * DSDT, in ACPI machine language (ACPI 6.5, chapter 20). A full interpreter would be longer than
 * the rest of the HAL. The package is always a constant, so it is enough to find its definition:
 *
 *     NameOp(08) ['\'] '_' 'S' '5' '_'  PackageOp(12)  PkgLength  NumElements  element element ...
 *
 * An element is ZeroOp (00), OneOp (01) or BytePrefix (0A) and a byte.
 */
#include "halp.h"

#define AML_ZERO    0x00
#define AML_ONE     0x01
#define AML_NAME    0x08
#define AML_BYTE    0x0A
#define AML_PACKAGE 0x12
#define S5_NAME     ACPI_SIGNATURE('_', 'S', '5', '_')

typedef struct _AML_CURSOR {
    const UCHAR *Next;
    const UCHAR *End;
} AML_CURSOR, *PAML_CURSOR;

/* Returns the next byte, or FFh past the end; no construct read here starts with FFh. */
static UCHAR HalpNextAmlByte(PAML_CURSOR Cursor) {
    return Cursor->Next < Cursor->End ? *Cursor->Next++ : 0xFF;
}

static BOOLEAN HalpReadAmlInteger(PAML_CURSOR Cursor, PUCHAR Value) {
    UCHAR Op = HalpNextAmlByte(Cursor);
    if (Op == AML_ZERO || Op == AML_ONE) {
        *Value = Op;
        return TRUE;
    }
    if (Op == AML_BYTE && Cursor->Next < Cursor->End) {
        *Value = HalpNextAmlByte(Cursor);
        return TRUE;
    }
    return FALSE;
}

/* Reads the package that follows the name. A sleep type has three bits. */
static BOOLEAN HalpReadSleepPackage(PAML_CURSOR Cursor, PUCHAR TypeA, PUCHAR TypeB) {
    if (HalpNextAmlByte(Cursor) != AML_PACKAGE) {
        return FALSE;
    }
    UCHAR Lead = HalpNextAmlByte(Cursor);
    for (ULONG Follow = Lead >> 6; Follow != 0; Follow--) {
        HalpNextAmlByte(Cursor);
    }
    UCHAR Elements = HalpNextAmlByte(Cursor);
    if (Elements == 0 || !HalpReadAmlInteger(Cursor, TypeA)) {
        return FALSE;
    }
    *TypeB = *TypeA;
    if (Elements > 1 && !HalpReadAmlInteger(Cursor, TypeB)) {
        return FALSE;
    }
    return *TypeA < 8 && *TypeB < 8;
}

BOOLEAN HalpFindSleepType(_In_reads_bytes_(Length) const UCHAR *Aml, _In_ ULONG Length,
                          _Out_ PUCHAR TypeA, _Out_ PUCHAR TypeB) {
    *TypeA = *TypeB = 0;
    for (ULONG At = 1; At + 4 <= Length; At++) {
        if (Aml[At] != '_' || *(ULONG __unaligned *)(Aml + At) != S5_NAME) {
            continue;
        }
        BOOLEAN Defined =
            Aml[At - 1] == AML_NAME || (At >= 2 && Aml[At - 1] == '\\' && Aml[At - 2] == AML_NAME);
        AML_CURSOR Cursor = {Aml + At + 4, Aml + Length};
        if (Defined && HalpReadSleepPackage(&Cursor, TypeA, TypeB)) {
            return TRUE;
        }
    }
    return FALSE;
}
