"""The virtual machine: firmware, accelerator and the QEMU command line."""
import os
import shlex
import shutil
import subprocess
import tempfile

from .options import ROOT

QEMU = "qemu-system-x86_64"
FIRMWARE = ("/usr/share/ovmf/OVMF.fd", "/usr/share/qemu/OVMF.fd", "/usr/share/edk2/x64/OVMF.4m.fd")
CACHE = os.path.join(ROOT, "build", "firmware")

# OVMF looks for a TPM at FED40000 and waits 1.5 s for the nothing that QEMU answers there. A ROM of
# this size, which ends at 4 GiB, covers that address with FF, and the firmware goes on at once.
PADDED_ROM = 20 << 20

# A ROM that writes PROBE_CODE to the isa-debug-exit port from the reset vector, which ends QEMU
# with status 2 * PROBE_CODE + 1: fninit; fwait; mov dx, 0F4h; mov al, PROBE_CODE; out dx, al; hlt.
# (Some nested KVMs stumble over the x87 instructions that all firmware begins with.)
PROBE_CODE = 0x10
PROBE_STATUS = 2 * PROBE_CODE + 1


class NoMachine(Exception):
    """QEMU or its firmware is not there."""


def write_atomically(path, data):
    """Several vmruns may do this at once; each sees a whole file or none."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    handle, name = tempfile.mkstemp(dir=os.path.dirname(path))
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    os.replace(name, path)


def firmware():
    """OVMF, padded; kept under build/ until the distribution's file changes."""
    source = next((path for path in FIRMWARE if os.path.exists(path)), None)
    if not source:
        raise NoMachine("the UEFI firmware is missing: install the package ovmf (make deps)")
    stamp = os.stat(source)
    padded = os.path.join(CACHE, "ovmf-%d-%d.fd" % (stamp.st_size, stamp.st_mtime))
    if not os.path.exists(padded):
        with open(source, "rb") as file:
            rom = file.read()
        write_atomically(padded, rom.rjust(PADDED_ROM, b"\xff"))
    return padded


def probe_kvm(cpu):
    """Runs a few instructions under KVM: a device file alone proves nothing."""
    code = bytes([0xDB, 0xE3, 0x9B, 0xBA, 0xF4, 0x00, 0xB0, PROBE_CODE, 0xEE, 0xF4])
    rom = os.path.join(CACHE, "kvm-probe.rom")
    write_atomically(rom, code.rjust(65536 - 16 + len(code), b"\xf4").ljust(65536, b"\xf4"))
    command = [QEMU, "-accel", "kvm", "-cpu", cpu, "-nodefaults", "-display", "none", "-no-reboot",
               "-bios", rom, "-device", "isa-debug-exit,iobase=0xf4,iosize=4"]
    try:
        run = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL, timeout=10, check=False)
    except subprocess.TimeoutExpired:
        return False
    return run.returncode == PROBE_STATUS


def kvm_works(cpu):
    """Whether KVM runs this processor model here; asked once per boot of the host."""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return False
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        answer = os.path.join(CACHE, "kvm-runs-%s-%s" % (cpu.replace("/", "_"), file.read().strip()))
    if not os.path.exists(answer):
        write_atomically(answer, b"yes" if probe_kvm(cpu) else b"no")
    with open(answer, "rb") as file:
        return file.read() == b"yes"


def accelerator(options):
    if options.icount:
        return ["-accel", "tcg", "-icount", "shift=0,sleep=off"]
    return ["-accel", "kvm" if kvm_works(options.cpu) else "tcg"]


def gdb_server(where):
    """A TCP port (tcp::1234), or a socket file."""
    if where.startswith("tcp:"):
        return ["-S", "-gdb", where]
    return ["-S", "-chardev", "socket,id=gdb,path=%s,server=on,wait=off" % where,
            "-gdb", "chardev:gdb"]


def boot_source(options, archive):
    if options.disk:
        return ["-drive", "file=%s,format=raw,if=ide,snapshot=on" % options.disk]
    return ["-kernel", os.path.join(options.build, "image", "BOOTX64.EFI"),
            "-fw_cfg", "name=opt/vitrine/files.tar,file=/proc/self/fd/%d" % archive]


def command(options, archive, sockets):
    """QEMU's command line; archive and sockets are descriptors that it inherits."""
    if not shutil.which(QEMU):
        raise NoMachine("%s is missing: install the package qemu-system-x86 (make deps)" % QEMU)
    line = [QEMU, "-machine", options.machine] + accelerator(options)
    line += ["-cpu", options.cpu, "-smp", str(options.smp), "-m", str(options.mem)]
    line += ["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"]
    line += ["-bios", firmware()] + boot_source(options, archive)
    for name, descriptor in sockets.items():
        line += ["-chardev", "socket,id=%s,fd=%d" % (name, descriptor)]
    line += ["-device", "isa-serial,index=0,chardev=log"]
    line += ["-device", "isa-serial,index=2,chardev=console"]
    line += ["-device", "isa-debugcon,iobase=0xe9,chardev=outcome"]
    if options.gdb:
        line += gdb_server(options.gdb)
    for extra in options.qemu:
        line += shlex.split(extra)
    # Should vmrun be killed with no chance to clean up, QEMU goes with it.
    return ["setpriv", "--pdeathsig", "KILL"] + line if shutil.which("setpriv") else line
