/*
 * The battery clock: both ways of writing numbers, both of counting hours, with and without a
 * century, in the middle of an update, and one that holds nonsense.
 * Sources: hal/cmos.c
 */
#include "halmachine.h"

#include "host.h"

HAL_ACPI_FACTS HalpAcpi;

static UCHAR Cmos[128], Index;
static ULONG Updating;  /* reads of status A that still say so */
static ULONG NextTime;  /* reads until the second register set is there; 0: never */
static UCHAR After[10]; /* the registers from then on */

static ULONG ReadPort(USHORT Port, ULONG Bytes) {
    CHECK(Bytes == 1 && Port == 0x71 && Index < 128);
    if (NextTime != 0 && --NextTime == 0)
        memcpy(Cmos, After, sizeof(After));
    if (Index == 0xA && Updating != 0) {
        Updating -= Updating != ~0u;
        return Cmos[Index] | 0x80;
    }
    return Cmos[Index];
}
static void WritePort(USHORT Port, ULONG Bytes, ULONG Value) {
    CHECK(Bytes == 1 && Port == 0x70);
    Index = (UCHAR)Value;
}

/* Second, minute, hour, day, month, year as they stand in the registers. */
static void Set(UCHAR *Where, UCHAR Second, UCHAR Minute, UCHAR Hour, UCHAR Day, UCHAR Month,
                UCHAR Year) {
    Where[0] = Second;
    Where[2] = Minute;
    Where[4] = Hour;
    Where[6] = 4; /* Wednesday */
    Where[7] = Day;
    Where[8] = Month;
    Where[9] = Year;
}

static void Prepare(UCHAR StatusB, UCHAR Hour) {
    Machine.ReadPort = ReadPort;
    Machine.WritePort = WritePort;
    memset(Cmos, 0, sizeof(Cmos));
    Updating = NextTime = 0;
    HalpAcpi = (HAL_ACPI_FACTS){0};
    Cmos[0xB] = StatusB;
    if (StatusB & 4)
        Set(Cmos, 59, 30, Hour, 28, 12, 26);
    else
        Set(Cmos, 0x59, 0x30, Hour, 0x28, 0x12, 0x26);
}

static TIME_FIELDS Time;

static BOOLEAN Query(void) {
    memset(&Time, 0x55, sizeof(Time));
    return HalQueryRealTimeClock(&Time);
}
static BOOLEAN Is(SHORT Year, SHORT Hour) {
    return Query() && Time.Year == Year && Time.Month == 12 && Time.Day == 28 &&
           Time.Hour == Hour && Time.Minute == 30 && Time.Second == 59 && Time.Weekday == 3 &&
           Time.Milliseconds == 0;
}

TEST(BcdAndBinary24Hours) {
    Prepare(2, 0x17);
    CHECK(Is(2026, 17));
    Prepare(6, 17);
    CHECK(Is(2026, 17));
    Prepare(2, 0x00);
    CHECK(Is(2026, 0));
}

TEST(TwelveHours) {
    static const struct {
        UCHAR Bcd, Binary;
        SHORT Hour;
    } Hours[] = {{0x12, 12, 0},
                 {0x01, 1, 1},
                 {0x11, 11, 11},
                 {0x12 | 0x80, 12 | 0x80, 12},
                 {0x01 | 0x80, 1 | 0x80, 13},
                 {0x11 | 0x80, 11 | 0x80, 23}};
    for (ULONG i = 0; i < 6; i++) {
        Prepare(0, Hours[i].Bcd);
        CHECK(Is(2026, Hours[i].Hour));
        Prepare(4, Hours[i].Binary);
        CHECK(Is(2026, Hours[i].Hour));
    }
}

TEST(Centuries) {
    Prepare(2, 0x17);
    Cmos[0x32] = 0x19;
    CHECK(Is(2026, 17)); /* a register that the FADT does not name */
    HalpAcpi.CenturyRegister = 0x32;
    CHECK(Is(1926, 17));
    Cmos[0x32] = 0x21;
    CHECK(Is(2126, 17));
    Cmos[0x32] = 0xFF; /* nonsense: the window */
    CHECK(Is(2026, 17));
    Cmos[9] = 0x80;
    CHECK(Is(1980, 17));
    Cmos[9] = 0x79;
    CHECK(Is(2079, 17));
}

/* Before the update all 59, after it a minute later: never a mixture. */
TEST(UpdateInTheMiddle) {
    for (ULONG Reads = 1; Reads < 40; Reads++) {
        Prepare(2, 0x17);
        Set(After, 0x00, 0x31, 0x17, 0x28, 0x12, 0x26);
        NextTime = Reads;
        CHECK(Query());
        CHECK((Time.Minute == 30 && Time.Second == 59) || (Time.Minute == 31 && Time.Second == 0));
    }
}

TEST(UpdateIsWaitedFor) {
    Prepare(2, 0x17);
    Updating = 500;
    CHECK(Is(2026, 17) && Updating == 0);
    Updating = ~0u; /* it never ends */
    CHECK(!Query() && Time.Year == 0x5555);
}

TEST(NoTime) {
    static const struct {
        UCHAR Register, Value;
    } Bad[] = {{0, 0x60}, {0, 0x5A}, {2, 0x60}, {2, 0xA0}, {4, 0x24}, {4, 0x1F},
               {7, 0x00}, {7, 0x32}, {7, 0x2A}, {8, 0x00}, {8, 0x13}, {9, 0xA0}};
    for (ULONG i = 0; i < RTL_NUMBER_OF(Bad); i++) {
        Prepare(2, 0x17);
        Cmos[Bad[i].Register] = Bad[i].Value;
        CHECK(!Query() && Time.Year == 0x5555);
    }
    Prepare(0, 0x00); /* hours of 12 begin with 1 */
    CHECK(!Query());
    Prepare(0, 0x13);
    CHECK(!Query());
    memset(Cmos, 0xFF, sizeof(Cmos));
    CHECK(!Query());
}
