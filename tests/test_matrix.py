"""The machines that Vitrine boots on: little memory, old and new processors, pc and q35, a disk."""
import os
import subprocess
import sys

import pytest

from conftest import BUILD, FREE_BUILD, ROOT, program, vmrun

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
    "four processors": ["--smp", "4"],
    "framebuffer": ["--qemu", "-vga std"],
    "counted instructions": ["--icount"],
}


@pytest.mark.parametrize("name", MACHINES)
def test_boots_and_runs_a_program(name):
    result = vmrun(*MACHINES[name], program("hello.exe"))
    assert result.code == 42, result.tail()
    assert result.out == b"Hello from a Windows program.\n"
    assert result.ended, result.tail()


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
