"""x: WinDbg's (x nt!Ki*) and, with a format, gdb's (x/8gx $rsp): this command has replaced it."""
import re
import struct

import gdb

from .. import expr, memory, symbols
from . import command, images, write

SIZES = {"b": 1, "h": 2, "w": 4, "g": 8}
_state = {"format": "x", "size": "w", "next": None}


@command("x")
def x(argument):
    """x MODULE!PATTERN: symbols; x/NFU ADDRESS: memory, as gdb's own x shows it."""
    match = re.match(r"^/(\d*)([a-z]*)\s*(.*)$", argument)
    if not match:
        images.list_symbols(argument)
        return
    count = int(match.group(1) or 1)
    for letter in match.group(2):
        _state["size" if letter in SIZES else "format"] = letter
    place = match.group(3)
    address = _address(place) if place else _state["next"]
    if address is None:
        raise gdb.GdbError("Argument required (starting display address).")
    if _state["format"] == "i":
        _instructions(address, count)
    elif _state["format"] == "s":
        _strings(address, count)
    else:
        _numbers(address, count)


def _address(place):
    if "!" in place:
        return expr.evaluate(place)
    value = gdb.parse_and_eval(place)
    if value.type.strip_typedefs().code in (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION,
                                            gdb.TYPE_CODE_ARRAY, gdb.TYPE_CODE_FUNC):
        value = value.address
    return int(value.cast(gdb.selected_inferior().architecture().integer_type(64, False)))


def _label(address):
    name = symbols.name_of(address)
    return "%#x%s" % (address, " <%s>" % name if name else "")


def _instructions(address, count):
    architecture = gdb.selected_inferior().architecture()
    here = expr.register("rip")
    for item in architecture.disassemble(address, count=count):
        write("%s %s:\t%s" % ("=>" if item["addr"] == here else "  ", _label(item["addr"]),
                              item["asm"]))
        address = item["addr"] + item["length"]
    _state["next"] = address


def _strings(address, count):
    for _ in range(count):
        data = memory.read_some(address, 200).split(b"\0", 1)[0]
        write('%s:\t"%s"' % (_label(address), data.decode("latin-1")))
        address += len(data) + 1
    _state["next"] = address


def _numbers(address, count):
    size = 8 if _state["format"] == "a" else SIZES[_state["size"]]
    data = memory.read(address, size * count)
    per_row = {1: 8, 2: 8, 4: 4, 8: 2}[size]
    code = {1: "B", 2: "H", 4: "I", 8: "Q"}[size]
    values = struct.unpack("<%d%s" % (count, code), data)
    for at in range(0, count, per_row):
        row = "\t".join(_number(v, size) for v in values[at:at + per_row])
        write("%s:\t%s" % (_label(address + at * size), row))
    _state["next"] = address + size * count


def _number(value, size):
    form = _state["format"]
    if form == "d":
        return str(value - (1 << 8 * size) if value >> 8 * size - 1 else value)
    if form == "u":
        return str(value)
    if form == "c":
        return "%d '%s'" % (value & 255, chr(value & 255) if 32 <= value & 255 < 127 else ".")
    if form == "t":
        return format(value, "0%db" % (8 * size))
    return _label(value) if form == "a" else "0x" + format(value, "0%dx" % (2 * size))
