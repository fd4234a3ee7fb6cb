"""Native tests of what needs no machine, under ASan and UBSan: each build/*/host/test_* is a test.

Its exit status is the verdict; where it prints TAP, no line may be "not ok".
"""
import glob
import os
import subprocess

import pytest

from conftest import BUILD, TIMEOUT, tap_lines

PROGRAMS = sorted(path for path in glob.glob(os.path.join(BUILD, "host", "test_*"))
                  if os.access(path, os.X_OK))


@pytest.mark.parametrize("path", PROGRAMS, ids=os.path.basename)
def test_host(path):
    run = subprocess.run([path], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, timeout=TIMEOUT, check=False)
    text = run.stdout.decode("utf-8", "replace")
    lines = tap_lines(text)
    assert run.returncode == 0, text[-4000:]
    assert all(ok for _name, ok in lines), text[-4000:]


def test_there_are_host_tests():
    assert PROGRAMS, "nothing in %s/host: run make host-tests" % BUILD
