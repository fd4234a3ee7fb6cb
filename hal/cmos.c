/*
 * cmos.c - the battery clock (MC146818 and its descendants)
 *
 * Registers hold the time as BCD or binary, in 12 or 24 hour form, as status register B says. While
 * the clock updates them (once a second, announced by a bit) they are unsteady, so they are read
 * twice until both readings agree.
 *
 * The index port is shared with the NMI mask. This runs once, at start, on the boot processor; that
 * is why the pair of ports needs no lock.
 */
#include "halp.h"

#define CMOS_INDEX        0x70
#define CMOS_DATA         0x71
#define CMOS_STATUS_A     0x0A
#define CMOS_STATUS_B     0x0B
#define STATUS_A_UPDATING 0x80
#define STATUS_B_24_HOUR  0x02
#define STATUS_B_BINARY   0x04
#define HOUR_PM           0x80
#define READ_TRIES        1000
#define UPDATE_TRIES      100000

enum {
    CmosSecond,
    CmosMinute,
    CmosHour,
    CmosDay,
    CmosMonth,
    CmosYear,
    CmosWeekday,
    CmosCentury,
    CmosFields
};

static const UCHAR HalpCmosRegister[CmosFields] = {0x00, 0x02, 0x04, 0x07, 0x08, 0x09, 0x06, 0x00};

static UCHAR HalpReadCmos(UCHAR Register) {
    WRITE_PORT_UCHAR(CMOS_INDEX, Register);
    return READ_PORT_UCHAR(CMOS_DATA);
}

static VOID HalpReadCmosTime(PUCHAR Fields) {
    for (ULONG Try = 0; Try < UPDATE_TRIES; Try++) {
        if ((HalpReadCmos(CMOS_STATUS_A) & STATUS_A_UPDATING) == 0) {
            break;
        }
    }
    for (ULONG Field = 0; Field < CmosCentury; Field++) {
        Fields[Field] = HalpReadCmos(HalpCmosRegister[Field]);
    }
    Fields[CmosCentury] =
        HalpAcpi.CenturyRegister != 0 ? HalpReadCmos(HalpAcpi.CenturyRegister) : 0;
}

static BOOLEAN HalpReadSteadyTime(PUCHAR Fields) {
    UCHAR Again[CmosFields];
    for (ULONG Try = 0; Try < READ_TRIES; Try++) {
        BOOLEAN Same = TRUE;
        HalpReadCmosTime(Fields);
        HalpReadCmosTime(Again);
        for (ULONG Field = 0; Field < CmosFields; Field++) {
            Same = Same && Fields[Field] == Again[Field];
        }
        if (Same) {
            return TRUE;
        }
    }
    return FALSE;
}

static VOID HalpConvertTime(PUCHAR Fields, UCHAR StatusB) {
    BOOLEAN Afternoon = (StatusB & STATUS_B_24_HOUR) == 0 && (Fields[CmosHour] & HOUR_PM);
    if ((StatusB & STATUS_B_24_HOUR) == 0) {
        Fields[CmosHour] &= (UCHAR)~HOUR_PM;
    }
    if ((StatusB & STATUS_B_BINARY) == 0) {
        for (ULONG Field = 0; Field < CmosFields; Field++) {
            Fields[Field] = (UCHAR)((Fields[Field] >> 4) * 10 + (Fields[Field] & 0xF));
        }
    }
    if ((StatusB & STATUS_B_24_HOUR) == 0) {
        Fields[CmosHour] = (UCHAR)(Fields[CmosHour] % 12 + (Afternoon ? 12 : 0));
    }
}

BOOLEAN HalQueryRealTimeClock(_Out_ PTIME_FIELDS TimeFields) {
    UCHAR Fields[CmosFields];
    if (!HalpReadSteadyTime(Fields)) {
        return FALSE;
    }
    HalpConvertTime(Fields, HalpReadCmos(CMOS_STATUS_B));
    /* Without a usable century the sliding window of the PC/AT holds: 1980 to 2079. */
    BOOLEAN CenturyKnown = Fields[CmosCentury] >= 19 && Fields[CmosCentury] <= 29;
    ULONG Century = CenturyKnown ? Fields[CmosCentury] : Fields[CmosYear] < 80 ? 20 : 19;
    if (Fields[CmosSecond] > 59 || Fields[CmosMinute] > 59 || Fields[CmosHour] > 23 ||
        Fields[CmosDay] < 1 || Fields[CmosDay] > 31 || Fields[CmosMonth] < 1 ||
        Fields[CmosMonth] > 12 || Fields[CmosYear] > 99) {
        return FALSE;
    }
    TimeFields->Year = (SHORT)(Century * 100 + Fields[CmosYear]);
    TimeFields->Month = Fields[CmosMonth];
    TimeFields->Day = Fields[CmosDay];
    TimeFields->Hour = Fields[CmosHour];
    TimeFields->Minute = Fields[CmosMinute];
    TimeFields->Second = Fields[CmosSecond];
    TimeFields->Milliseconds = 0;
    TimeFields->Weekday =
        Fields[CmosWeekday] >= 1 && Fields[CmosWeekday] <= 7 ? (SHORT)(Fields[CmosWeekday] - 1) : 0;
    return TRUE;
}
