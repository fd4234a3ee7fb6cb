"""WinDbg's commands for gdb.

    pe.py        reads PE images and NASM's ELF objects: symbols, unwind data, sections
    memory.py    the memory of the machine, of this or another address space
    symbols.py   which images are loaded, and their symbols; hooks that notice new ones
    unwind.py    x64 unwind codes, on a dictionary of registers
    unwinder.py  the same for gdb's own frames (bt, up, finish)
    model.py     processes, threads and processors as Python objects, by the kernel's DWARF
    expr.py      WinDbg's expressions: nt!Name+10, @rsp, poi(...)
    text.py      how WinDbg writes addresses and values
    commands/    one file for a family of commands

Reading is done in the model, writing in the commands; a new command is a class in commands/ with
the decorator @command.
"""
import gdb


def start():
    """Sets gdb up for a kernel and registers everything."""
    for setting in ("pagination off", "confirm off", "disassembly-flavor intel",
                    "print asm-demangle on", "architecture i386:x86-64", "osabi none",
                    "breakpoint pending on", "backtrace past-main on"):
        gdb.execute("set " + setting, to_string=True)
    from . import symbols, unwinder
    from .commands import register_all
    unwinder.register()
    symbols.start()
    register_all()
