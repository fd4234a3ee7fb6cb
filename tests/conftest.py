"""Fixtures that all tests share. What they need is built by make beforehand (`make test`)."""
import os
import re
import subprocess
import sys
from dataclasses import dataclass

import pytest

TESTS = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.dirname(TESTS)
sys.path.insert(0, os.path.join(TESTS, "conformance"))

# A hang detector, the only one: TCG on a busy machine may take many times the usual second.
TIMEOUT = 300

BUILD = os.environ.get("VITRINE_O") or os.path.join(ROOT, "build", "checked")
FREE_BUILD = os.environ.get("VITRINE_FREE_O") or os.path.join(ROOT, "build", "free")
VMRUN = os.path.join(ROOT, "tools", "vmrun")
ENDED = re.compile(r"^vmrun: .* ended with 0x([0-9A-F]{8})", re.M)

BUGCHECK, NOSTART, TIMED_OUT = 125, 126, 124


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: boots from a real disk, under icount, or many times")


@dataclass
class Result:
    """What one vmrun gave: exit code, output, log, and the full status of the program."""

    code: int
    out: bytes
    log: str

    @property
    def status(self):
        """The program's 32-bit exit status; vmrun tells it where it does not fit in 8 bits."""
        found = ENDED.search(self.log)
        return int(found.group(1), 16) if found else self.code

    @property
    def ended(self):
        """The program ran to an end of its own and the machine was switched off in order."""
        told = re.search(r"^vmrun: (?!.* ended with)", self.log, re.M)
        return not told

    def tail(self):
        return "exit code %d\noutput:\n%s\nlog:\n%s" % (
            self.code, self.out[-2000:].decode("utf-8", "replace"), self.log[-4000:])


def vmrun(*args, stdin=b"", timeout=TIMEOUT, build=BUILD):
    """Runs tools/vmrun with the arguments; its own time limit is the hang detector."""
    command = [VMRUN, "--build", build, "--timeout", str(timeout), *map(str, args)]
    run = subprocess.run(command, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         timeout=timeout + 60, check=False)
    return Result(run.returncode, run.stdout, run.stderr.decode("utf-8", "replace"))


def program(name):
    """A program of tests/conformance, as built."""
    return os.path.join(BUILD, "conformance", name)


@pytest.fixture(scope="session")
def hello():
    return program("hello.exe")


def tap_lines(text):
    """The (name, ok) pairs of TAP output."""
    return [(m.group(2), m.group(1) == "ok")
            for m in re.finditer(r"^(ok|not ok)\s+\d*\s*-?\s*(.*)$", text, re.M)]
