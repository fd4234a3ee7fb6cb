"""The loader, alone: a kernel that only checks what it was given, and files that are broken.

tests/boot holds that kernel and a HAL. Each bad boot must end by itself, say which file and why on
the log, and leave its status on the exit port.
"""
import os
import re
import struct
import subprocess
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
sys.path.insert(0, os.path.join(ROOT, "tools"))

from vm import machine, volume  # noqa: E402 (the path has to be set first)

HANG = 300  # seconds: a hang detector, not a measure
LLVM = os.environ.get("LLVM", "-19")
CFLAGS = ("--target=x86_64-pc-windows-msvc -std=c17 -ffreestanding -fms-extensions -fshort-wchar "
          "-fno-stack-protector -mno-red-zone -mgeneral-regs-only -O1 -Wall -Wextra").split()
LINK = "/nologo /nodefaultlib /machine:x64 /driver /subsystem:native /align:0x200000".split()
SYSTEM = "vitrine/System32/"
NTOSKRNL, HAL, NTDLL = SYSTEM + "ntoskrnl.exe", SYSTEM + "hal.dll", SYSTEM + "ntdll.dll"
OPTIONS = b"/DEBUGPORT=COM1 /EXITPORT=0xE9 -- C:\\x.exe a \"b c\"\r\n"

EXPORTS = {
    "ntoskrnl.exe": ["KeTestNumber", "KeTestForwardTarget"],
    "hal.dll": ["HalTestNumber", "HalTestForwarded = ntoskrnl.KeTestForwardTarget"],
}


def loader():
    out = os.environ.get("VITRINE_O") or os.path.join(ROOT, "build", "checked")
    return os.path.join(out, "BOOTX64.EFI")


def compile_image(folder, name, source, imports, options):
    """One image of tests/boot, as bytes."""
    def path(suffix):
        return os.path.join(folder, name + suffix)

    subprocess.run(["clang" + LLVM, *CFLAGS, "-I" + ROOT + "/sdk", "-I" + ROOT + "/inc", "-c",
                    os.path.join(HERE, "boot", source), "-o", path(".obj")], check=True)
    subprocess.run(["lld-link" + LLVM, *LINK, *options, "/def:" + path(".def"),
                    "/implib:" + path(".unused.lib"), "/out:" + path(""), path(".obj"),
                    os.path.join(folder, imports + ".lib")], check=True)
    with open(path(""), "rb") as file:
        return file.read()


def make_import_library(folder, name):
    """The .def for the image, and a library made of the same names for those who import them."""
    header = "LIBRARY %s\nEXPORTS\n" % name
    with open(os.path.join(folder, name + ".def"), "w", encoding="ascii") as file:
        file.write(header + "\n".join(EXPORTS[name]) + "\n")
    plain = os.path.join(folder, name + ".plain.def")
    with open(plain, "w", encoding="ascii") as file:
        file.write(header + "\n".join(line.split()[0] for line in EXPORTS[name]) + "\n")
    subprocess.run(["llvm-dlltool" + LLVM, "-m", "i386:x86-64", "-D", name, "-d", plain, "-l",
                    os.path.join(folder, name + ".lib")], check=True)


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """A boot volume on which everything is right."""
    folder = str(tmp_path_factory.mktemp("boot"))
    for name in EXPORTS:
        make_import_library(folder, name)
    kernel = compile_image(folder, "ntoskrnl.exe", "kernel.c", "hal.dll",
                           ["/entry:KiSystemStartup", "/base:0xFFFFF80000000000"])
    hal = compile_image(folder, "hal.dll", "hal.c", "ntoskrnl.exe",
                        ["/dll", "/noentry", "/base:0x180000000"])
    return {NTOSKRNL: kernel, HAL: hal, NTDLL: hal, "vitrine/boot.ini": OPTIONS}


def boot(tmp_path, files, *qemu, source=None):
    """Boots the files; returns (log, outcome)."""
    log, outcome = str(tmp_path / "log"), str(tmp_path / "outcome")
    if source is None:
        archive = tmp_path / "files.tar"
        archive.write_bytes(files if isinstance(files, bytes) else volume.pack(files))
        source = ["-kernel", loader(), "-fw_cfg", "name=opt/vitrine/files.tar,file=%s" % archive]
    command = [machine.QEMU, "-accel", "tcg", "-cpu", "max", "-m", "256", "-bios",
               machine.firmware(), "-nodefaults", "-display", "none", "-no-reboot",
               "-serial", "file:" + log, "-chardev", "file,id=outcome,path=" + outcome,
               "-device", "isa-debugcon,iobase=0xe9,chardev=outcome", *source, *qemu]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    try:
        wait_for_outcome(process, outcome)
    finally:
        process.kill()
        process.wait()
    with open(log, "rb") as file:
        text = re.sub(rb"\x1b\[[0-9;=?]*[A-Za-z]", b"", file.read()).decode("utf-8", "replace")
    with open(outcome, encoding="ascii") as file:
        return text, file.read().strip()


def wait_for_outcome(process, outcome):
    """Until QEMU ends or the exit port has a whole line; a machine that does neither hangs."""
    for _ in range(HANG * 10):
        if os.path.exists(outcome) and b"\n" in open(outcome, "rb").read():
            return
        try:
            process.wait(0.1)
            return
        except subprocess.TimeoutExpired:
            pass
    pytest.fail("the machine hangs")


MACHINES = [
    ("-machine", "pc"),
    ("-machine", "q35", "-cpu", "qemu64", "-m", "96"),
    ("-machine", "q35", "-m", "1024", "-vga", "std"),
]


@pytest.mark.parametrize("qemu", MACHINES, ids=["pc", "q35-qemu64-96MB", "q35-framebuffer"])
def test_hands_over_what_it_promises(good, tmp_path, qemu):
    files = dict(good)
    files["vitrine/empty.txt"] = b""
    files["a/b/c.bin"] = b"\xff" * 5000
    log, outcome = boot(tmp_path, files, *qemu)
    assert outcome == "exit 0000002A", log
    assert "FAILED" not in log and "end" in log.split()
    assert ("small pages" if "96" in qemu else "large pages") in log
    assert ("framebuffer" if "-vga" in qemu else "no framebuffer") in log.splitlines()
    assert "file 0000000000001388 \\a\\b\\c.bin" in log
    assert "options [/DEBUGPORT=COM1 /EXITPORT=0xE9]" in log
    assert 'command line [C:\\x.exe a "b c"]' in log
    assert "image FFFFF80000000000 \\SystemRoot\\System32\\ntoskrnl.exe" in log


def test_without_boot_ini_the_kernel_still_starts(good, tmp_path):
    files = {name: data for name, data in good.items() if name != "vitrine/boot.ini"}
    log, _ = boot(tmp_path, files)
    assert "options []" in log and "command line []" in log


def patched(image, offset, layout, value):
    out = bytearray(image)
    struct.pack_into("<" + layout, out, offset, value)
    return bytes(out)


def pe(image):
    return struct.unpack_from("<I", image, 0x3C)[0]


def section(image, name):
    """The file offset of a section's header."""
    return image.index(name.ljust(8, b"\0"), pe(image))


def with_wild_relocation(image):
    """The first relocation block points to the last page and over its end."""
    raw = struct.unpack_from("<I", image, section(image, b".reloc") + 20)[0]
    size = struct.unpack_from("<I", image, pe(image) + 24 + 56)[0]
    image = patched(image, raw, "I", size - 0x1000)
    return patched(image, raw + 8, "H", 0xAFFF)


def replaced(name, change):
    return lambda files: {**files, name: change(files[name])}


def without(name):
    return lambda files: {key: data for key, data in files.items() if key != name}


MISSING_NAME = replaced(HAL, lambda d: d.replace(b"KeTestNumber\0", b"KeTestNumbex\0"))
BAD = {
    "no-ntoskrnl": (without(NTOSKRNL), "ntoskrnl.exe: the file is missing", "C000000F"),
    "no-hal": (without(HAL), "hal.dll: the file is missing", "C0000135"),
    "no-ntdll": (without(NTDLL), "ntdll.dll: the file is missing", "C0000135"),
    "truncated": (replaced(NTOSKRNL, lambda d: d[:len(d) // 2]),
                  "ntoskrnl.exe: the image is damaged or truncated", "C000007B"),
    "empty": (replaced(NTOSKRNL, lambda d: b""),
              "ntoskrnl.exe: the file is not a PE image", "C000012F"),
    "not-an-image": (replaced(HAL, lambda d: b"#!/bin/sh\n" * 100),
                     "hal.dll: the file is not a PE image", "C000012F"),
    "32-bit": (replaced(NTOSKRNL, lambda d: patched(d, pe(d) + 4, "H", 0x14C)),
               "ntoskrnl.exe: the file is a 32-bit image", "C0000359"),
    "arm64": (replaced(HAL, lambda d: patched(d, pe(d) + 4, "H", 0xAA64)),
              "hal.dll: the file is an image for another machine", "C000007B"),
    "wild-relocation": (replaced(HAL, with_wild_relocation),
                        "hal.dll: the image's relocations are damaged", "C000007B"),
    "writable-code": (replaced(NTOSKRNL, lambda d: patched(d, section(d, b".text") + 36, "I",
                                                           0xE0000020)),
                      "ntoskrnl.exe: a section is both writable and executable", "C000007B"),
    "missing-import": (MISSING_NAME,
                       "hal.dll: imports what is not exported: ntoskrnl.exe!KeTestNumbex",
                       "C0000139"),
    "missing-module": (replaced(HAL, lambda d: d.replace(b"ntoskrnl.exe\0", b"ntoskrnx.exe\0")),
                       "hal.dll: imports from a module that is not loaded: ntoskrnx.exe",
                       "C0000135"),
    "bad-driver": (lambda files: {**files, SYSTEM + "drivers/bad.sys": b"MZ" + b"\0" * 600},
                   "bad.sys: the file is not a PE image", "C0000130"),
}


@pytest.mark.parametrize("case", BAD.values(), ids=BAD.keys())
def test_names_the_bad_file_and_the_reason(good, tmp_path, case):
    change, message, status = case
    log, outcome = boot(tmp_path, change(good))
    assert message in log
    assert log.count("Vitrine cannot start") == 1
    assert outcome == "nostart " + status


def test_archive_that_is_cut_off(good, tmp_path):
    log, outcome = boot(tmp_path, volume.pack(good)[:3000])
    assert "opt/vitrine/files.tar: the archive is truncated" in log
    assert outcome == ""  # the options, which name the exit port, were not read


def test_too_little_memory(good, tmp_path):
    log, _ = boot(tmp_path, good, "-m", "64")
    assert re.search(r"not enough memory: \d+ MB are free, \d+ MB are needed", log)


@pytest.mark.parametrize("qemu", [("-machine", "pc"), ("-machine", "q35")], ids=["pc", "q35"])
def test_boots_from_a_disk(good, tmp_path, qemu):
    images = tmp_path / "images"
    images.mkdir()
    for name in (NTOSKRNL, HAL, NTDLL):
        (images / os.path.basename(name)).write_bytes(good[name])
    disk = str(tmp_path / "disk.img")
    subprocess.run([os.path.join(ROOT, "tools", "mkdisk"), "--images", str(images), "--loader",
                    loader(), "--options", "/EXITPORT=0xE9", disk, loader(), "a b"], check=True)
    log, outcome = boot(tmp_path, None, *qemu, source=["-drive", "file=%s,format=raw" % disk])
    assert outcome == "exit 0000002A", log
    assert "FAILED" not in log
    assert "\\BOOTX64.EFI" in log and "\\EFI\\" not in log
    assert 'command line [C:\\BOOTX64.EFI "a b"]' in log


def test_disk_without_files(tmp_path):
    """From a disk nobody may be watching: the message, a key awaited for a while, then no more."""
    image = tmp_path / "disk.img"
    boot_ini = tmp_path / "boot.ini"
    boot_ini.write_bytes(OPTIONS)
    subprocess.run([os.path.join(ROOT, "tools", "mkdisk"), "--empty", "--loader", loader(),
                    "--file", "%s=vitrine/boot.ini" % boot_ini, str(image)], check=True)
    log, outcome = boot(tmp_path, None,
                        source=["-drive", "file=%s,format=raw,if=ide" % image])
    assert "\\vitrine\\System32\\ntoskrnl.exe: the file is missing" in log
    assert outcome == "nostart C000000F"
