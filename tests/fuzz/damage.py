"""Damaged images by seed: good ones, changed in one to four places that a loader looks at."""
import os
import random
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from mangle import Image, mangled, ways, ways_that_load  # noqa: E402 (the path has to be set first)

ODD = (0, 1, 2, 3, 7, 8, 0x10, 0x1FF, 0x200, 0x201, 0xFFF, 0x1000, 0x1001, 0x2000, 0x10000, 0x7FFF0000,
       0x7FFFFFFF, 0x80000000, 0xFFFFF000, 0xFFFFFFF0, 0xFFFFFFFF)
ODD_BASES = (0, 0x1000, 0x10000, 0x140000000, 0x7FFE0000, 0x7FFFFFFE0000, 0x7FFFFFFF0000, 0x800000000000,
             0xFFFFF80000000000, 0xFFFFFFFFFFFF0000, 0x140001234)
DIRECTORIES = 16
EXPORT, IMPORT, EXCEPTION, RELOC, TLS, CONFIG, IAT = 0, 1, 3, 5, 9, 10, 12


def odd(chance, near):
    """A value that is odd, or close to what was there."""
    return chance.choice(ODD) if chance.random() < 0.5 else max(0, near + chance.randint(-0x1100, 0x1100)) & 0xFFFFFFFF


def change_header(chance, image):
    field = chance.choice([*Image.FILE, *Image.OPTIONAL])
    if field == "image_base":
        image.set(field, chance.choice(ODD_BASES))
    else:
        kind = image.place(field)[1]
        value = odd(chance, image.get(field))
        image.set(field, value & (0xFFFF if kind == "H" else 0xFFFFFFFF))


def change_section(chance, image):
    section = chance.randrange(max(1, min(image.get("sections"), 20)))
    field = chance.choice(list(Image.SECTION))
    image.set(field, odd(chance, image.get(field, section)), section)


def change_rights(chance, image):
    section = chance.randrange(max(1, min(image.get("sections"), 20)))
    at = image.place("raw", section)[0] + 16
    struct.pack_into("<I", image.data, at, chance.getrandbits(32))


def change_directory(chance, image):
    index = chance.choice((EXPORT, IMPORT, EXCEPTION, RELOC, TLS, CONFIG, IAT, chance.randrange(DIRECTORIES)))
    address, size = struct.unpack_from("<II", image.data, image.directory(index))
    image.set_directory(index, odd(chance, address), odd(chance, size))


def change_contents(chance, image):
    """Inside what a directory leads to: descriptors, blocks, tables of names."""
    index = chance.choice((EXPORT, IMPORT, IMPORT, EXCEPTION, RELOC, RELOC, TLS, CONFIG, IAT))
    address, size = struct.unpack_from("<II", image.data, image.directory(index))
    start = image.file_offset(address)
    if not start or not size:
        change_header(chance, image)
        return
    for _ in range(chance.choice((1, 1, 2, 8))):
        at = start + chance.randrange(max(1, min(size, 0x1000))) & ~3
        struct.pack_into("<I", image.data, at, odd(chance, struct.unpack_from("<I", image.data, at)[0]))


def change_size(chance, image):
    if chance.random() < 0.6:
        del image.data[chance.randrange(len(image.data)):]
    else:
        image.data.extend(bytes(chance.randrange(0x3000)))


def change_bytes(chance, image):
    end = image.place("raw", image.get("sections") - 1)[0] + 16
    for _ in range(chance.choice((1, 2, 4, 16, 64))):
        image.data[chance.randrange(min(end, len(image.data)))] = chance.randrange(256)


def change_code(chance, image):
    """Programs and DllMains that do something else."""
    start, size = image.get("raw", 0), max(1, image.get("raw_size", 0))
    for _ in range(chance.choice((1, 4, 32))):
        image.data[start + chance.randrange(size)] = chance.randrange(256)


CHANGES = (change_header, change_header, change_section, change_section, change_rights, change_directory,
           change_directory, change_contents, change_contents, change_contents, change_size, change_bytes,
           change_code)


def damage(data, seed):
    """The image, damaged; the same for the same seed."""
    chance = random.Random(seed)
    image = Image(data)
    changes = chance.choice((1, 1, 1, 2, 3, 4))
    if chance.random() < 0.1:
        named = [*ways().values(), *ways_that_load().values()]
        try:
            return mangled(data, chance.choice(named))
        except TypeError:
            changes = 1  # it has no such directory
    for _ in range(changes):
        try:
            chance.choice(CHANGES)(chance, image)
        except (IndexError, ValueError, struct.error, TypeError):
            pass  # an earlier change has taken away what this one needs
    return bytes(image.data)
