"""db dw dd dq da du dps: memory as bytes, numbers, text and symbols."""
import struct

from .. import expr, memory, symbols, text
from . import command, write

_next = {}  # where each command goes on without an argument


def _range(name, argument, default):
    if argument:
        return expr.split_range(argument, default)
    return _next.get(name, expr.register("rip")), default


def _rows(name, argument, count, size, per_row, render):
    start, count = _range(name, argument, count)
    data = memory.read_some(start, count * size)
    if not data:
        raise memory.MemoryError_("Memory access error at '%s'" % (argument or text.address(start)))
    for at in range(0, len(data), per_row * size):
        write("%s  %s" % (text.address(start + at), render(data[at:at + per_row * size])))
    _next[name] = start + len(data)


def _bytes(row):
    digits = ["%02x" % b for b in row] + ["  "] * (16 - len(row))
    return "%s%s%s  %s" % (" ".join(digits[:8]), "-" if len(row) > 8 else " ",
                           " ".join(digits[8:]), text.printable(row))


def _numbers(code, size, form):
    def render(row):
        row = row[:len(row) // size * size]
        return " ".join(form(v) for v in struct.unpack("<%d%s" % (len(row) // size, code), row))
    return render


@command("db")
def db(argument):
    """db ADDRESS [L count]: bytes, and what they are as text."""
    _rows("db", argument, 128, 1, 16, _bytes)


@command("dw")
def dw(argument):
    """dw ADDRESS [L count]: 2-byte numbers."""
    _rows("dw", argument, 64, 2, 8, _numbers("H", 2, lambda v: "%04x" % v))


@command("dd")
def dd(argument):
    """dd ADDRESS [L count]: 4-byte numbers."""
    _rows("dd", argument, 32, 4, 4, _numbers("I", 4, lambda v: "%08x" % v))


@command("dq", "dp")
def dq(argument):
    """dq ADDRESS [L count]: 8-byte numbers."""
    _rows("dq", argument, 16, 8, 2, _numbers("Q", 8, text.address))


@command("dps", "dqs")
def dps(argument):
    """dps ADDRESS [L count]: 8-byte numbers, each with the symbol that it points to."""
    def render(row):
        value = struct.unpack("<Q", row.ljust(8, b"\0"))[0]
        return "%s %s" % (text.address(value), symbols.name_of(value) or "")
    _rows("dps", argument, 16, 8, 1, lambda row: render(row).rstrip())


def _string(name, argument, encoding, unit):
    start, limit = _range(name, argument, 256)
    data = memory.read_some(start, limit * unit)
    characters = []
    for at in range(0, len(data) - unit + 1, unit):
        piece = data[at:at + unit]
        if piece == b"\0" * unit:
            break
        characters.append(piece.decode(encoding, "replace"))
    line = "".join(characters)
    for at in range(0, max(len(line), 1), 32):
        write('%s  "%s"' % (text.address(start + at * unit), line[at:at + 32]))


@command("da")
def da(argument):
    """da ADDRESS: a string of characters that ends with a zero."""
    _string("da", argument, "latin-1", 1)


@command("du")
def du(argument):
    """du ADDRESS: a string of 16-bit characters that ends with a zero."""
    _string("du", argument, "utf-16-le", 2)
