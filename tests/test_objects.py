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
