"""dt: the layout of a type, and its values at an address."""
import fnmatch
import re

import gdb

from .. import expr, memory, model, text
from . import command, write

CODES_STRUCT = (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION)


class Field:
    """A field as WinDbg lists it: members of unnamed structures stand in the outer one."""

    def __init__(self, item, base):
        self.name, self.type = item.name, item.type
        self.bit, self.width = item.bitpos % 8, item.bitsize
        self.offset = base + item.bitpos // 8
        if self.width:  # bit fields count from the unit that holds them
            size = self.type.sizeof
            start = base + item.bitpos // (8 * size) * size
            self.bit, self.offset = (base + item.bitpos // 8 - start) * 8 + item.bitpos % 8, start


def flatten(kind, base=0):
    """The fields of a structure in the order of its definition."""
    for item in kind.strip_typedefs().fields():
        inner = item.type.strip_typedefs()
        if not item.name and inner.code in CODES_STRUCT:
            yield from flatten(inner, base + item.bitpos // 8)
        else:
            yield Field(item, base)


def is_gap(item):
    """Does the field only fill the place of fields of Windows that this kernel does not have?"""
    plain = item.type.strip_typedefs()
    return re.fullmatch(r"Reserved\d+", item.name or "") and plain.code == gdb.TYPE_CODE_ARRAY \
        and plain.target().sizeof == 1


def type_name(kind):
    """Uint4B, Ptr64 _KTHREAD, [15] UChar, ..."""
    kind = kind.unqualified()
    plain = kind.strip_typedefs()
    if plain.code == gdb.TYPE_CODE_PTR:
        target = plain.target().strip_typedefs()
        if target.code == gdb.TYPE_CODE_FUNC:
            return "Ptr64     " + type_name(target.target())
        return "Ptr64 " + type_name(plain.target())
    if plain.code == gdb.TYPE_CODE_ARRAY:
        low, high = plain.range()
        return "[%d] %s" % (high - low + 1, type_name(plain.target()))
    if plain.code == gdb.TYPE_CODE_VOID:
        return "Void"
    if plain.code in CODES_STRUCT + (gdb.TYPE_CODE_ENUM,):
        return plain.tag or plain.name or "<unnamed-tag>"
    return _basic_name(plain)


def _basic_name(plain):
    size = plain.sizeof
    signed = plain.is_signed if plain.is_scalar else False
    if plain.code == gdb.TYPE_CODE_FLT:
        return "Float" if size == 4 else "Double"
    if size == 1:
        return "Char" if signed else "UChar"
    if "wchar" in (plain.name or ""):
        return "Wchar"
    return "%s%dB" % ("Int" if signed else "Uint", size)


def render(item, address):
    """The value of a field as text."""
    plain = item.type.strip_typedefs()
    where = address + item.offset
    if item.width:
        raw = int.from_bytes(memory.read(where, plain.sizeof), "little")
        value = raw >> item.bit & (1 << item.width) - 1
        return "0y" + format(value, "0%db" % item.width)
    if plain.code in CODES_STRUCT:
        return _render_structure(plain, where)
    if plain.code == gdb.TYPE_CODE_ARRAY:
        return _render_array(plain, where)
    value = int.from_bytes(memory.read(where, plain.sizeof), "little")
    if plain.code == gdb.TYPE_CODE_PTR:
        if not value:
            return "(null)"
        target = type_name(plain.target())
        return "0x%s %s" % (text.address(value), target)
    if plain.code == gdb.TYPE_CODE_ENUM:
        names = [f.name for f in plain.fields() if f.enumval == value]
        return "%d ( %s )" % (value, names[0]) if names else "%d" % value
    return _render_number(plain, value)


def _render_number(plain, value):
    name = _basic_name(plain)
    if name in ("UChar", "Char"):
        return "0x%x '%s'" % (value, chr(value) if 32 <= value < 127 else "")
    if name == "Int4B" or name == "Int2B":
        bits = 8 * plain.sizeof
        return "0n%d" % (value - (1 << bits) if value >> bits - 1 else value)
    return "0x" + (text.address(value) if value >> 32 else "%x" % value)


def _render_structure(plain, where):
    name = plain.tag or plain.name or "<unnamed-tag>"
    if name == "_LIST_ENTRY":
        return "_LIST_ENTRY [ 0x%s - 0x%s ]" % (text.address(memory.u64(where)),
                                                text.address(memory.u64(where + 8)))
    if name in ("_LARGE_INTEGER", "_ULARGE_INTEGER"):
        return "%s 0x%x" % (name, memory.u64(where))
    if name == "_UNICODE_STRING":
        return '_UNICODE_STRING "%s"' % memory.unicode_string(where)
    return name


def _render_array(plain, where):
    low, high = plain.range()
    target = plain.target().strip_typedefs()
    if target.sizeof == 1 and target.code in (gdb.TYPE_CODE_INT, gdb.TYPE_CODE_CHAR):
        data = memory.read(where, high - low + 1).split(b"\0", 1)[0]
        return '[%d]  "%s"' % (high - low + 1, text.printable(data))
    if target.code in (gdb.TYPE_CODE_INT, gdb.TYPE_CODE_PTR) and high >= low:
        first = int.from_bytes(memory.read(where, target.sizeof), "little")
        return "[%d] %s" % (high - low + 1, "(null)" if target.code == gdb.TYPE_CODE_PTR
                            and not first else "0x%x" % first)
    return type_name(plain)


def show(kind, address, depth, indent, wanted):
    """Prints the rows of a structure."""
    for item in flatten(kind):
        if is_gap(item):
            continue
        exact = [w for w in wanted if fnmatch.fnmatchcase(item.name.lower(), w.rstrip(".").lower())]
        if wanted and not exact:
            continue
        if address is None:
            value = type_name(item.type)
            if item.width:
                value = "Pos %d, %d Bit%s" % (item.bit, item.width, "s" * (item.width > 1))
        else:
            value = render(item, address)
        write("%s+0x%03x %-16s : %s" % (" " * indent, item.offset, item.name, value))
        plain = item.type.strip_typedefs()
        deeper = depth > 0 or any(w.endswith(".") for w in exact)
        if deeper and plain.code in CODES_STRUCT:
            show(plain, None if address is None else address + item.offset, max(depth - 1, 0),
                 indent + 3, [])


def _wildcard(pattern):
    output = gdb.execute("info types ^%s$" % pattern.replace("*", ".*").replace("?", "."),
                         to_string=True)
    for name in sorted(set(re.findall(r"(?:struct|union|enum) (\w+);", output))):
        write("          nt!" + name)


@command("dt")
def dt(argument):
    """dt [-rN] [module!]TYPE [ADDRESS] [FIELD ...]: a structure's layout, or values.

    A * in TYPE lists types. FIELD may have wildcards; with a dot at its end it is expanded."""
    depth, words = 0, []
    for word in argument.split():
        if re.match(r"^-r\d*$", word):
            depth = int(word[2:] or 10)
        else:
            words.append(word)
    if not words:
        raise gdb.GdbError("dt: a type is missing")
    module, _, name = words[0].rpartition("!")
    if "*" in name or "?" in name:
        return _wildcard(name)
    kind = model.kernel_type(name)
    address, fields = None, []
    for word in words[1:]:
        if address is None and not fields and _is_address(word, kind):
            address = expr.evaluate(word)
        else:
            fields.append(word)
    if not module:
        write("%s!%s" % ("nt", name))
    if kind.strip_typedefs().code == gdb.TYPE_CODE_ENUM:
        for item in kind.strip_typedefs().fields():
            write("   %s = 0n%d" % (item.name, item.enumval))
        return None
    return show(kind, address, depth, 3, fields)


def _is_address(word, kind):
    names = {item.name for item in flatten(kind)} if kind.strip_typedefs().code in CODES_STRUCT \
        else set()
    return word.rstrip(".") not in names and "*" not in word
