"""How WinDbg writes things."""


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
