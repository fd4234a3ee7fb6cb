"""How processes end: many of them in one boot, each ended by several threads at once."""
import re

import pytest

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
