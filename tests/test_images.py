"""Programs whose tables are in unusual places: the loader finds them in memory, not as in the file.

Each ends with the status that only its own code gives. Wine runs all but those marked.
"""
import os
import struct

import pytest

from conftest import program, vmrun
from peimage import EXECUTE, READ, WRITE, Program

STATUS = 77
NAMES = ["NtTerminateProcess"]


def text(image):
    return image.section(".text", 0x1000, 0x100, 0x200, EXECUTE | READ)


def raw_size_past_virtual_size():
    """By its SizeOfRawData .rdata reaches over .idata; in memory it ends before."""
    return (text(Program()).section(".rdata", 0x2000, 0x10, 0x200, READ, raw=0x2200)
            .section(".idata", 0x3000, 0x200, 0x200, READ)
            .imports(0x3000, 0x3100, NAMES).exit(0x3100, STATUS))


def slots_in_a_zeroed_tail():
    return (text(Program()).section(".rdata", 0x2000, 0x1800, 0x200, READ)
            .imports(0x2000, 0x3400, NAMES).exit(0x3400, STATUS))


def slots_behind_virtual_size():
    return (text(Program()).section(".rdata", 0x2000, 0x100, 0x200, READ)
            .imports(0x2000, 0x2800, NAMES).exit(0x2800, STATUS))


def slots_in_a_section_without_data():
    return (text(Program()).section(".rdata", 0x2000, 0x200, 0x200, READ)
            .section(".bss", 0x3000, 0x200, 0, READ | WRITE)
            .imports(0x2000, 0x3000, NAMES).exit(0x3000, STATUS))


def slots_in_two_sections():
    return (text(Program()).section(".rdata", 0x2000, 0x1000, 0x1000, READ)
            .section(".idata", 0x3000, 0x200, 0x200, READ | EXECUTE)
            .imports(0x2000, 0x2FF8, ["NtClose"] + NAMES).exit(0x3000, STATUS))


def slot_in_two_sections():
    return (text(Program()).section(".rdata", 0x2000, 0x1000, 0x1000, READ)
            .section(".idata", 0x3000, 0x200, 0x200, READ)
            .imports(0x2000, 0x2FFC, NAMES).exit(0x2FFC, STATUS))


def slots_among_code():
    return text(Program()).imports(0x1040, 0x10F0, NAMES).exit(0x10F0, STATUS)


def slots_in_the_headers():
    return (text(Program()).section(".rdata", 0x2000, 0x200, 0x200, READ)
            .imports(0x2000, 0x3F0, NAMES).exit(0x3F0, STATUS))


def tls_behind_raw_size():
    """The status is a thread-local variable; template, directory and index are in .data."""
    image = (text(Program()).section(".rdata", 0x2000, 0x200, 0x200, READ, raw=0x2200)
               .section(".data", 0x3000, 0x200, 0x200, READ | WRITE).imports(0x2000, 0x2100, NAMES))
    directory = struct.pack("<4QII", image.base + 0x3080, image.base + 0x3088,
                            image.base + 0x30C0, 0, 0, 0)
    image.directories[9] = (0x3000, len(directory))
    # mov rax, gs:[58h]; mov ecx, [index]; mov rax, [rax + rcx * 8]; mov edx, [rax]; or rcx, -1
    code = (b"\x48\x83\xEC\x28\x65\x48\x8B\x04\x25\x58\0\0\0\x8B\x0D" +
            struct.pack("<i", 0x30C0 - 0x1013) +
            b"\x48\x8B\x04\xC8\x8B\x10\x48\x83\xC9\xFF\xFF\x15" + struct.pack("<i", 0x2100 - 0x1023))
    return image.put(0x3000, directory).put(0x3080, struct.pack("<Q", STATUS)).put(0x1000, code)


def relocated():
    """Linked for the address of KUSER_SHARED_DATA, which Wine refuses; the blocks are in .reloc."""
    image = (text(Program(0x7FFE0000)).section(".rdata", 0x2000, 0x200, 0x200, READ, raw=0x2200)
               .section(".reloc", 0x3000, 0x200, 0x200, READ).imports(0x2000, 0x2100, NAMES)
               .exit(0x2100, STATUS))
    body = image.contents.pop()[1]
    image.put(0x1020, body[:15] + struct.pack("<i", 0x2100 - 0x1033))
    # jmp [pointer], which is wrong until it has been relocated
    image.put(0x1000, b"\xFF\x25" + struct.pack("<i", 0x21F8 - 0x1006))
    image.put(0x21F8, struct.pack("<Q", image.base + 0x1020))
    image.directories[5] = (0x3000, 12)
    return image.put(0x3000, struct.pack("<IIHH", 0x2000, 12, 0xA1F8, 0))


IMAGES = [raw_size_past_virtual_size, slots_in_a_zeroed_tail, slots_behind_virtual_size,
          slots_in_a_section_without_data, slots_in_two_sections, slot_in_two_sections,
          slots_among_code, slots_in_the_headers, tls_behind_raw_size, relocated]


@pytest.mark.parametrize("build", IMAGES, ids=lambda build: build.__name__)
def test_runs(tmp_path, build):
    path = os.path.join(str(tmp_path), "image.exe")
    with open(path, "wb") as file:
        file.write(build().file())
    result = vmrun(path)
    assert result.status == STATUS, result.tail()


# Sections of a page, 64 KiB apart: between them the image has no memory.
GAP = 0x18000
FAULT, FORMAT, SUCCESS = "c0000005", "c000007b", "00000000"


def dll(base=0x180000000):
    return (Program(base, alignment=0x10000, dll=True)
            .section(".text", 0x10000, 0x100, 0x200, EXECUTE | READ)
            .section(".rdata", 0x20000, 0x200, 0x200, READ))


def with_directory(image, index, address, size):
    image.directories[index] = (address, size)
    return image


def fixup_at(address):
    """Linked for an address that is taken, so that it must be moved; one fixup of 64 bits."""
    block = struct.pack("<IIHH", address & ~0xFFF, 12, 0xA000 | address & 0xFFF, 0)
    return with_directory(dll(0x7FFE0000), 5, 0x20000, 12).put(0x20000, block)


BAD_DLLS = {
    "good": (dll, [SUCCESS, "c0000139"]),
    "imports": (lambda: with_directory(dll(), 1, GAP, 40), [FAULT]),
    "names-of-imports": (lambda: with_directory(dll(), 1, 0x20000, 40).put(
        0x20000, struct.pack("<5I", GAP, 0, 0, GAP, GAP)), [FAULT]),
    "exports": (lambda: with_directory(dll(), 0, GAP, 40), [SUCCESS, FORMAT]),
    "thread-local-storage": (lambda: with_directory(dll(), 9, GAP, 40), [FAULT]),
    "relocations": (lambda: with_directory(dll(0x7FFE0000), 5, GAP, 12), [FORMAT]),
    "fixup-between-sections": (lambda: fixup_at(GAP), [FORMAT]),
    "fixup-in-the-headers": (lambda: fixup_at(0x300), [FORMAT]),
}


@pytest.mark.parametrize("name", BAD_DLLS)
def test_tables_without_memory(tmp_path, name):
    """The loader's status, and a loader that goes on: no lock is left held."""
    build, statuses = BAD_DLLS[name]
    path = os.path.join(str(tmp_path), "bad.dll")
    with open(path, "wb") as file:
        file.write(build().file())
    result = vmrun("--file", path, program("baddll.exe"))
    lines = ["%s: %s" % pair for pair in zip(("load", "export"), statuses)]
    assert result.out.decode() == "\n".join(lines + ["another thread: 33", "ntdll: " + SUCCESS, ""]), \
        result.tail()
