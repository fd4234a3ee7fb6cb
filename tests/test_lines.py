"""Four processors open and close handles, each in its own process: which cache lines do they share?

tests/lines/stores.c, a plugin for QEMU, watches the stores of tests/lines/lines.c in the free build.
"""
import os
import re

import pytest

from conftest import BUILD, FREE_BUILD, vmrun

CREATE, DUPLICATE, OPEN = 1, 2, 3  # the phases of lines.c, each with its NtClose
RUNS = 100
HEADER, DIRECTORY_LOCK = -0x30, 37 * 8  # from an object's body; OBJECT_DIRECTORY.Lock


def line(address):
    return address & ~63


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    """What lines.c printed, the runs by phase and processor, the shared lines by phase."""
    report = tmp_path_factory.mktemp("lines") / "report"
    plugin = "-plugin %s,report=%s" % (os.path.join(BUILD, "lines", "stores.so"), report)
    driver = os.path.join(BUILD, "kmtest", "spawn.sys") + "=vitrine/System32/drivers/spawn.sys"
    result = vmrun("--smp", 4, "--icount", "--file", driver, "--qemu", plugin,
                   os.path.join(BUILD, "lines", "lines.exe"), build=FREE_BUILD)
    if "supports only a minimum version" in result.log:
        pytest.skip("this QEMU no longer takes plugins of version 1")
    assert result.code == 0 and b"done" in result.out, result.tail()
    objects = [(name, int(address, 16)) for name, address in
               re.findall(r"^(shared|directory) (\w+)", result.out.decode(), re.M)]
    runs, shared = {}, {CREATE: set(), DUPLICATE: set(), OPEN: set()}
    for words in map(str.split, report.read_text().splitlines()):
        if words[0] == "runs":
            runs[int(words[1]), int(words[2])] = int(words[3]), int(words[4])
        else:
            shared[int(words[1])].add(int(words[2], 16))
    return objects, runs, shared


def event_header(objects):
    return {line(address + HEADER) for name, address in objects if name == "shared"}


def test_all_processors_were_watched(watched):
    """Nearly all runs count, on each processor, and the stores of the path were seen."""
    _, runs, _ = watched
    for phase, least in ((CREATE, 100), (DUPLICATE, 70), (OPEN, 200)):
        for processor in range(4):
            count, stores = runs[phase, processor]
            assert RUNS * 3 // 4 <= count <= RUNS and stores >= count * least


def test_create_and_close_share_nothing(watched):
    assert watched[2][CREATE] == set()


def test_duplicate_and_close_share_the_objects_counts(watched):
    objects, _, shared = watched
    assert shared[DUPLICATE] == event_header(objects)


def test_open_by_name_and_close_share_the_counts_and_the_directories_locks(watched):
    objects, _, shared = watched
    directories = {line(address + offset) for name, address in objects if name == "directory"
                   for offset in (HEADER, DIRECTORY_LOCK)}
    assert len(directories) == 4
    assert shared[OPEN] == event_header(objects) | directories
