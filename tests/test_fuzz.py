"""Fuzzers, with a fixed number of inputs each: the PE parser, paths, addresses; the campaign's kinds in the machine; names."""
import os
import re
import shutil
import subprocess
import sys

import pytest

from conftest import BUILD, FREE_BUILD, ROOT, vmrun

FUZZ = os.path.join(ROOT, "tests", "fuzz")
SDK = os.path.join(ROOT, "sdk")
sys.path.insert(0, FUZZ)

import genshapes  # noqa: E402 (the path has to be set first)
import rounds  # noqa: E402


def test_image_parser_survives(tmp_path):
    seeds = os.path.join(BUILD, "fuzz", "corpus", "image")
    assert os.listdir(seeds)
    found = tmp_path / "found"
    found.mkdir()
    run = subprocess.run([os.path.join(BUILD, "fuzz", "fuzz_image"), "-runs=20000", "-seed=1",
                          "-max_len=65536", "-timeout=20", "-artifact_prefix=%s/" % tmp_path,
                          str(found), seeds],
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert run.returncode == 0, run.stdout[-4000:]


@pytest.mark.parametrize("name", ["path", "env", "ip"])
def test_names_and_texts_survive(name, tmp_path):
    """ntdll's path code, environments, and addresses of the Internet as text."""
    run = subprocess.run([os.path.join(BUILD, "fuzz", "fuzz_" + name), "-runs=20000", "-seed=1",
                          "-max_len=200", "-timeout=20", "-artifact_prefix=%s/" % tmp_path],
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert run.returncode == 0, run.stdout[-4000:]


def campaign(*options):
    command = [sys.executable, os.path.join(FUZZ, "campaign.py"), "--checked", BUILD, "--free", FREE_BUILD,
               "--quick", *options]
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)


@pytest.mark.parametrize("kind,config,at_least", [
    ("calls", "checked-2-96", 5000), ("calls", "free-4-512", 5000), ("entry", "checked-1-96", 200),
    ("entry", "free-2-512", 200), ("images", "checked-4-512", 48), ("images", "free-1-96", 48)])
def test_a_minute_of_the_campaign(tmp_path, kind, config, at_least):
    """No bug check, no hang, nothing grows, and enough was done."""
    run = campaign("--one", "1:%s:%s" % (kind, config), "--out", str(tmp_path))
    assert run.returncode == 0, run.stdout
    word = {"entry": "cases"}.get(kind, kind)
    assert int(re.search(r"(\d+) %s" % word, run.stdout).group(1)) >= at_least, run.stdout


def test_every_service_has_a_shape():
    shapes = genshapes.generate(SDK)
    for _, name, _ in genshapes.read_services(SDK):
        assert name in genshapes.NEVER or '"%s"' % name in shapes


@pytest.mark.parametrize("line,words", [
    ("0x1ff0 NtUnknownService 2", "no prototype"), ("0x1ff0 NtSetEvent 5", "5 arguments")])
def test_a_service_without_its_prototype_is_refused(tmp_path, line, words):
    sdk = tmp_path / "sdk"
    shutil.copytree(SDK, sdk)
    with open(sdk / "services.tbl", "a", encoding="utf-8") as table:
        table.write(line + "\n")
    with pytest.raises(genshapes.Mismatch, match=words):
        genshapes.generate(sdk)


def rounds_of(values):
    lines = "".join("\n@round %d calls=%d pool.Leak=%d .\n" % (i, i, value) for i, value in enumerate(values))
    return rounds.Rounds(lines.encode())


def test_a_counter_that_grows_is_found():
    grown = rounds_of([100 + 8 * i for i in range(20)]).growth()
    assert grown.startswith("pool.Leak")
    seldom = [2, 2, 3, 3, 4, 4, 5, 6, 6, 6, 6, 6]
    assert rounds_of([1] * 12 + seldom).growth().startswith("pool.Leak")
    for values in ([100] * 20, [100 + 8 * min(i, 9) for i in range(20)], [100 + i % 3 for i in range(20)],
                   [100 + 8 * i for i in range(10)]):
        assert not rounds_of(values).growth(), values


@pytest.mark.parametrize("seed,opens", [(1, 1000000), (2, 1000), (3, 1000), (4, 1000)])
def test_names_and_attributes_at_random(seed, opens):
    """And many opens of a missing name: the pool is what it was."""
    result = vmrun(os.path.join(BUILD, "fuzz", "names.exe"), seed, 20000, opens)
    assert result.out.decode().splitlines() == [
        "ready: yes", "some calls succeed, most fail: yes", "0 surprises",
        "a missing name is missing each time: yes", "and nothing has grown: yes"], result.tail()
