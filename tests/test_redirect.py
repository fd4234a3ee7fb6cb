"""Where user mode goes on when a program says so (conformance/redirect.c): the program checks itself,
with one, two and four processors, in both builds; and jumps to the instructions of the kernel whose
faults the trap handler treats in a way of their own."""
import os
import struct

import pytest

from conftest import BUILD, FREE_BUILD, program, tap_lines, vmrun

BUILDS = {"checked": BUILD, "free": FREE_BUILD}
STAC, REP_MOVSQ = b"\x0f\x01\xcb", b"\xf3\x48\xa5"


def check(result):
    lines = tap_lines(result.out.decode())
    assert [name for name, ok in lines if not ok] == [], result.tail()
    assert lines and result.out.decode().rstrip().endswith("1..%d" % len(lines)), result.tail()


@pytest.mark.parametrize("build", BUILDS)
@pytest.mark.parametrize("smp", (1, 2, 4))
def test_user_mode_goes_on_where_it_was_sent(smp, build):
    check(vmrun("--smp", smp, program("redirect.exe"), build=BUILDS[build]))


def argument_copies():
    """The addresses of "stac; rep movsq" in the kernel: the copy of a service's arguments."""
    with open(os.path.join(BUILD, "image", "ntoskrnl.exe"), "rb") as file:
        image = file.read()
    header = struct.unpack_from("<I", image, 0x3C)[0]
    count, optional = struct.unpack_from("<H", image, header + 6)[0], header + 24
    base = struct.unpack_from("<Q", image, optional + 24)[0]
    sections = optional + struct.unpack_from("<H", image, header + 20)[0]
    found = []
    for index in range(count):
        rva, size, raw = struct.unpack_from("<III", image, sections + 40 * index + 12)
        at = image.find(STAC + REP_MOVSQ, raw, raw + size)
        while at >= 0:
            found.append(base + rva + at - raw + len(STAC))
            at = image.find(STAC + REP_MOVSQ, at + 1, raw + size)
    return found


def test_a_jump_into_the_kernels_copy_faults_where_it_goes():
    """The trap handler has another way out for the kernel's own faults there."""
    places = argument_copies()
    assert places
    check(vmrun(program("redirect.exe"), *("%x" % place for place in places)))
