"""The commands, one file for a family."""
import importlib

import gdb

FAMILIES = ("memory", "types", "images", "control", "stack", "examine", "process", "processor",
            "scheduler", "locks", "objects", "obtrace", "vm", "pool", "peb")


class Command(gdb.Command):
    """A command with a plain function behind it: invoke(argument) -> None."""

    def __init__(self, name, function, prefix=False):
        super().__init__(name, gdb.COMMAND_USER, gdb.COMPLETE_NONE, prefix)
        self._function = function

    def invoke(self, argument, from_tty):
        try:
            self._function(argument.strip())
        except gdb.MemoryError as error:
            raise gdb.GdbError("Memory access error: %s" % error) from error


_pending = []


def command(*names):
    """Registers a function under one or more names when the package starts."""
    def decorate(function):
        _pending.extend((name, function) for name in names)
        return function
    return decorate


def _bang(argument):
    raise gdb.GdbError("No export %s found; `help !` lists the extensions." % argument.split()[0]
                       if argument else "`help !` lists the extensions.")


def register_all():
    """Imports all families and creates their commands."""
    for family in FAMILIES:
        importlib.import_module("." + family, __name__)
    _make("!", _bang, True, "WinDbg's extension commands (the shell is at `shell`).")
    for name, function in _pending:
        _make(name, function, False, function.__doc__)


def _make(name, function, prefix, doc):
    kind = type("Command_", (Command,), {"__doc__": doc})
    kind(name, function, prefix)


def write(text=""):
    """A line of output."""
    gdb.write(text + "\n")
