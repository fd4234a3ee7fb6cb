"""The machines that Vitrine boots on: little memory, old and new processors, pc and q35, a disk."""
import datetime
import os
import re
import subprocess
import sys

import pytest

from conftest import BUGCHECK, BUILD, FREE_BUILD, ROOT, program, vmrun

sys.path.insert(0, os.path.join(ROOT, "tools"))

from vm import volume  # noqa: E402 (the path has to be set first)

MACHINES = {
    "96 MB": ["--mem", "96"],
    "2 GB": ["--mem", "2048"],
    "5 GB": ["--mem", "5120"],
    "qemu64": ["--cpu", "qemu64"],
    "max without SMAP": ["--cpu", "max,smap=off"],
    "Nehalem": ["--cpu", "Nehalem"],
    "q35": ["--machine", "q35"],
    "q35 qemu64 96 MB": ["--machine", "q35", "--cpu", "qemu64", "--mem", "96"],
    "int 2Eh": ["--append", "/INT2E"],
    "int 2Eh on qemu64": ["--append", "/INT2E", "--cpu", "qemu64"],
    "two processors": ["--smp", "2"],
    "four processors": ["--smp", "4"],
    "eight processors, q35": ["--smp", "8", "--machine", "q35"],
    "four processors, qemu64": ["--smp", "4", "--cpu", "qemu64"],
    "holes in the APIC ids": ["--qemu", "-smp 6,sockets=2,cores=3,threads=1"],
    "three of eight processors": ["--smp", "8", "--append", "/NUMPROC=3"],
    "sixteen processors": ["--smp", "16"],
    "without HPET": ["--machine", "pc,hpet=off"],
    "q35 without HPET, with two processors": ["--machine", "q35,hpet=off", "--smp", "2"],
    "HPET as performance counter": ["--append", "/USEPLATFORMCLOCK", "--smp", "2"],
    "without i8042": ["--machine", "pc,i8042=off"],
    "framebuffer": ["--qemu", "-vga std"],
    "counted instructions": ["--icount"],
}


# What the HAL has to say of some of them.
SAID = {
    "q35": ["HAL: 1 processor(s), xAPIC", " by HPET, counter TSC, clock one-shot", "buses 0 to 255"],
    "holes in the APIC ids": ["HAL: 6 processor(s)", "\n6 processors"],
    "sixteen processors": ["\n16 processors"],
    "without HPET": [" by PM timer, counter TSC"],
    "q35 without HPET, with two processors": [" by PM timer, counter TSC", "\n2 processors"],
    "HPET as performance counter": [" by HPET, counter HPET"],
}


@pytest.mark.parametrize("name", MACHINES)
def test_boots_and_runs_a_program(name):
    result = vmrun(*MACHINES[name], program("hello.exe"))
    assert result.code == 42, result.tail()
    assert result.out == b"Hello from a Windows program.\n"
    assert result.ended, result.tail()
    for words in SAID.get(name, []):
        assert words in result.log.replace("\r", ""), result.tail()


@pytest.mark.parametrize("base", ["1999-12-31T23:50:00", "2000-02-29T12:00:00",
                                  "2038-01-19T03:14:00", "2079-06-30T00:00:00"])
def test_system_time_is_the_battery_clocks(base):
    """Century and all."""
    result = vmrun("--qemu", "-rtc base=" + base, program("hello.exe"))
    assert result.code == 42, result.tail()
    found = re.search(r"^HAL: battery clock (\S+) (\S+):\d\d\r?$", result.log, re.M)
    assert found, result.tail()
    told = datetime.datetime.fromisoformat("%sT%s:00" % found.groups())
    late = told - datetime.datetime.fromisoformat(base)
    assert datetime.timedelta(0) <= late < datetime.timedelta(minutes=9), result.tail()


PROCESSORS = (b"all processors seen: yes\n"
              b"wrong processors: 0, one that is not there: c000000d\n"
              b"guarded: 24000, owned: 2400\n"
              b"memory that was wrong: 0\nall ended\n")


@pytest.mark.parametrize("smp", [1, 2, 4, 8])
def test_threads_run_on_all_processors(smp):
    """Locks, mutants, memory that comes and goes, threads ended from elsewhere."""
    result = vmrun("--smp", smp, program("processors.exe"))
    assert result.code == 0, result.tail()
    assert result.out == PROCESSORS


def test_numproc_leaves_processors_alone():
    result = vmrun("--smp", 4, "--append", "/NUMPROC=2", program("hello.exe"))
    assert re.search(r"^2 processors", result.log, re.M), result.tail()


def test_a_bugcheck_stops_all_processors():
    result = vmrun("--smp", 4, "--append", "/KMTCRASH=IRQL", "--file",
                   BUILD + "/kmtest/kmtest.sys=vitrine/System32/drivers/kmtest.sys", program("hello.exe"))
    assert result.code == BUGCHECK, result.tail()
    places = re.findall(r"^processor (\d)  rip FFFFF8", result.log, re.M)
    assert len(places) == 3, result.tail()


@pytest.mark.parametrize("cpu", ["max", "qemu64"])
def test_the_free_build(cpu):
    result = vmrun("--cpu", cpu, program("threads.exe"), build=FREE_BUILD)
    assert result.code == 3, result.tail()


def test_the_free_kernel_is_small():
    size = sum(os.path.getsize(os.path.join(FREE_BUILD, "image", name))
               for name in ("ntoskrnl.exe", "hal.dll"))
    assert size <= 500 * 1024, "kernel and HAL have %d bytes" % size


@pytest.mark.slow
@pytest.mark.parametrize("machine", ["pc", "q35"])
def test_boots_from_a_disk(tmp_path, machine):
    """A GPT disk with an EFI system partition, through the firmware's own boot manager."""
    image = os.path.join(str(tmp_path), "disk.img")
    subprocess.run([os.path.join(ROOT, "tools", "mkdisk"), "--images", BUILD + "/image",
                    "--options", volume.OPTIONS, image, program("hello.exe")], check=True)
    result = vmrun("--machine", machine, "--disk", image)
    assert result.code == 42, result.tail()
    assert result.out == b"Hello from a Windows program.\n"
