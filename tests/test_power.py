"""How a machine ends: power-off and reset by each of their ways, an NMI, a machine check."""
import json
import os
import re
import socket
import subprocess
import threading
import time

import pytest

from conftest import BUGCHECK, BUILD, TIMEOUT, VMRUN, program

KMTEST = os.path.join(BUILD, "kmtest", "kmtest.sys") + "=vitrine/System32/drivers/kmtest.sys"


class Machine:
    """vmrun with QEMU's machine protocol (QMP); it starts when that is connected."""

    def __init__(self, folder, kind, *options):
        path = os.path.join(str(folder), "qmp")
        self.run = subprocess.Popen(
            [VMRUN, "--build", BUILD, "--timeout", str(TIMEOUT), *options, "--file", KMTEST,
             "--append", "/KMTCRASH=" + kind, "--qemu", "-qmp unix:%s,server=on,wait=on" % path,
             program("hello.exe")],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.bytes = b""
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        self.stream = self.connect(path).makefile("rwb")
        self.stream.readline()
        self.say("qmp_capabilities")

    def connect(self, path):
        deadline = time.monotonic() + TIMEOUT
        while True:
            try:
                connection = socket.socket(socket.AF_UNIX)
                connection.connect(path)
                return connection
            except OSError:
                assert self.run.poll() is None and time.monotonic() < deadline, self.log
                time.sleep(0.02)

    def read(self):
        while data := os.read(self.run.stdout.fileno(), 4096):
            self.bytes += data

    @property
    def log(self):
        return self.bytes.decode("utf-8", "replace")

    def say(self, command, **arguments):
        self.stream.write(json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n")
        self.stream.flush()

    def wait_for(self, text):
        deadline = time.monotonic() + TIMEOUT
        while text not in self.log:
            assert self.run.poll() is None and time.monotonic() < deadline, self.log
            time.sleep(0.02)

    def end(self):
        """Waits for the end; the reason of the shutdown, as QEMU gives it."""
        reason = None
        for line in self.stream:
            event = json.loads(line)
            if event.get("event") == "SHUTDOWN":
                reason = event["data"]["reason"]
        self.run.wait(timeout=TIMEOUT)
        self.reader.join()
        return reason


# What the machine has, and the ways that are tried in vain before one works.
RESETS = {
    "the FADT's register": (["--machine", "q35"], []),
    "the keyboard controller": ([], ["the FADT's register"]),
    "port CF9": (["--machine", "pc,i8042=off"], ["the FADT's register", "the keyboard controller"]),
}


@pytest.mark.parametrize("way", RESETS)
def test_reset(tmp_path, way):
    options, in_vain = RESETS[way]
    machine = Machine(tmp_path, "reset", *options)
    assert machine.end() == "guest-reset", machine.log
    assert re.findall(r"^HAL: no reset by (.*?)\r?$", machine.log, re.M) == in_vain, machine.log


@pytest.mark.parametrize("options", [["--machine", "pc"], ["--machine", "q35", "--smp", "2"]],
                         ids=["pc", "q35, two processors"])
def test_power_off(tmp_path, options):
    machine = Machine(tmp_path, "power_off", *options)
    assert machine.end() == "guest-shutdown", machine.log


def stopped(machine):
    machine.end()
    assert machine.run.returncode == BUGCHECK, machine.log
    return machine.log.replace("\r", "")


def test_nmi(tmp_path):
    machine = Machine(tmp_path, "spin", "--smp", "2")
    machine.wait_for("KMTEST spins")
    machine.say("inject-nmi")
    assert "*** NMI_HARDWARE_FAILURE\n" in stopped(machine)


@pytest.mark.parametrize("processor", [0, 1])
def test_machine_check(tmp_path, processor):
    """Bank 2, uncorrected, with an address. (The firmware has them on at the first processor.)"""
    machine = Machine(tmp_path, "spin", "--smp", "2")
    machine.wait_for("KMTEST spins")
    machine.say("human-monitor-command",
                **{"command-line": "mce %d 2 0xb600000000000135 0x5 0x12345000 0" % processor})
    log = stopped(machine)
    assert "*** MACHINE_CHECK_EXCEPTION\n" in log
    assert re.search(r"STOP: 0x0000009C \(0x0*2,0x0*12345000,0x0*B6000000,0x0*135\)", log), log
    assert re.search(r"^processor %d  irql" % processor, log, re.M), log
