"""Quota: a program that takes all it can get is refused, and another goes on (tests/conformance/quota.c)."""
import os

import pytest

from conftest import BUILD, program, vmrun

SPAWN = os.path.join(BUILD, "kmtest", "spawn.sys") + "=vitrine/System32/drivers/spawn.sys"


def check(result, count):
    lines = result.out.decode().splitlines()
    assert [line for line in lines if line.startswith("not ok")] == [], result.tail()
    assert lines[-1] == "1..%d" % count and result.ended and result.code == 0, result.tail()


def test_the_greedy_are_refused_and_the_others_go_on():
    """With 96 MiB the quota must be exceeded before the pool is exhausted."""
    check(vmrun("--mem", 96, "--file", SPAWN, program("quota.exe")), 131)


def test_charges_on_four_processors():
    check(vmrun("--smp", 4, "--file", SPAWN, program("quota.exe"), 0), 86)
