/*
 * cmos.c - the battery clock (MC146818 and its descendants)
 *
 * The registers hold the time in BCD or binary, in 12 or 24 hour form; status register B says
 * which. They are unstable while the clock updates them (once a second, announced by a bit), so
 * they are read twice until both readings agree. If the clock has a century, the FADT names its
 * register.
 *
 * A clock that is absent, never stops updating, or holds an invalid time is ignored.
 *
 * The index port is shared with the NMI mask. This code runs once, during start, on the boot
 * processor, so the pair of ports needs no lock.
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

/* FALSE if an update never ends, which is how an absent clock appears. */
static BOOLEAN HalpAwaitUpdate(VOID) {
    for (ULONG Try = 0; Try < UPDATE_TRIES; Try++) {
        if ((HalpReadCmos(CMOS_STATUS_A) & STATUS_A_UPDATING) == 0) {
            return TRUE;
        }
    }
    return FALSE;
}

static BOOLEAN HalpReadCmosTime(PUCHAR Fields) {
    if (!HalpAwaitUpdate()) {
        return FALSE;
    }
    for (ULONG Field = 0; Field < CmosCentury; Field++) {
        Fields[Field] = HalpReadCmos(HalpCmosRegister[Field]);
    }
    Fields[CmosCentury] =
        HalpAcpi.CenturyRegister != 0 ? HalpReadCmos(HalpAcpi.CenturyRegister) : 0;
    return TRUE;
}

static BOOLEAN HalpReadSteadyTime(PUCHAR Fields) {
    UCHAR Again[CmosFields];
    for (ULONG Try = 0; Try < READ_TRIES; Try++) {
        BOOLEAN Same = TRUE;
        if (!HalpReadCmosTime(Fields) || !HalpReadCmosTime(Again)) {
            return FALSE;
        }
        for (ULONG Field = 0; Field < CmosFields; Field++) {
            Same = Same && Fields[Field] == Again[Field];
        }
        if (Same) {
            return TRUE;
        }
    }
    return FALSE;
}

/* A value that is not BCD becomes FFh, which is invalid in every field. */
static UCHAR HalpFromBcd(UCHAR Value) {
    return (Value & 0xF) <= 9 && Value >> 4 <= 9 ? (UCHAR)((Value >> 4) * 10 + (Value & 0xF))
                                                 : 0xFF;
}

/* 12 am is hour 0 and 12 pm is hour 12. */
static UCHAR HalpFrom12Hours(UCHAR Hour, BOOLEAN Afternoon) {
    return Hour >= 1 && Hour <= 12 ? (UCHAR)(Hour % 12 + (Afternoon ? 12 : 0)) : 0xFF;
}

static VOID HalpConvertTime(PUCHAR Fields, UCHAR StatusB) {
    BOOLEAN TwelveHours = (StatusB & STATUS_B_24_HOUR) == 0;
    BOOLEAN Afternoon = TwelveHours && (Fields[CmosHour] & HOUR_PM);
    if (TwelveHours) {
        Fields[CmosHour] &= (UCHAR)~HOUR_PM;
    }
    if ((StatusB & STATUS_B_BINARY) == 0) {
        for (ULONG Field = 0; Field < CmosFields; Field++) {
            Fields[Field] = HalpFromBcd(Fields[Field]);
        }
    }
    if (TwelveHours) {
        Fields[CmosHour] = HalpFrom12Hours(Fields[CmosHour], Afternoon);
    }
}

static BOOLEAN HalpTimeIsPossible(const UCHAR *Fields) {
    return Fields[CmosSecond] <= 59 && Fields[CmosMinute] <= 59 && Fields[CmosHour] <= 23 &&
           Fields[CmosDay] >= 1 && Fields[CmosDay] <= 31 && Fields[CmosMonth] >= 1 &&
           Fields[CmosMonth] <= 12 && Fields[CmosYear] <= 99;
}

BOOLEAN HalQueryRealTimeClock(_Out_ PTIME_FIELDS TimeFields) {
    UCHAR Fields[CmosFields];
    if (!HalpReadSteadyTime(Fields)) {
        DbgPrint("HAL: no battery clock\n");
        return FALSE;
    }
    HalpConvertTime(Fields, HalpReadCmos(CMOS_STATUS_B));
    if (!HalpTimeIsPossible(Fields)) {
        DbgPrint("HAL: the battery clock holds no time\n");
        return FALSE;
    }
    /* Without a usable century the PC/AT's window applies: 1980 to 2079. */
    BOOLEAN CenturyKnown = Fields[CmosCentury] >= 19 && Fields[CmosCentury] <= 29;
    ULONG Century = CenturyKnown ? Fields[CmosCentury] : Fields[CmosYear] < 80 ? 20 : 19;
    TimeFields->Year = (SHORT)(Century * 100 + Fields[CmosYear]);
    TimeFields->Month = Fields[CmosMonth];
    TimeFields->Day = Fields[CmosDay];
    TimeFields->Hour = Fields[CmosHour];
    TimeFields->Minute = Fields[CmosMinute];
    TimeFields->Second = Fields[CmosSecond];
    TimeFields->Milliseconds = 0;
    TimeFields->Weekday =
        Fields[CmosWeekday] >= 1 && Fields[CmosWeekday] <= 7 ? (SHORT)(Fields[CmosWeekday] - 1) : 0;
    DbgPrint("HAL: battery clock %d-%02d-%02d %02d:%02d:%02d\n", TimeFields->Year,
             TimeFields->Month, TimeFields->Day, TimeFields->Hour, TimeFields->Minute,
             TimeFields->Second);
    return TRUE;
}
