"""Objects, directories and handle tables, read as ob/ and ex/handle/handle.c lay them out."""
import struct

import gdb

from . import memory, model

HEADER = 0x30  # OBJECT_HEADER, in front of every body
OPTIONAL = (("_OBJECT_HEADER_CREATOR_INFO", 1), ("_OBJECT_HEADER_NAME_INFO", 2),
            ("_OBJECT_HEADER_HANDLE_INFO", 4), ("_OBJECT_HEADER_QUOTA_INFO", 8),
            ("_OBJECT_HEADER_PROCESS_INFO", 16))
NAME = 2
PROTECT_CLOSE, INHERIT, AUDIT = 1, 2, 4
LEAF, TABLE = 256, 512  # entries of a page at the lowest level, and above


class Type:
    """An OBJECT_TYPE."""

    def __init__(self, address):
        self.address = address
        value = model.at(address, "_OBJECT_TYPE")
        self.name = memory.unicode_string(model.number(value["Name"].address))


class Object:
    """An object, by the address of its body. Raises where there is none."""

    def __init__(self, address):
        self.address = address
        self.header_address = address - HEADER
        header = model.at(self.header_address, "_OBJECT_HEADER")
        self.pointers = model.num(header, "PointerCount")
        self.handles = model.num(header, "HandleCount")
        self.flags = model.num(header, "Flags")
        self._mask = model.num(header, "InfoMask")
        self.type = _type_of(self.header_address, model.num(header, "TypeIndex"))

    def name_info(self):
        """The address of the OBJECT_HEADER_NAME_INFO, or None."""
        if not self._mask & NAME:
            return None
        size = sum(model.kernel_type(name).sizeof for name, bit in OPTIONAL
                   if bit <= NAME and self._mask & bit)
        return self.header_address - size

    @property
    def directory(self):
        """The body of the directory that it is in, 0 if in none."""
        info = self.name_info()
        return memory.u64(info) if info else 0

    @property
    def name(self):
        r"""Its last component, of a file \path {device}; empty without a name."""
        info = self.name_info()
        if info or self.type.name != "File":
            return memory.unicode_string(info + 8) if info else ""
        file = model.at(self.address, "_FILE_OBJECT")
        device = model.num(file, "DeviceObject")
        return "%s {%s}" % (memory.unicode_string(model.number(file["FileName"].address)),
                            Object(device).name if device else "")


def _type_of(header, index):
    cookie = memory.read_virtual(model.global_address("ObHeaderCookie"), 1)[0]
    index ^= cookie ^ (header >> 8 & 0xff)
    found = memory.u64(model.global_address("ObTypeIndexTable") + 8 * index) if index < 64 else 0
    if not found:
        raise gdb.GdbError("%016x is not a valid object (no such type)" % (header + HEADER))
    return Type(found)


def root():
    """The root directory's body."""
    address = memory.u64(model.global_address("ObpRootDirectoryObject"))
    if not address:
        raise gdb.GdbError("there is no namespace yet")
    return address


def directory_entries(address):
    """(bucket, Object) of everything in a directory, in its order."""
    buckets = struct.unpack("<37Q", memory.read_virtual(address, 37 * 8))
    for bucket, entry in enumerate(buckets):
        while entry:
            entry, body = struct.unpack("<QQ", memory.read_virtual(entry, 16))
            yield bucket, Object(body)


def link_target(address):
    """What a symbolic link leads to."""
    value = model.at(address, "_OBJECT_SYMBOLIC_LINK")
    return memory.unicode_string(model.number(value["LinkTarget"].address))


def find(path):
    """The body of the object with that full name; links are not followed."""
    address = root()
    for part in path.strip("\\").split("\\"):
        if not part:
            continue
        if Object(address).type.name != "Directory":
            raise gdb.GdbError("Object %s not found" % path)
        for _, item in directory_entries(address):
            if item.name.lower() == part.lower():
                address = item.address
                break
        else:
            raise gdb.GdbError("Object %s not found" % path)
    return address


class Handle:
    """A HANDLE_TABLE_ENTRY in use."""

    def __init__(self, value, entry, low, high):
        self.value, self.entry = value, entry
        bits = low >> 20
        self.object = (bits << 4 | (0xffff << 48 if bits >> 43 else 0)) & model.MASK
        self.attributes = low >> 17 & 7
        self.access = high & 0x1ffffff
        self.locked = not low & 1


class HandleTable:
    """A HANDLE_TABLE."""

    def __init__(self, address):
        self.address = address
        value = model.at(address, "_HANDLE_TABLE")
        self.count = model.num(value, "FreeLists.HandleCount")
        code = model.num(value, "TableCode")
        self._levels, self._top = code & 3, code & ~3
        self._end = model.num(value, "NextHandleNeedingPool") // 4

    def _leaves(self, page, levels, first):
        """(address, index of its first entry) of the leaf pages."""
        if first >= self._end:
            return
        if not levels:
            yield page, first
            return
        span = LEAF * TABLE ** (levels - 1)
        for index, lower in enumerate(struct.unpack("<512Q", memory.read_some(
                page, 4096).ljust(4096, b"\0"))):
            if not lower or first + index * span >= self._end:
                return
            yield from self._leaves(lower, levels - 1, first + index * span)

    def handles(self):
        """Every handle in use, in order of value."""
        for page, first in self._leaves(self._top, self._levels, 0):
            data = memory.read_virtual(page, 4096)
            for index in range(LEAF):
                low, high = struct.unpack_from("<QQ", data, 16 * index)
                if low >> 20 and first + index:
                    yield Handle(4 * (first + index), page + 16 * index, low, high)

    def find(self, value):
        """The handle of that value, or None; the two tag bits do not count."""
        return next((item for item in self.handles() if item.value == value & ~3), None)
