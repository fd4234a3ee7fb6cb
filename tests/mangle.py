"""Makes bad PE files out of good ones: each way of it by name, and random ones by seed."""
import random
import struct

MACHINE_I386, MACHINE_ARM64 = 0x14C, 0xAA64


class Image:
    """A PE32+ file in memory, its header fields by name."""

    FILE = {"machine": (4, "H"), "sections": (6, "H"), "optional_size": (20, "H"),
            "characteristics": (22, "H")}
    OPTIONAL = {"magic": (0, "H"), "entry": (16, "I"), "image_base": (24, "Q"),
                "section_alignment": (32, "I"), "file_alignment": (36, "I"),
                "image_size": (56, "I"), "headers_size": (60, "I"), "subsystem": (68, "H"),
                "directories": (108, "I")}
    SECTION = {"virtual_size": (8, "I"), "address": (12, "I"), "raw_size": (16, "I"),
               "raw": (20, "I")}
    IMPORT, RELOC, TLS = 1, 5, 9

    def __init__(self, data):
        self.data = bytearray(data)
        self.pe = struct.unpack_from("<I", data, 60)[0]

    def place(self, field, section=0):
        if field in self.FILE:
            offset, kind = self.FILE[field]
            return self.pe + offset, kind
        if field in self.OPTIONAL:
            offset, kind = self.OPTIONAL[field]
            return self.pe + 24 + offset, kind
        offset, kind = self.SECTION[field]
        return self.pe + 24 + self.get("optional_size") + 40 * section + offset, kind

    def get(self, field, section=0):
        offset, kind = self.place(field, section)
        return struct.unpack_from("<" + kind, self.data, offset)[0]

    def set(self, field, value, section=0):
        offset, kind = self.place(field, section)
        struct.pack_into("<" + kind, self.data, offset, value)
        return self

    def directory(self, index):
        return self.pe + 24 + 112 + 8 * index

    def set_directory(self, index, address, size):
        struct.pack_into("<II", self.data, self.directory(index), address, size)
        return self

    def file_offset(self, address):
        """Where in the file an address of the image lies."""
        for i in range(self.get("sections")):
            start = self.get("address", i)
            if start <= address < start + self.get("raw_size", i):
                return address - start + self.get("raw", i)
        return None

    def fill_directory(self, index, pattern):
        """Overwrites what a directory entry points at."""
        address, size = struct.unpack_from("<II", self.data, self.directory(index))
        offset = self.file_offset(address)
        self.data[offset:offset + size] = (pattern * size)[:size]
        return self


def ways():
    """name -> function(Image): each makes one thing wrong that a loader must notice."""
    return {
        "not-mz": lambda i: i.data.__setitem__(slice(0, 2), b"ZM"),
        "pe-offset-past-the-end": lambda i: struct.pack_into("<I", i.data, 60, 0x7FFFFFF0),
        "pe-offset-wraps": lambda i: struct.pack_into("<I", i.data, 60, 0xFFFFFFF8),
        "no-signature": lambda i: i.data.__setitem__(slice(i.pe, i.pe + 4), b"NE\0\0"),
        "i386": lambda i: i.set("machine", MACHINE_I386),
        "arm64": lambda i: i.set("machine", MACHINE_ARM64),
        "pe32-magic": lambda i: i.set("magic", 0x10B),
        "rom-magic": lambda i: i.set("magic", 0x107),
        "many-sections": lambda i: i.set("sections", 0xFFFF),
        "no-sections": lambda i: i.set("sections", 0),
        "optional-header-huge": lambda i: i.set("optional_size", 0xFFF0),
        "optional-header-tiny": lambda i: i.set("optional_size", 4),
        "section-past-the-end": lambda i: i.set("raw", 0x7FFF0000, 0),
        "section-raw-huge": lambda i: i.set("raw_size", 0xFFFFF000, 0),
        "section-raw-wraps": lambda i: i.set("raw", 0xFFFFFE00, 0).set("raw_size", 0x400, 0),
        "section-virtual-huge": lambda i: i.set("virtual_size", 0xFFFFFFFF, 0),
        "sections-overlap": lambda i: i.set("address", i.get("address", 0), 1),
        "section-address-wild": lambda i: i.set("address", 0xFFFFF000, 1),
        "section-in-headers": lambda i: i.set("address", 0, 0),
        "image-size-zero": lambda i: i.set("image_size", 0),
        "image-size-huge": lambda i: i.set("image_size", 0xFFFFF000),
        "alignment-zero": lambda i: i.set("section_alignment", 0),
        "alignment-odd": lambda i: i.set("section_alignment", 0x1001),
        "file-alignment-odd": lambda i: i.set("file_alignment", 0x333),
        "headers-size-huge": lambda i: i.set("headers_size", 0x7FFFFFFF),
        "base-odd": lambda i: i.set("image_base", 0x140001234),
        "cut-in-headers": lambda i: i.data.__delitem__(slice(0x180, None)),
        "cut-in-sections": lambda i: i.data.__delitem__(slice(0x600, None)),
        "one-byte": lambda i: i.data.__delitem__(slice(1, None)),
        "empty": lambda i: i.data.clear(),
    }


def ways_that_load():
    """name -> function(Image): headers are good, what they lead to is not; must end, not hang."""
    return {
        "entry-outside": lambda i: i.set("entry", 0x7FFFFFF0),
        "imports-outside": lambda i: i.set_directory(Image.IMPORT, 0x7FFFFFF0, 40),
        "imports-wild": lambda i: i.fill_directory(Image.IMPORT, b"\xff\xff\xff\x7f"),
        "relocations-wild": lambda i: i.fill_directory(Image.RELOC, b"\x00\xf0\xff\x7f\xff\xff\xff\xff"),
        "relocation-block-empty": lambda i: i.fill_directory(Image.RELOC, b"\x00\x10\x00\x00\x00\x00\x00\x00"),
        "tls-outside": lambda i: i.set_directory(Image.TLS, 0x7FFFFFF0, 40),
        "directory-count-huge": lambda i: i.set("directories", 0xFFFFFFFF),
        "subsystem-unknown": lambda i: i.set("subsystem", 99),
    }


def mangled(data, way):
    image = Image(data)
    way(image)
    return bytes(image.data)


def random_damage(data, seed):
    """A few random changes in the headers."""
    chance = random.Random(seed)
    image = Image(data)
    end = image.place("raw", image.get("sections") - 1)[0] + 4
    for _ in range(chance.choice((1, 1, 2, 4, 16))):
        at = chance.randrange(image.pe, end - 4)
        value = chance.choice((0, 1, 0x7F, 0xFF, chance.randrange(256)))
        width = chance.choice((1, 1, 2, 4))
        image.data[at:at + width] = bytes([value]) * width
    return bytes(image.data)
