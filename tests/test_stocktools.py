"""What stock tools look for in the kernel's image: section names, export directory, PDB."""
import os
import shutil
import subprocess

from conftest import BUILD

IMAGE = os.path.join(BUILD, "image", "ntoskrnl.exe")
READOBJ = shutil.which("llvm-readobj-19") or "llvm-readobj"
EXPORTS = ("PsInitialSystemProcess", "PsLoadedModuleList", "NtBuildNumber", "MmUserProbeAddress",
           "RtlGetVersion", "KdDebuggerEnabled", "ExEventObjectType", "IoFileObjectType",
           "PsProcessType", "MmSectionObjectType")


def readobj(*options):
    return subprocess.run([READOBJ, *options, IMAGE], stdout=subprocess.PIPE, text=True,
                          check=True).stdout


def test_sections_by_which_the_kernel_is_known():
    names = {line.split()[1] for line in readobj("--sections").splitlines()
             if line.strip().startswith("Name:")}
    assert {"POOLCODE", "INITKDBG"} <= names


def test_export_directory():
    text = readobj("--coff-exports")
    names = {line.split()[1] for line in text.splitlines() if line.strip().startswith("Name:")}
    assert set(EXPORTS) <= names
    with open(IMAGE, "rb") as file:
        assert b"ntoskrnl.exe\0" in file.read()


def test_pdb_is_named_without_a_path_and_is_there():
    lines = [line.strip() for line in readobj("--coff-debug-directory").splitlines()]
    assert "PDBFileName: ntkrnlmp.pdb" in lines
    guid = next(line for line in lines if line.startswith("PDBGUID:")).split("{")[1].rstrip("}")
    with open(os.path.join(BUILD, "ntkrnlmp.pdb"), "rb") as file:
        pdb = file.read()
    assert pdb.startswith(b"Microsoft C/C++ MSF 7.00")
    fields = guid.split("-")
    little = bytes.fromhex(fields[0])[::-1] + bytes.fromhex(fields[1])[::-1] + bytes.fromhex(fields[2])[::-1]
    assert little + bytes.fromhex(fields[3]) + bytes.fromhex(fields[4]) in pdb
