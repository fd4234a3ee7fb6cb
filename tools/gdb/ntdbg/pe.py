"""PE images and NASM's ELF objects, as far as a debugger needs them."""
import bisect
import os
import re
import struct

EXPORT, EXCEPTION = 0, 3


class Image:
    """The headers of a PE32+ image, read by read(rva_or_offset, size)."""

    def __init__(self, read, mapped):
        head = read(0, 0x1000 if mapped else 0x400)
        if head[:2] != b"MZ":
            raise ValueError("not a PE image")
        pe = struct.unpack_from("<I", head, 0x3c)[0]
        if head[pe:pe + 4] != b"PE\0\0":
            raise ValueError("not a PE image")
        self._read, self._mapped = read, mapped
        self.machine, sections, self.timestamp, self.symtab, self.nsyms, optional, _ = \
            struct.unpack_from("<HHIIIHH", head, pe + 4)
        opt = pe + 24
        self.entry = struct.unpack_from("<I", head, opt + 16)[0]
        self.base = struct.unpack_from("<Q", head, opt + 24)[0]
        self.size = struct.unpack_from("<I", head, opt + 56)[0]
        count = min(struct.unpack_from("<I", head, opt + 108)[0], 16)
        self.directories = [struct.unpack_from("<II", head, opt + 112 + 8 * i)
                            for i in range(count)]
        table = opt + optional
        need = table + 40 * sections
        if need > len(head):
            head = read(0, need)
        self.sections = []
        for i in range(sections):
            at = table + 40 * i
            vsize, rva, rsize, raw = struct.unpack_from("<IIII", head, at + 8)
            self.sections.append((head[at:at + 8].rstrip(b"\0").decode("latin-1"), rva,
                                  max(vsize, rsize if mapped else vsize), raw, rsize))

    def data(self, rva, size):
        """Bytes at an RVA."""
        if self._mapped:
            return self._read(rva, size)
        for _, start, vsize, raw, rsize in self.sections:
            if start <= rva < start + max(vsize, rsize):
                have = max(0, min(size, rsize - (rva - start)))
                return self._read(raw + rva - start, have).ljust(size, b"\0")
        return self._read(rva, size)  # the headers

    def directory(self, index):
        """(rva, bytes) of a data directory; (0, b'') where there is none."""
        if index >= len(self.directories) or not self.directories[index][0]:
            return 0, b""
        rva, size = self.directories[index]
        return rva, self.data(rva, size)

    def exports(self):
        """{name: rva} of what is exported by name and not forwarded."""
        rva, data = self.directory(EXPORT)
        if not data:
            return {}
        _, _, _, _, functions, names, f_rva, n_rva, o_rva = struct.unpack_from("<IIIIIIIII",
                                                                               data, 4)
        table = struct.unpack("<%dI" % functions, self.data(f_rva, 4 * functions))
        name_rvas = struct.unpack("<%dI" % names, self.data(n_rva, 4 * names))
        ordinals = struct.unpack("<%dH" % names, self.data(o_rva, 2 * names))
        result = {}
        for name_rva, ordinal in zip(name_rvas, ordinals):
            if rva <= name_rva < rva + len(data):
                text = data[name_rva - rva:]
            else:
                text = self.data(name_rva, 256)
            target = table[ordinal]
            if not rva <= target < rva + len(data):
                result[text.split(b"\0", 1)[0].decode("latin-1")] = target
        return result

    def functions(self):
        """The exception directory as sorted (begin, end, unwind)."""
        _, data = self.directory(EXCEPTION)
        return [row for row in struct.iter_unpack("<III", data[:len(data) // 12 * 12]) if row[0]]

    def coff_symbols(self):
        """{name: rva} from the COFF symbol table, which lld and mingw's ld write beside DWARF."""
        if not self.symtab or not self.nsyms:
            return {}
        table = self._read(self.symtab, 18 * self.nsyms)
        length = struct.unpack("<I", self._read(self.symtab + 18 * self.nsyms, 4))[0]
        strings = self._read(self.symtab + 18 * self.nsyms, length)
        result, index = {}, 0
        while index < self.nsyms:
            raw, value, section, _, storage, aux = struct.unpack_from("<8sIhHBB", table,
                                                                      18 * index)
            index += 1 + aux
            if not 0 < section <= len(self.sections) or storage not in (2, 3):
                continue
            if raw[:4] == b"\0\0\0\0":
                at = struct.unpack_from("<I", raw, 4)[0]
                name = strings[at:strings.index(b"\0", at)]
            else:
                name = raw.rstrip(b"\0")
            name = name.decode("latin-1")
            if _is_label(name):
                continue
            result.setdefault(name, self.sections[section - 1][1] + value)
        return result


_MAP_LINE = re.compile(r"^ [0-9a-f]{4}:[0-9a-f]{8}       (\S+)\s+([0-9a-f]{16}) +(\S+)")


def map_symbols(path, base):
    """{name: rva} from the linker's map, which also has what DWARF does not: assembly."""
    result = {}
    if not os.path.exists(path):
        return result
    with open(path, encoding="latin-1") as stream:
        for line in stream:
            match = _MAP_LINE.match(line)
            if match and int(match.group(2), 16) > base and not _is_label(match.group(1)):
                result.setdefault(match.group(1), int(match.group(2), 16) - base)
    return result


def _is_label(name):
    """Labels inside functions: NASM's local ones, and those of the unwind macros."""
    return "." in name or name.startswith(("uw_", "$", "?", "L_", "__imp_", "__real@")) or \
        name.endswith(("_end", "_xdata"))


def open_file(path):
    """An Image over a file."""
    with open(path, "rb") as stream:
        content = stream.read()
    return Image(lambda at, size: content[at:at + size], False)


class Table:
    """Names by address and addresses by name; addresses are RVAs."""

    def __init__(self, names):
        self.by_name = names
        pairs = sorted((rva, _rank(name), name) for name, rva in names.items())
        self._rvas, self._names = [], []
        for rva, _, name in pairs:
            if not self._rvas or self._rvas[-1] != rva:
                self._rvas.append(rva)
                self._names.append(name)

    def nearest(self, rva):
        """(name, offset) of the last symbol at or below an RVA."""
        index = bisect.bisect_right(self._rvas, rva) - 1
        return (self._names[index], rva - self._rvas[index]) if index >= 0 else (None, 0)


def _rank(name):
    """Of several names of one address, plain ones come first."""
    return (name.startswith(("_", "Zw")), len(name))


def elf_text_symbols(path):
    """{name: offset in .text} of an ELF object's global functions, and .text's size."""
    with open(path, "rb") as stream:
        data = stream.read()
    if data[:4] != b"\x7fELF":
        return {}, 0
    shoff = struct.unpack_from("<Q", data, 0x28)[0]
    shentsize, shnum, shstrndx = struct.unpack_from("<HHH", data, 0x3a)
    headers = [struct.unpack_from("<IIQQQQIIQQ", data, shoff + i * shentsize)
               for i in range(shnum)]

    def name_of(table, at):
        start = headers[table][4] + at
        return data[start:data.index(b"\0", start)].decode("latin-1")

    text = [i for i, h in enumerate(headers) if name_of(shstrndx, h[0]) == ".text"]
    result = {}
    for header in headers:
        if header[1] != 2 or not text:  # SHT_SYMTAB
            continue
        for at in range(header[4], header[4] + header[5], 24):
            name, info, _, section, value, _ = struct.unpack_from("<IBBHQQ", data, at)
            if section == text[0] and info >> 4 == 1:
                result[name_of(header[6], name)] = value
    return result, headers[text[0]][5] if text else 0


def with_symbols(path, names):
    """A copy of an image that has no symbol table, with one: gdb needs it to name assembly.

    lld writes either a PDB or a COFF symbol table. The copy lies in a folder gdb beside the
    image, is made anew when the image is newer, and differs in nothing else.
    """
    copy = os.path.join(os.path.dirname(path), "gdb", os.path.basename(path))
    if os.path.exists(copy) and os.path.getmtime(copy) >= os.path.getmtime(path):
        return copy
    with open(path, "rb") as stream:
        data = bytearray(stream.read())
    image = open_file(path)
    at = struct.unpack_from("<I", data, 0x3c)[0] + 12  # PointerToSymbolTable
    strings = bytearray(data[image.symtab:]) if image.symtab else bytearray(4)
    table = bytearray()
    for name, rva in sorted(names.items(), key=lambda item: item[1]):
        if name.startswith("Zw") and names.get("Nt" + name[2:]) == rva:
            continue  # gdb shows one name only: the one that Windows' debuggers show
        for number, (_, start, size, _, _) in enumerate(image.sections, 1):
            if start <= rva < start + size:
                table += struct.pack("<IIIhHBB", 0, len(strings), rva - start, number,
                                     0x20 if number == 1 else 0, 2, 0)
                strings += name.encode("latin-1") + b"\0"
                break
    struct.pack_into("<I", strings, 0, len(strings))
    end = image.symtab or len(data)
    struct.pack_into("<II", data, at, end, len(table) // 18)
    os.makedirs(os.path.dirname(copy), exist_ok=True)
    temporary = "%s.%d" % (copy, os.getpid())
    with open(temporary, "wb") as stream:
        stream.write(data[:end] + table + strings)
    os.replace(temporary, copy)
    return copy


def find_file(name, folders):
    """The first folder that has name (letter case of the name ignored).

    Of a driver that was stripped, the build keeps NAME.full.sys beside NAME.sys."""
    lower = os.path.basename(name.replace("\\", "/")).lower()
    full = ".full".join(os.path.splitext(lower))
    for folder in folders:
        try:
            there = {entry.lower(): os.path.join(folder, entry) for entry in os.listdir(folder)}
        except OSError:
            continue
        for wanted in (full, lower):
            if wanted in there and os.path.isfile(there[wanted]):
                return there[wanted]
    return None
