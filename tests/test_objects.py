"""The object manager: against a model, in races, with a million handles; two processes, 1 to 4 processors."""
import os

import pytest

from conftest import BUILD, program, vmrun

SPAWN = os.path.join(BUILD, "kmtest", "spawn.sys") + "=vitrine/System32/drivers/spawn.sys"


def run(smp, name, *args):
    """A program that starts a second process through the driver tests/drivers/spawn.c."""
    return vmrun("--smp", smp, "--file", SPAWN, program(name + ".exe"), *args)


@pytest.mark.parametrize("smp,first,seeds,operations", [(1, 1, 4, 1500), (4, 5, 2, 500)])
def test_random_operations_do_what_the_model_foretells(smp, first, seeds, operations):
    result = run(smp, "obmodel", first, seeds, operations)
    lines = result.out.decode().splitlines()
    wanted = ["seed %d: %d operations, 0 surprises" % (seed, 6 * operations)
              for seed in range(first, first + seeds)]
    assert lines == wanted, result.tail()
    assert result.code == 0 and result.ended, result.tail()


RACES = ("close against close", "close against use", "close against duplicate",
         "close against protect", "values used again", "last close against open",
         "temporary against permanent", "directory read while it changes",
         "thread end against open", "timer expiry against close", "process end against duplicate")


@pytest.mark.parametrize("smp,rounds", [(1, 40), (4, 40)])
def test_races(smp, rounds):
    result = run(smp, "obraces", rounds)
    assert result.out.decode().splitlines() == [name + ": 0 surprises" for name in RACES], \
        result.tail()
    assert result.code == 0 and result.ended, result.tail()


def test_a_million_handles_cost_17_bytes_each_and_go_to_the_page():
    result = run(1, "obpages", 1000000)
    lines = result.out.decode().splitlines()
    assert lines == ["the last one: 00000000", "handles cost at least 16 bytes each: yes",
                     "and at most 17: yes", "pool is as before: yes",
                     "memory is as before, to the page: yes", "memory is measured: yes"], \
        result.tail()
    assert result.code == 0 and result.ended, result.tail()
