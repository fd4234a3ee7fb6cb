/*
 * time.c - system time and calendar
 *
 * System time counts units of 100 ns since 1 January 1601, the first day of a 400-year cycle of the
 * Gregorian calendar. A date is turned into a number of days with the year taken to begin in March,
 * so that the leap day is the last of its year and the months before it repeat in a fixed pattern.
 *
 * Any IRQL. Source: WDK, RtlTimeToTimeFields and its neighbours.
 */
#include "ntdef.h"
#include "ntrtl.h"

#define TICKS_PER_MILLISECOND 10000LL
#define TICKS_PER_SECOND      10000000LL
#define SECONDS_PER_DAY       86400
#define TICKS_PER_DAY         (SECONDS_PER_DAY * TICKS_PER_SECOND)

#define DAYS_PER_400_YEARS 146097
#define DAYS_PER_100_YEARS 36524
#define DAYS_PER_4_YEARS   1461
#define DAYS_PER_YEAR      365

/* From 1 March 1600 to 1 January 1601. */
#define DAYS_MARCH_1600_TO_1601 306

#define SECONDS_1601_TO_1970 11644473600LL
#define SECONDS_1601_TO_1980 11960006400LL

static BOOLEAN RtlpIsLeapYear(LONG Year) {
    return Year % 4 == 0 && (Year % 100 != 0 || Year % 400 == 0);
}

static LONG RtlpDaysInMonth(LONG Year, LONG Month) {
    static const UCHAR Days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return Days[Month - 1] + (Month == 2 && RtlpIsLeapYear(Year) ? 1 : 0);
}

static VOID RtlpSetTimeOfDay(PTIME_FIELDS TimeFields, LONG64 Ticks) {
    LONG Milliseconds = (LONG)(Ticks / TICKS_PER_MILLISECOND);
    LONG Seconds = Milliseconds / 1000;

    TimeFields->Milliseconds = (SHORT)(Milliseconds % 1000);
    TimeFields->Second = (SHORT)(Seconds % 60);
    TimeFields->Minute = (SHORT)(Seconds / 60 % 60);
    TimeFields->Hour = (SHORT)(Seconds / 3600);
}

/* Days since 1 January 1601 to a date. */
static VOID RtlpSetDate(PTIME_FIELDS TimeFields, LONG64 Days) {
    LONG64 Day = Days + DAYS_MARCH_1600_TO_1601;
    LONG64 Cycle = Day / DAYS_PER_400_YEARS;
    LONG Rest = (LONG)(Day % DAYS_PER_400_YEARS);
    LONG Century = min(Rest / DAYS_PER_100_YEARS, 3);
    LONG Leap, Year, Month;

    Rest -= Century * DAYS_PER_100_YEARS;
    Leap = Rest / DAYS_PER_4_YEARS;
    Rest -= Leap * DAYS_PER_4_YEARS;
    Year = min(Rest / DAYS_PER_YEAR, 3);
    Rest -= Year * DAYS_PER_YEAR;
    Month = (5 * Rest + 2) / 153; /* 0 is March; five months have 153 days */
    TimeFields->Day = (SHORT)(Rest - (153 * Month + 2) / 5 + 1);
    TimeFields->Month = (SHORT)(Month < 10 ? Month + 3 : Month - 9);
    TimeFields->Year =
        (SHORT)(1600 + Cycle * 400 + Century * 100 + Leap * 4 + Year + (Month >= 10 ? 1 : 0));
}

/* RtlTimeToTimeFields - the date and time of a system time; a negative time counts as 0. */
VOID NTAPI RtlTimeToTimeFields(_In_ PLARGE_INTEGER Time, _Out_ PTIME_FIELDS TimeFields) {
    LONG64 Ticks = max(Time->QuadPart, 0);
    LONG64 Days = Ticks / TICKS_PER_DAY;

    RtlpSetTimeOfDay(TimeFields, Ticks % TICKS_PER_DAY);
    RtlpSetDate(TimeFields, Days);
    TimeFields->Weekday = (SHORT)((Days + 1) % 7); /* 1 January 1601 was a Monday */
}

static BOOLEAN RtlpAreValidTimeFields(const TIME_FIELDS *Fields) {
    return Fields->Milliseconds >= 0 && Fields->Milliseconds <= 999 && Fields->Second >= 0 &&
           Fields->Second <= 59 && Fields->Minute >= 0 && Fields->Minute <= 59 &&
           Fields->Hour >= 0 && Fields->Hour <= 23 && Fields->Month >= 1 && Fields->Month <= 12 &&
           Fields->Year >= 1601 && Fields->Day >= 1 &&
           Fields->Day <= RtlpDaysInMonth(Fields->Year, Fields->Month);
}

static LONG64 RtlpDaysSince1601(const TIME_FIELDS *Fields) {
    LONG Month = Fields->Month < 3 ? Fields->Month + 9 : Fields->Month - 3;
    LONG64 Year = Fields->Year - (Fields->Month < 3 ? 1 : 0) - 1600;

    return Year * DAYS_PER_YEAR + Year / 4 - Year / 100 + Year / 400 + (153 * Month + 2) / 5 +
           Fields->Day - 1 - DAYS_MARCH_1600_TO_1601;
}

/*
 * RtlTimeFieldsToTime - the system time of a date; Weekday is not looked at. FALSE: a field is out
 * of its range, or the date before 1601 or past the end of system time (14 September 30828).
 */
BOOLEAN NTAPI RtlTimeFieldsToTime(_In_ PTIME_FIELDS TimeFields, _Out_ PLARGE_INTEGER Time) {
    LONG64 Seconds;
    LONG64 Ticks;

    if (!RtlpAreValidTimeFields(TimeFields)) {
        return FALSE;
    }
    Seconds = RtlpDaysSince1601(TimeFields) * SECONDS_PER_DAY + TimeFields->Hour * 3600 +
              TimeFields->Minute * 60 + TimeFields->Second;
    if (__builtin_mul_overflow(Seconds, TICKS_PER_SECOND, &Ticks) ||
        __builtin_add_overflow(Ticks, TimeFields->Milliseconds * TICKS_PER_MILLISECOND, &Ticks)) {
        return FALSE;
    }
    Time->QuadPart = Ticks;
    return TRUE;
}

/* RtlTimeToElapsedTimeFields - a span of time as days, hours and so on; no year, no month. */
VOID NTAPI RtlTimeToElapsedTimeFields(_In_ PLARGE_INTEGER Time, _Out_ PTIME_FIELDS TimeFields) {
    LONG64 Ticks = max(Time->QuadPart, 0);

    memset(TimeFields, 0, sizeof(*TimeFields));
    RtlpSetTimeOfDay(TimeFields, Ticks % TICKS_PER_DAY);
    TimeFields->Day = (SHORT)(Ticks / TICKS_PER_DAY);
}

static BOOLEAN RtlpSecondsSince(const LARGE_INTEGER *Time, LONG64 Base, PULONG ElapsedSeconds) {
    LONG64 Seconds = Time->QuadPart / TICKS_PER_SECOND - Base;

    if (Time->QuadPart < 0 || Seconds < 0 || Seconds > MAXULONG) {
        return FALSE;
    }
    *ElapsedSeconds = (ULONG)Seconds;
    return TRUE;
}

/* RtlTimeToSecondsSince1970 - FALSE if the time is before 1970 or past 7 February 2106. */
BOOLEAN NTAPI RtlTimeToSecondsSince1970(_In_ PLARGE_INTEGER Time, _Out_ PULONG ElapsedSeconds) {
    return RtlpSecondsSince(Time, SECONDS_1601_TO_1970, ElapsedSeconds);
}

BOOLEAN NTAPI RtlTimeToSecondsSince1980(_In_ PLARGE_INTEGER Time, _Out_ PULONG ElapsedSeconds) {
    return RtlpSecondsSince(Time, SECONDS_1601_TO_1980, ElapsedSeconds);
}

VOID NTAPI RtlSecondsSince1970ToTime(_In_ ULONG ElapsedSeconds, _Out_ PLARGE_INTEGER Time) {
    Time->QuadPart = (SECONDS_1601_TO_1970 + ElapsedSeconds) * TICKS_PER_SECOND;
}

VOID NTAPI RtlSecondsSince1980ToTime(_In_ ULONG ElapsedSeconds, _Out_ PLARGE_INTEGER Time) {
    Time->QuadPart = (SECONDS_1601_TO_1980 + ElapsedSeconds) * TICKS_PER_SECOND;
}
