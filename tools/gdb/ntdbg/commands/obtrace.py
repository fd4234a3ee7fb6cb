"""!obtrace: who has taken and given back references to an object (ob/obtrace.c)."""
import gdb

from .. import expr, memory, model, objects, symbols, text
from . import command, write

OBJECTS, REFERENCES, TAGS, DEPTH = 64, 128, 8, 16
RULE = "--------   -----   ----  --------------------------------------------"


@command("! obtrace")
def obtrace_command(argument):
    r"""!obtrace ADDRESS | \PATH: every reference to an object that was taken or given back, with its
    tag and stack, and what is left over by tag.

    The checked build traces objects of the types that the boot option /OBTRACE=Type[,Type] names."""
    if not argument:
        raise gdb.GdbError("!obtrace: an address or a path is missing")
    address = objects.find(argument) if argument.startswith("\\") else expr.evaluate(argument)
    info = _find(address - objects.HEADER)
    if info is None:
        raise gdb.GdbError("Object %s is not being traced" % text.plain(address))
    write("Object: %s" % text.plain(address))
    write(" Image: %s" % model.c_string(info["ImageFileName"]))
    write("Sequence   (+/-)   Tag   Stack")
    write(RULE)
    _records(info)
    write(RULE)
    _sums(info)


def _find(header):
    """The OBJECT_REF_INFO of an object, None if it has none."""
    try:
        table = memory.u64(model.global_address("ObpObjectTable"))
    except gdb.error as error:
        raise gdb.GdbError("the free build traces no objects") from error
    if not table:
        raise gdb.GdbError("no type is traced: boot with /OBTRACE=Type")
    size = model.kernel_type("_OBJECT_REF_INFO").sizeof
    for index in range(OBJECTS):
        info = model.at(table + index * size, "_OBJECT_REF_INFO")
        if model.num(info, "ObjectHeader") == header:
            return info
    return None


def _tag(value):
    return "".join(chr(byte) if 0x20 <= byte < 0x7f else "." for byte in value.to_bytes(4, "little"))


def _records(info):
    end = model.num(info, "NextPos")
    for position in range(max(0, end - REFERENCES), end):
        record = info["Refs"][position % REFERENCES]
        change = model.signed(model.num(record, "Change"), 16)
        head = "%8x      %+d   %s  " % (model.num(record, "Sequence"), change,
                                        _tag(model.num(record, "Tag")))
        for address in _stack(model.num(record, "Index")):
            write("%s    %s" % (head, symbols.name_of(address) or text.plain(address)))
            head = " " * len(head)


def _stack(index):
    table = memory.u64(model.global_address("ObpStackTable"))
    for place in range(DEPTH):
        address = memory.u64(table + (index * DEPTH + place) * 8)
        if not address:
            return
        yield address


def _sums(info):
    sums = [(model.num(info["Tags"][i], "Tag"), model.num(info["Tags"][i], "References"),
             model.num(info["Tags"][i], "Dereferences")) for i in range(TAGS)]
    sums = [each for each in sums if each[0]]
    write("References: %d, Dereferences %d" % (sum(each[1] for each in sums),
                                               sum(each[2] for each in sums)))
    for tag, taken, given in sums:
        left = taken - given
        note = "" if not left else "  %s reference by: %d" % ("Over" if left > 0 else "Under",
                                                             abs(left))
        write("Tag: %s References: %d Dereferences: %d%s" % (_tag(tag), taken, given, note))
