"""Builds small PE32+ programs with sections and tables at chosen places.

A program has code at 1000h that ends the process with a status by NtTerminateProcess. Where its import
table, its slots and its other tables are is up to the test: what matters is how a loader finds them.
"""
import struct

EXECUTE, READ, WRITE = 0x20000000, 0x40000000, 0x80000000
HEADERS, TEXT = 0x400, 0x1000
BASE = 0x140000000


class Program:
    """Sections are added in the order of their addresses, then contents are put at addresses."""

    def __init__(self, base=BASE, alignment=0x1000, dll=False):
        self.base, self.alignment, self.dll = base, alignment, dll
        self.sections = []  # [name, address, virtual size, raw size, file data, characteristics]
        self.contents = []
        self.directories = [(0, 0)] * 16

    def section(self, name, address, virtual, data, characteristics, raw=None):
        """data: how many bytes are in the file; raw: what SizeOfRawData says, if not that."""
        self.sections.append([name, address, virtual, data if raw is None else raw, bytearray(data),
                              characteristics])
        return self

    def put(self, address, content):
        """Contents in the headers, or in what a section has in the file."""
        self.contents.append((address, content))
        return self

    def imports(self, address, slots, names):
        """The import directory for ntdll's names; the slots may be where no file data are."""
        lookup, text = address + 40, address + 40 + 8 * (len(names) + 1)
        entries, strings = b"", b"ntdll.dll\0"
        for name in names:
            strings += b"\0" * (len(strings) % 2)
            entries += struct.pack("<Q", text + len(strings))
            strings += b"\0\0" + name.encode() + b"\0"
        table = struct.pack("<5I", lookup, 0, 0, text, slots) + bytes(20) + entries + bytes(8)
        self.directories[1] = (address, 40)
        return self.put(address, table + strings)

    def exit(self, slot, status):
        """sub rsp, 28h; or rcx, -1; mov edx, status; call [slot]"""
        code = b"\x48\x83\xEC\x28\x48\x83\xC9\xFF\xBA" + struct.pack("<I", status) + b"\xFF\x15"
        return self.put(TEXT, code + struct.pack("<i", slot - TEXT - len(code) - 4) + b"\xCC")

    def headers(self, offsets, size):
        dos = b"MZ" + bytes(58) + struct.pack("<I", 0x40)
        coff = struct.pack("<IHHIIIHH", 0x4550, 0x8664, len(self.sections), 0, 0, 0, 240,
                           0x2022 if self.dll else 0x22)
        optional = struct.pack("<HBBIIIII", 0x20B, 1, 0, 0x200, 0, 0, 0 if self.dll else TEXT, TEXT)
        optional += struct.pack("<QIIHHHHHHIIIIHH", self.base, self.alignment, 0x200, 6, 0, 0, 0, 6, 0, 0, size,
                                HEADERS, 0, 3, 0)
        optional += struct.pack("<QQQQII", 0x100000, 0x1000, 0x100000, 0x1000, 0, 16)
        optional += b"".join(struct.pack("<II", *entry) for entry in self.directories)
        table = b""
        for offset, (name, address, virtual, raw, _, flags) in zip(offsets, self.sections):
            table += struct.pack("<8sIIIIIIHHI", name.encode(), virtual, address, raw, offset, 0, 0,
                                 0, 0, flags)
        return bytearray((dos + coff + optional + table).ljust(HEADERS, b"\0"))

    def file(self):
        offsets, at = [], HEADERS
        for section in self.sections:
            offsets.append(at)
            at += (len(section[4]) + 0x1FF) & ~0x1FF
        last = self.sections[-1]
        headers = self.headers(offsets, (last[1] + last[2] + 0xFFF) & ~0xFFF)
        for address, content in self.contents:
            parts = [(0, headers)] + [(section[1], section[4]) for section in self.sections]
            start, part = [p for p in parts if p[0] <= address][-1]
            part[address - start:address - start + len(content)] = content
        image = bytes(headers)
        for section in self.sections:
            image += bytes(section[4]).ljust((len(section[4]) + 0x1FF) & ~0x1FF, b"\0")
        # Sections may claim more than they have: the file is long enough for all.
        end = max(offset + section[3] for offset, section in zip(offsets, self.sections))
        return image.ljust((end + 0x1FF) & ~0x1FF, b"\0")
