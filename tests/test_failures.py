"""Failure injection: each service with its n-th allocation refused, for every n (tests/failures)."""
import functools
import os
import re

import pytest

from conftest import BUILD, FREE_BUILD, ROOT, vmrun

PROGRAM = os.path.join(BUILD, "failures", "failures.exe")
pytestmark = pytest.mark.xdist_group("failures")  # one worker, so that a boot serves all

# They do not come back to their caller, so they cannot be walked; the last stops all threads of the
# only process there is.
NO_RETURN = {"NtTerminateProcess", "NtContinue", "NtRaiseException", "NtSuspendProcess"}
# Must meet at least so many refusals: a walk that finds nothing to refuse shows nothing.
AT_LEAST = {"NtCreateEvent named": 10, "NtCreateThreadEx": 20, "NtCreateSection": 8,
            "NtCreateFile": 10, "NtWaitForMultipleObjects 64": 2, "NtQueueApcThread": 2,
            "NtMapViewOfSection": 4, "NtDuplicateObject while the table grows": 3}


def services():
    with open(os.path.join(ROOT, "sdk", "services.tbl"), encoding="utf-8") as file:
        return set(re.findall(r"^0x\w+ (\w+) +\d+$", file.read(), re.M))


@functools.lru_cache(maxsize=None)
def walk(smp):
    return vmrun("--smp", smp, PROGRAM)


def rows(smp):
    found = re.findall(r"^ok - (\w+) (.*): (\d+) refusals$", walk(smp).out.decode(), re.M)
    return {(service + " " + what).strip(): int(count) for service, what, count in found}


@pytest.mark.parametrize("smp", (1, 4))
def test_nothing_is_lost_and_every_status_is_right(smp):
    result = walk(smp)
    out = result.out.decode()
    assert [line for line in out.splitlines() if line.startswith("not ok")] == [], result.tail()
    assert out.rstrip().endswith("1..%d" % len(rows(smp))), result.tail()
    assert result.ended and result.code == 0, result.tail()


def test_every_service_is_walked():
    walked = {name.split()[0] for name in rows(1)}
    assert services() - walked - NO_RETURN == set()


@pytest.mark.parametrize("name", sorted(AT_LEAST))
def test_the_walk_meets_allocations(name):
    assert rows(1)[name] >= AT_LEAST[name], rows(1)


def test_charges_are_refused_too():
    """Each charge to the quota of the process counts as an allocation."""
    assert int(re.search(r"^(\d+) charges refused$", walk(1).out.decode(), re.M).group(1)) > 100


def test_the_free_build_refuses_nothing():
    result = vmrun(PROGRAM, build=FREE_BUILD)
    counts = re.findall(r"(\d+) refusals$", result.out.decode(), re.M)
    assert counts and set(counts) == {"0"}, result.tail()
