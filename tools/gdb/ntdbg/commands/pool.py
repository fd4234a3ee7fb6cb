"""!pool, !poolused: blocks of a page of pool, and who uses how much."""
import fnmatch
import struct

from .. import expr, memory, model, text
from . import command, write

NONPAGED, PAGED = (0xFFFFFAA000000000, 1 << 30), (0xFFFFF8A000000000, 1 << 30)
UNIT, PAGE = 16, 0x1000
IN_USE, KEPT = 2, 4
TAGS = 257  # of each processor


def _tag(value):
    return "".join(chr(b) if 32 <= b < 127 else "." for b in struct.pack("<I", value))


def _region(address):
    for name, (base, size) in (("Nonpaged", NONPAGED), ("Paged", PAGED)):
        if base <= address < base + size:
            return name
    raise memory.MemoryError_("%s is not a pool address" % text.plain(address))


def blocks(page):
    """(address, size, previous size, state, tag) of each block of a page; None where it has none."""
    data, at, before, found = memory.read_virtual(page, PAGE), 0, 0, []
    while at < PAGE:
        previous, _, units, kind, tag = struct.unpack_from("<BBBBI", data, at)
        if not units or previous * UNIT != before or at + units * UNIT > PAGE:
            return None
        state = "(Allocated)" if kind & IN_USE and not kind & KEPT else \
            "(Free )" if kind & KEPT else "(Free)"
        found.append((page + at, units * UNIT, before, state, tag if kind else 0))
        at, before = at + units * UNIT, units * UNIT
    return found


def big_block(address):
    """(start, size, tag) of the block of a page or more that holds an address, or None."""
    table, count = (memory.u64(model.global_address(name))
                    for name in ("PoolBigPageTable", "PoolBigPageTableSize"))
    data = memory.read_virtual(table, 24 * (count & 0xffffffff))
    for start, tag, pages, _ in struct.iter_unpack("<QIIQ", data):
        if start > 1 and start <= address < start + pages * PAGE:
            return start, pages * PAGE, tag
    return None


@command("! pool")
def pool(argument):
    """!pool ADDRESS [FLAGS]: the blocks of the page that holds ADDRESS, * marks its own; 2: only that."""
    words = argument.split()
    address = expr.evaluate(words[0]) if words else 0
    only = len(words) > 1 and expr.evaluate(words[1]) & 2
    write("Pool page %s region is %s pool" % (text.plain(address), _region(address)))
    big = big_block(address)
    if big:
        write("*%s : large page allocation, tag is %s, size is 0x%x bytes" % (
            text.plain(big[0]), _tag(big[2]), big[1]))
        return
    found = blocks(address & ~(PAGE - 1))
    if found is None:
        write("%s is not valid pool. Its page has no chain of headers." % text.plain(address))
        return
    for start, size, previous, state, tag in found:
        mark = "*" if start <= address < start + size else " "
        if mark == "*" or not only:
            write("%s%s size: %4x previous size: %4x  %-11s %s%s" % (
                mark, text.plain(start), size, previous, state, mark, _tag(tag) if tag else ""))


def usage():
    """{tag: [nonpaged allocations, frees, bytes, paged allocations, frees, bytes]}"""
    sums = {}
    first = model.global_address("MiPoolProcessor")
    where = model.offset("_MI_POOL_PROCESSOR", "Tags")
    for index in range(len(model.processors())):
        state = memory.u64(first + 8 * index)
        data = memory.read_virtual(state + where, TAGS * 40)
        for key, *counts in struct.iter_unpack("<5I4xQQ", data):
            if key:
                allocs, frees, paged_allocs, paged_frees, size, paged_size = counts
                row = sums.setdefault(key, [0] * 6)
                for at, count in enumerate((allocs, frees, size, paged_allocs, paged_frees,
                                            paged_size)):
                    row[at] = row[at] + count & model.MASK
    return sums


@command("! poolused")
def poolused(argument):
    """!poolused [FLAGS [TAG]]: pool by tag. FLAGS: 1 frees too, 2 by nonpaged use, 4 by paged use."""
    words = argument.split()
    flags = expr.evaluate(words[0]) if words else 0
    pattern = words[1] if len(words) > 1 else "*"
    rows = [(_tag(key), row) for key, row in usage().items()
            if fnmatch.fnmatchcase(_tag(key), pattern)]
    order, name = (lambda r: -r[1][2], "NonPaged Pool Consumed") if flags & 2 else \
        (lambda r: -r[1][5], "Paged Pool Consumed") if flags & 4 else (lambda r: r[0], "Tag")
    write("   Sorting by %s" % name)
    write()
    half = "%10s %10s %10s %12s" if flags & 1 else "%10s %12s"
    titles = ("Allocs", "Frees", "Diff", "Used") if flags & 1 else ("Allocs", "Used")
    width = len(half % titles)
    write(("      %s %s" % ("NonPaged".center(width), "Paged".center(width))).rstrip())
    write(" Tag  %s %s" % (half % titles, half % titles))
    write()
    total = [0] * 6
    for tag, row in sorted(rows, key=order):
        _usage_row(tag, row, half, flags)
        total = [a + b for a, b in zip(total, row)]
    _usage_row("TOTAL", total, half, flags)


def _usage_row(tag, row, half, flags):
    cells = []
    for allocs, frees, size in (row[:3], row[3:]):
        live = allocs - frees
        cells.append(half % ((allocs, frees, live, size) if flags & 1 else (live, size)))
    write(" %-5s%s %s" % (tag, cells[0], cells[1]))
