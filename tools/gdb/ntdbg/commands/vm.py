"""!pte, !vad: how an address is translated, and what a process's address space holds."""
import struct

import gdb

from .. import expr, memory, model, text
from . import command, write

# level, name, where the entries appear in the self-map (PXE, PPE, PDE, PTE)
LEVELS = ((39, "PXE", 0xFFFFF6FB7DBED000), (30, "PPE", 0xFFFFF6FB7DA00000),
          (21, "PDE", 0xFFFFF6FB40000000), (12, "PTE", 0xFFFFF68000000000))
FLAGS = ((9, "C"), (8, "G"), (7, "L"), (6, "D"), (5, "A"), (4, "N"), (3, "T"))


def entry_address(address, level, base):
    """Where the entry for an address appears in the self-map."""
    return base + ((address & 0xFFFFFFFFFFFF) >> level) * 8


def walk(root, address):
    """The entry of each level, as far as the tables go: stops behind one that leads no further."""
    table = root & memory.FRAME
    for level, _, _ in LEVELS:
        entry = struct.unpack("<Q", memory.read_physical(
            table + 8 * ((address >> level) & 511), 8))[0]
        yield entry
        if not entry & memory.PRESENT or (level < 39 and entry & memory.LARGE):
            return
        table = entry & memory.FRAME


def _bits(entry, leaf):
    """---DA--UWEV"""
    marks = [mark if entry >> bit & 1 and (mark != "L" or not leaf) else "-"
             for bit, mark in FLAGS]
    marks.append("U" if entry & 4 else "K")
    marks.append("W" if entry & 0x802 else "R")  # bit 11: may be written, though not dirty yet
    marks.append("-" if entry >> 63 else "E")
    return "".join(marks) + "V"


PROTECTIONS = ("NoAccess", "Readonly", "Execute", "ExecuteRead", "ReadWrite", "WriteCopy",
               "ExecuteReadWrite", "ExecuteWriteCopy")


LOOKUP_NEEDED = 0xFFFFFFFF0000  # instead of a prototype's address: the VAD knows it


def _invalid(entry):
    """What the memory manager keeps in an entry that is not valid."""
    if not entry:
        return ["not valid"]
    rows = ["not valid"]
    protection = entry >> 5 & 31
    if entry & 0x400:
        place = model.signed(entry >> 16, 48) & model.MASK
        rows.append(" Proto: " + ("VAD" if entry >> 16 == LOOKUP_NEEDED else text.plain(place)))
    elif entry & 0x800:
        rows.append(" Transition: %x" % (entry >> 12 & 0xFFFFFFFFF))
    else:
        rows.append(" DemandZero")
    rows.append(" Protect: %x - %s" % (protection, PROTECTIONS[protection & 7]))
    return rows


@command("! pte")
def pte(argument):
    """!pte ADDRESS: the page table entries that translate it, in .process's address space."""
    if not argument:
        raise gdb.GdbError("!pte: an address is missing")
    address = expr.evaluate(argument)
    root = memory.implicit_root
    entries = list(walk(expr.processor_register("cr3") if root is None else root, address))
    names, contents, below = [], [], []
    for index, (level, name, base) in enumerate(LEVELS):
        names.append("%s at %s" % (name, text.plain(entry_address(address, level, base))))
        if index >= len(entries):
            continue
        entry, last = entries[index], level == 12
        contents.append("contains %s" % text.plain(entry))
        if entry & memory.PRESENT:
            below.append("pfn %-9x %s" % ((entry & memory.FRAME) >> 12, _bits(entry, last)))
            if not last and index == len(entries) - 1:
                page = (entry & memory.FRAME & ~((1 << level) - 1)) + (address & (1 << level) - 1)
                below.append("LARGE PAGE pfn %x" % (page >> 12))
    unknown = [] if entries[-1] & memory.PRESENT else _invalid(entries[-1])
    write("%43sVA %s" % ("", text.plain(address)))
    for row in (names, contents, below + unknown[:1]):
        write("  ".join("%-25s" % cell for cell in row).rstrip())
    for row in unknown[1:]:
        write(" " * (27 * len(below)) + row)


# ---- VADs ----

VAD_PROTECTIONS = ("NO_ACCESS", "READONLY", "EXECUTE", "EXECUTE_READ", "READWRITE", "WRITECOPY",
                   "EXECUTE_READWRITE", "EXECUTE_WRITECOPY")


def tree(node, level=0):
    """(address, level) of every node of a tree of VADs, in order of address."""
    if node:
        left, right = struct.unpack("<QQ", memory.read_virtual(node, 16))
        yield from tree(left, level + 1)
        yield node, level
        yield from tree(right, level + 1)


def _protection(value):
    name = VAD_PROTECTIONS[value & 7]
    if value & 0x18 == 0x18:
        return "NO_ACCESS"
    return name + (" GUARD" if value & 0x10 else " NOCACHE" if value & 8 else "")


def _vpn(value, name):
    """A page number, which a VAD keeps in two parts."""
    return model.num(value, name) | model.num(value, name + "High") << 32


def _behind(node):
    """The columns after the commit charge: Private or Mapped, Exe, protection, what is mapped."""
    short = model.at(node, "_MMVAD_SHORT")
    protection = _protection(model.num(short, "u.VadFlags.Protection"))
    if model.num(short, "u.VadFlags.PrivateMemory"):
        return "Private      %s" % protection, 0
    area = model.at(model.num(model.at(node, "_MMVAD"), "Subsection.ControlArea"), "_CONTROL_AREA")
    image = model.num(area, "u.Flags.Image")
    file = model.num(area, "FilePointer.Value") & ~15
    shared = 0
    if file:
        name = memory.unicode_string(model.number(
            model.at(file, "_FILE_OBJECT")["FileName"].address))
    else:
        shared = model.num(area, "Segment.NumberOfCommittedPages") or 0
        name = "Pagefile section, shared commit 0x%x" % shared
    return "Mapped  %s  %-18s %s" % ("Exe" if image else "   ", protection, name), shared


@command("! vad")
def vad(argument):
    """!vad [ROOT]: the virtual address descriptors of .process's address space, or below a VAD."""
    root = expr.evaluate(argument) if argument else \
        model.num(model.implicit_process().value, "VadRoot.Root")
    write("VAD              Level         Start             End              Commit")
    count = levels = depth = private = shared = 0
    for node, level in tree(root):
        value = model.at(node, "_MMVAD_SHORT")
        commit = (model.num(value, "u1.VadFlags1.CommitCharge") |
                  model.num(value, "CommitChargeHigh") << 31)
        line, behind = _behind(node)
        write("%s %2d %15x %15x %15d %s" % (
            text.plain(node), level, _vpn(value, "StartingVpn"),
            _vpn(value, "EndingVpn"), commit, line.rstrip()))
        count, levels, depth = count + 1, levels + level, max(depth, level)
        private, shared = private + commit, shared + behind
    write()
    write("Total VADs: %d, average level: %d, maximum depth: %d" % (
        count, levels // max(count, 1), depth))
    write("Total private commit: 0x%x pages (%d KB)" % (private, 4 * private))
    write("Total shared commit:  0x%x pages (%d KB)" % (shared, 4 * shared))
