"""How WinDbg writes things."""
import datetime

NEVER = 0x24C85995A7568000  # 31 December 9999


def address(value):
    """ffffe384`9009c300"""
    value &= 2 ** 64 - 1
    return "%08x`%08x" % (value >> 32, value & 0xffffffff)


def plain(value):
    """ffffe3849009c300, as extensions write it"""
    return "%016x" % (value & (2 ** 64 - 1))


def printable(data):
    """The right column of db."""
    return "".join(chr(b) if 32 <= b < 127 else "." for b in data)


def duration(ticks):
    """A time span in units of 100 ns as hh:mm:ss.mmm."""
    ms = ticks // 10000
    return "%02d:%02d:%02d.%03d" % (ms // 3600000, ms // 60000 % 60, ms // 1000 % 60, ms % 1000)


def date(time):
    """A system time (100 ns since 1601) as timers show it: 11/22/2026 17:41:05.125"""
    moment = datetime.datetime(1601, 1, 1) + datetime.timedelta(microseconds=time // 10) \
        if time < NEVER else None
    if moment is None:
        return "        NEVER          "
    return "%2d/%2d/%4d %02d:%02d:%02d.%03d" % (
        moment.month, moment.day, moment.year, moment.hour, moment.minute, moment.second,
        moment.microsecond // 1000)
