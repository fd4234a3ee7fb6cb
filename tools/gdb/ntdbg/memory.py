"""Memory of the machine, and of an address space that is not the one that runs."""
import struct

import gdb

USER_END = 1 << 47
PRESENT, LARGE = 1, 0x80
FRAME = 0x000FFFFFFFFFF000

# The page table root that .process chose; None: the one that runs.
implicit_root = None


class MemoryError_(gdb.GdbError):
    """Nothing can be read there."""


def read_virtual(address, size):
    """Bytes of the address space that runs."""
    try:
        return bytes(gdb.selected_inferior().read_memory(address & (2 ** 64 - 1), size))
    except gdb.MemoryError as error:
        raise MemoryError_("Memory access error at %016x" % address) from error


def read_physical(address, size):
    """Bytes of physical memory, by a mode of QEMU's stub."""
    gdb.execute("maintenance packet Qqemu.PhyMemMode:1", to_string=True)
    try:
        gdb.execute("maintenance flush dcache", to_string=True)
        return read_virtual(address, size)
    finally:
        gdb.execute("maintenance packet Qqemu.PhyMemMode:0", to_string=True)
        gdb.execute("maintenance flush dcache", to_string=True)


def translate(root, address):
    """The physical address of a virtual one under a page table root, or None."""
    table = root & FRAME
    for level in (39, 30, 21, 12):
        entry = struct.unpack("<Q", read_physical(table + 8 * ((address >> level) & 511), 8))[0]
        if not entry & PRESENT:
            return None
        if level == 12 or (level < 39 and entry & LARGE):
            mask = (1 << level) - 1
            return (entry & FRAME & ~mask) | (address & mask)
        table = entry & FRAME
    return None


def read(address, size):
    """Bytes as the user means them: user addresses in the implicit process's space."""
    if implicit_root is None or address >= USER_END:
        return read_virtual(address, size)
    result = b""
    while len(result) < size:
        at = address + len(result)
        chunk = min(size - len(result), 0x1000 - (at & 0xfff))
        physical = translate(implicit_root, at)
        if physical is None:
            raise MemoryError_("Memory access error at %016x" % at)
        result += read_physical(physical, chunk)
    return result


def read_some(address, size):
    """As much of size bytes as can be read, page by page."""
    result = b""
    while len(result) < size:
        at = address + len(result)
        chunk = min(size - len(result), 0x1000 - (at & 0xfff))
        try:
            result += read(at, chunk)
        except MemoryError_:
            break
    return result


def u64(address):
    """The 8-byte number at an address."""
    return struct.unpack("<Q", read(address, 8))[0]


def unicode_string(address):
    """The text of the UNICODE_STRING at an address."""
    length, _, buffer = struct.unpack("<HH4xQ", read(address, 16))
    if not length or not buffer:
        return ""
    return read(buffer, length).decode("utf-16-le", "replace")
