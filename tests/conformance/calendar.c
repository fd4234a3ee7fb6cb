/* Time conversions, there and back, at the edges. */
#include "nt.h"

static void Show(LONG64 Time) {
    LARGE_INTEGER Value = {.QuadPart = Time}, Back = {.QuadPart = -1};
    TIME_FIELDS_ F;
    ULONG Seconds = 0;
    RtlTimeToTimeFields(&Value, &F);
    Print("%04d-%02d-%02d %02d:%02d:%02d.%03d day %d", F.Year, F.Month, F.Day, F.Hour, F.Minute,
          F.Second, F.Milliseconds, F.Weekday);
    BOOLEAN Valid = RtlTimeFieldsToTime(&F, &Back);
    Print(" back %d same %d", Valid, Back.QuadPart == Time - Time % 10000);
    BOOLEAN Fits = RtlTimeToSecondsSince1970(&Value, &Seconds);
    Print(" 1970 %d %u\n", Fits, Fits ? Seconds : 0);
}

static void Bad(SHORT Year, SHORT Month, SHORT Day, SHORT Hour, SHORT Second) {
    TIME_FIELDS_ F = {Year, Month, Day, Hour, 0, Second, 0, 0};
    LARGE_INTEGER Time;
    Print("%d-%d-%d %d:%d is a time: %d\n", Year, Month, Day, Hour, Second,
          RtlTimeFieldsToTime(&F, &Time));
}

void Start(void) {
    Show(0);
    Show(116444736000000000);
    Show(132223104000000000);
    Show(125911583999990000);
    Show(125963423999990000);
    Show(133534656001234567);
    Show(159330643990000000);
    Show(0x7000000000000000);
    for (LONG64 Day = 0; Day < 800; Day += 37) {
        Show(94354848000000000 + Day * 864000000000);
    }
    Bad(1600, 1, 1, 0, 0);
    Bad(2000, 2, 29, 0, 0);
    Bad(2020, 13, 1, 0, 0);
    Bad(2020, 0, 1, 0, 0);
    Bad(2020, 4, 31, 0, 0);
    Bad(2020, 4, 0, 0, 0);
    Bad(2020, 4, 30, 24, 0);
    Bad(2020, 4, 30, 23, 60);
    LARGE_INTEGER Time;
    RtlSecondsSince1970ToTime(1000000000, &Time);
    Show(Time.QuadPart);
    Exit(0);
}
