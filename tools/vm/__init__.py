"""The parts of tools/vmrun.

options.py   the command line, as DESIGN and `vmrun --help` give it
volume.py    the files of the guest's C: drive, packed as an ustar archive, with boot.ini
machine.py   the QEMU command line: firmware, processor, ports; whether KVM can be used
session.py   one run: bytes between QEMU's ports and our own streams, the outcome, the time limit
names.py     NTSTATUS and bug check names, read from the headers of the source tree

The guest has four channels. COM1 carries the kernel's log (our standard error). COM3 carries the
program's standard input and output: not COM2, because OVMF takes COM1 and COM2 for terminals, so
that bytes of the firmware would mix with the program's and the firmware would eat its input. The
archive goes in through QEMU's fw_cfg device. I/O port 0xE9 carries what a script wants to know,
one line each: "ready" (the console listens), "exit STATUS", "bugcheck CODE P1 P2 P3 P4",
"nostart STATUS".
"""
