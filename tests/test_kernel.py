"""Tests inside the kernel: kmtest.sys runs as a boot driver and reports each test in the log."""
import functools
import glob
import os
import re

import pytest

from conftest import BUILD, TESTS, program, vmrun

DRIVER = os.path.join(BUILD, "kmtest", "kmtest.sys")
pytestmark = pytest.mark.xdist_group("kernel")  # one worker, so that a boot serves all
AS_BOOT_DRIVER = DRIVER + "=vitrine/System32/drivers/kmtest.sys"


def names():
    found = []
    for path in sorted(glob.glob(os.path.join(TESTS, "kernel", "*.c"))):
        with open(path, encoding="utf-8") as file:
            found += re.findall(r"^KMT_TEST\((\w+)\)", file.read(), re.M)
    return found


@functools.lru_cache(maxsize=None)
def boot(smp):
    """One boot for all tests of a processor count."""
    return vmrun("--smp", smp, "--file", AS_BOOT_DRIVER, program("hello.exe"))


@pytest.mark.parametrize("smp,name", [(smp, name) for smp in (1, 4) for name in names()])
def test_kernel(smp, name):
    log = boot(smp).log
    found = re.search(r"KMTEST (ok|not ok) %s(?:: (.*))?$" % name, log, re.M)
    assert found, "no word of it: test_all_were_run_and_a_program_afterwards[%d] has the log" % smp
    assert found.group(1) == "ok", found.group(2)


@pytest.mark.parametrize("smp", (1, 4))
def test_all_were_run_and_a_program_afterwards(smp):
    result = boot(smp)
    assert "KMTEST done: %d ok, 0 not ok" % len(names()) in result.log, result.tail()
    assert result.code == 42, result.tail()


def test_log_formats():
    lines = re.findall(r"KMTLOG (.*?)\r?$", boot(1).log, re.M)
    assert lines == ["-1 4000000000 beef BEEF 0000beef    42|42   |",
                     "text abc      right|left  | c %",
                     "123456789abcdef -5000000000 FFFFF80000001000",
                     "wide abc",
                     "a line in one call"], boot(1).tail()



@pytest.mark.parametrize("smp", (1, 4))
def test_a_driver_built_with_ddk_headers_sets_irql_inline(smp):
    """Its DriverEntry checks, and fails on purpose: nothing of it stays loaded."""
    driver = os.path.join(BUILD, "kmtest", "ddkirql.sys")
    result = vmrun("--smp", smp, "--file", driver + "=vitrine/System32/drivers/ddkirql.sys",
                   program("hello.exe"))
    found = re.search(r"DDKIRQL done: (\d+) checks, (\d+) wrong", result.log)
    assert found and int(found.group(1)) > 1000 and found.group(2) == "0", result.tail()
    assert result.code == 42, result.tail()
