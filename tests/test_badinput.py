"""Bad programs: each ends with a status of Windows, the kernel lives, and vmrun says so.

Programs that misbehave once they run are cases of test_conformance.py (crash-*, badpointers,
documented).
"""
import os

import pytest

from conftest import BUGCHECK, NOSTART, TIMED_OUT, program, vmrun
from mangle import mangled, random_damage, ways, ways_that_load

NOT_MZ, FORMAT, WIN_32, MACHINE = 0xC000012F, 0xC000007B, 0xC0000359, 0xC0000131
NE_FORMAT, PROTECT, WIN_64, INVALID_FILE = 0xC000011B, 0xC0000130, 0xC000035A, 0xC0000020
SEEDS = range(12)

# What Windows says where it is more than "bad format".
STATUS = {"not-mz": {NOT_MZ}, "one-byte": {NOT_MZ, FORMAT}, "empty": {INVALID_FILE},
          "i386": {WIN_32, FORMAT, MACHINE}, "pe32-magic": {WIN_32, FORMAT},
          "pe-offset-past-the-end": {FORMAT, PROTECT}, "pe-offset-wraps": {FORMAT, PROTECT},
          "no-signature": {NE_FORMAT},
          "arm64": {MACHINE, WIN_64, FORMAT}}


def good():
    with open(program("reloc.exe"), "rb") as file:
        return file.read()


def run(tmp_path, data):
    path = os.path.join(str(tmp_path), "bad.exe")
    with open(path, "wb") as file:
        file.write(data)
    return vmrun(path)


def status_named_in(result):
    """The status that vmrun tells: of the process, or why there was none."""
    words = [line for line in result.log.splitlines() if line.startswith("vmrun: ")]
    assert words, result.tail()
    return int(words[-1].split("0x")[1][:8], 16)


@pytest.mark.parametrize("name", sorted(ways()))
def test_is_refused(tmp_path, name):
    result = run(tmp_path, mangled(good(), ways()[name]))
    assert result.code == NOSTART, result.tail()
    assert status_named_in(result) in STATUS.get(name, {FORMAT}), result.tail()
    assert result.out == b""


def test_headers_that_end_inside_the_section_table(tmp_path):
    """Windows runs such a program: the section table counts, not SizeOfHeaders."""
    whole = run(tmp_path, good())
    cut = run(tmp_path, mangled(good(), lambda i: i.set("headers_size", i.place("virtual_size", 1)[0])))
    assert cut.out == whole.out != b"" and cut.code == whole.code, cut.tail()


@pytest.mark.parametrize("name", sorted(ways_that_load()))
def test_ends(tmp_path, name):
    result = run(tmp_path, mangled(good(), ways_that_load()[name]))
    assert result.code not in (BUGCHECK, TIMED_OUT), result.tail()
    assert "did not power off" not in result.log


@pytest.mark.parametrize("seed", SEEDS)
def test_random_damage_never_harms_the_kernel(tmp_path, seed):
    result = run(tmp_path, random_damage(good(), seed))
    assert "vmrun: bug check" not in result.log, result.tail()
    assert "vmrun: no end" not in result.log, result.tail()


def test_a_text_file(tmp_path):
    result = run(tmp_path, b"this is no program\n" * 100)
    assert result.code == NOSTART and status_named_in(result) == NOT_MZ, result.tail()


def test_a_bad_dll(tmp_path):
    """The program is good; the DLL that it imports is not."""
    with open(program("testlib.dll"), "rb") as file:
        dll = file.read()
    bad = os.path.join(str(tmp_path), "testlib.dll")
    with open(bad, "wb") as file:
        file.write(mangled(dll, ways()["section-past-the-end"]))
    result = vmrun("--file", bad, "--file", program("second.dll"), program("dlluser.exe"))
    assert result.status == FORMAT, result.tail()
