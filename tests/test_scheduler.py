"""Scheduling through the services, and the kernel's stress test with seeds of its own."""
import re

import pytest

from conftest import program, vmrun


@pytest.mark.parametrize("smp", (1, 4))
def test_priorities_and_processors_through_the_services(smp):
    result = vmrun("--smp", smp, program("scheduling.exe"))
    assert result.code == 0, result.tail()
    lines = result.out.decode("ascii").splitlines()
    assert not [line for line in lines if line.startswith("not ok")], "\n".join(lines)
    assert lines[-1] == "1..%d" % (len(lines) - 1), lines[-1]
    assert len(lines) > 70
