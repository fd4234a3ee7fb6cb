// sources: rtl/time.c
//
// The calendar: every day from 1601 to 30828, leap years, the ends of what can be represented.

#include "host.h"

#define TICKS_PER_DAY 864000000000LL

static TIME_FIELDS Fields(LONG64 Ticks) {
    LARGE_INTEGER Time = {.QuadPart = Ticks};
    TIME_FIELDS Result;
    RtlTimeToTimeFields(&Time, &Result);
    return Result;
}

static int IsDate(TIME_FIELDS Is, int Year, int Month, int Day) {
    return Is.Year == Year && Is.Month == Month && Is.Day == Day;
}

TEST(the_first_instant) {
    TIME_FIELDS First = Fields(0);
    CHECK(IsDate(First, 1601, 1, 1) && First.Weekday == 1 && First.Hour == 0);
    First = Fields(9999);
    CHECK_EQ(First.Milliseconds, 0);
    First = Fields(TICKS_PER_DAY - 1);
    CHECK(First.Hour == 23 && First.Minute == 59 && First.Second == 59 &&
          First.Milliseconds == 999);
}

TEST(the_last_instant) {
    TIME_FIELDS Last = Fields(MAXLONGLONG);
    LARGE_INTEGER Time;
    CHECK(IsDate(Last, 30828, 9, 14) && Last.Hour == 2 && Last.Minute == 48 && Last.Second == 5 &&
          Last.Milliseconds == 477 && Last.Weekday == 4);
    CHECK(RtlTimeFieldsToTime(&Last, &Time));
    CHECK_EQ(Time.QuadPart, MAXLONGLONG / 10000 * 10000);
    Last.Second = 6;
    CHECK(!RtlTimeFieldsToTime(&Last, &Time));
}

TEST(negative_times_do_not_crash) {
    TIME_FIELDS Before = Fields(-MAXLONGLONG - 1);
    CHECK(IsDate(Before, 1601, 1, 1));
}

TEST(every_day_both_ways) {
    static const int Month[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int Year = 1601, At = 1, Day = 1, Weekday = 1;
    for (LONG64 Days = 0; Days < 10675199; Days++) {
        TIME_FIELDS Is = Fields(Days * TICKS_PER_DAY + 123 * 10000);
        LARGE_INTEGER Back;
        int Leap = Year % 4 == 0 && (Year % 100 != 0 || Year % 400 == 0);
        CHECK(IsDate(Is, Year, At, Day) && Is.Weekday == Weekday);
        CHECK(RtlTimeFieldsToTime(&Is, &Back));
        CHECK(Back.QuadPart == Days * TICKS_PER_DAY + 123 * 10000);
        Weekday = (Weekday + 1) % 7;
        if (++Day > Month[At - 1] + (At == 2 && Leap)) {
            Day = 1;
            if (++At > 12) {
                At = 1;
                Year++;
            }
        }
    }
}

static BOOLEAN Valid(TIME_FIELDS Value) {
    LARGE_INTEGER Time;
    return RtlTimeFieldsToTime(&Value, &Time);
}

TEST(invalid_fields) {
    TIME_FIELDS Good = {2024, 2, 29, 12, 30, 15, 500, 99};
    TIME_FIELDS Bad;
    CHECK(Valid(Good));
#define REFUSED(Field, Value) (Bad = Good, Bad.Field = (Value), !Valid(Bad))
    CHECK(REFUSED(Year, 1600) && REFUSED(Year, 2023) && REFUSED(Year, 2100) && REFUSED(Year, -1));
    CHECK(REFUSED(Month, 0) && REFUSED(Month, 13) && REFUSED(Day, 0) && REFUSED(Day, 30));
    CHECK(REFUSED(Hour, 24) && REFUSED(Hour, -1) && REFUSED(Minute, 60) && REFUSED(Second, 60));
    CHECK(REFUSED(Milliseconds, 1000) && REFUSED(Milliseconds, -1));
    CHECK(REFUSED(Year, 32767) && !REFUSED(Year, 30828));
}

TEST(seconds_since_1970) {
    LARGE_INTEGER Time;
    ULONG Seconds = 7;
    RtlSecondsSince1970ToTime(0, &Time);
    CHECK_EQ(Time.QuadPart, 116444736000000000LL);
    CHECK(RtlTimeToSecondsSince1970(&Time, &Seconds) && Seconds == 0);
    Time.QuadPart--;
    CHECK(!RtlTimeToSecondsSince1970(&Time, &Seconds));
    RtlSecondsSince1970ToTime(MAXULONG, &Time);
    CHECK(RtlTimeToSecondsSince1970(&Time, &Seconds) && Seconds == MAXULONG);
    Time.QuadPart += 10000000;
    CHECK(!RtlTimeToSecondsSince1970(&Time, &Seconds));
    RtlSecondsSince1980ToTime(0, &Time);
    CHECK(IsDate(Fields(Time.QuadPart), 1980, 1, 1));
    CHECK(RtlTimeToSecondsSince1980(&Time, &Seconds) && Seconds == 0);
    Time.QuadPart = -5;
    CHECK(!RtlTimeToSecondsSince1970(&Time, &Seconds));
}
