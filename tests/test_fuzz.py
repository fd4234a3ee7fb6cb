"""Fuzzers, with a fixed number of inputs each: the PE parser; system services in the machine."""
import os
import subprocess

import pytest

from conftest import BUGCHECK, NOSTART, TIMED_OUT, vmrun

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
OUT = os.environ.get("VITRINE_O") or os.path.join(ROOT, "build", "checked")


def test_image_parser_survives(tmp_path):
    seeds = os.path.join(OUT, "fuzz", "corpus", "image")
    assert os.listdir(seeds)
    found = tmp_path / "found"
    found.mkdir()
    run = subprocess.run([os.path.join(OUT, "fuzz", "fuzz_image"), "-runs=20000", "-seed=1",
                          "-max_len=65536", "-timeout=20", "-artifact_prefix=%s/" % tmp_path,
                          str(found), seeds],
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert run.returncode == 0, run.stdout[-4000:]


@pytest.mark.parametrize("seed", range(1, 9))
def test_services_survive_random_arguments(seed):
    """The program may end in any way; the machine goes on, and switches itself off in order."""
    result = vmrun(os.path.join(OUT, "fuzz", "syscalls.exe"), seed)
    assert result.code not in (BUGCHECK, NOSTART, TIMED_OUT), result.tail()


@pytest.mark.parametrize("seed,opens", [(1, 1000000), (2, 1000), (3, 1000), (4, 1000)])
def test_names_and_attributes_at_random(seed, opens):
    """And many opens of a missing name: the pool is what it was."""
    result = vmrun(os.path.join(OUT, "fuzz", "names.exe"), seed, 20000, opens)
    assert result.out.decode().splitlines() == [
        "ready: yes", "some calls succeed, most fail: yes", "0 surprises",
        "a missing name is missing each time: yes", "and nothing has grown: yes"], result.tail()
