"""Processes and threads on several processors: how they end, and the locks between them."""
import re

import pytest

from cases import cases, read_expected
from conftest import program, vmrun

RUNS = 300
WAYS = 6  # of lastword.c


@pytest.mark.parametrize("smp", (1, 4))
def test_the_exit_status_is_one_that_was_given(smp):
    result = vmrun("--smp", smp, "--append", "/REPEAT=%d" % RUNS, program("lastword.exe"))
    ends = [int(status, 16) for status in re.findall(r"has ended with status (\w+)", result.log)]
    assert len(ends) == RUNS, result.tail()
    stray = [hex(end) for end in ends if not given(end)]
    assert stray == [], result.tail()
    assert {end >> 8 & 0xF for end in ends} == set(range(WAYS)), "not all ways were taken"
    assert result.ended, result.tail()


def given(status):
    """0xC0DE0WNN, from a thread that there is; in way 2 only the third ends the process."""
    way, who = status >> 8 & 0xF, status & 0xFF
    return status >> 12 == 0xC0DE0 and way < WAYS and who in ((3,) if way == 2 else (1, 2, 3, 4))


def test_locks_of_user_mode_under_contention_on_four_processors():
    result = vmrun("--smp", 4, program("contend.exe"))
    case = next(case for case in cases() if case.name == "contend")
    assert result.out == read_expected(case)[1], result.tail()
