"""!peb, !teb: what a process and a thread keep in user memory."""
import datetime

import gdb

from .. import expr, memory, model, text
from . import command, write


class User:
    """A structure in the user memory of the implicit process."""

    def __init__(self, address, type_name):
        self.address, self.type_name = address, type_name

    def place(self, path):
        """The address of a field."""
        return self.address + model.offset(self.type_name, path)

    def number(self, path):
        """The number in a field."""
        offset, kind = model.locate(self.type_name, path)
        return int.from_bytes(memory.read(self.address + offset, kind.sizeof), "little")

    def string(self, path):
        """The text of a UNICODE_STRING field."""
        return memory.unicode_string(self.place(path))


def _row(name, value):
    write("    %-25s %s" % (name, value))


def _yes(value):
    return "Yes" if value else "No"


@command("! peb")
def peb(argument):
    """!peb [PEB]: the process environment block: modules, heap, parameters, environment."""
    address = expr.evaluate(argument) if argument else model.implicit_process().peb
    if not address:
        raise gdb.GdbError("This process has no PEB.")
    block = User(address, "_PEB")
    write("PEB at %s" % text.plain(address))
    for name in ("InheritedAddressSpace", "ReadImageFileExecOptions", "BeingDebugged"):
        _row(name + ":", _yes(block.number(name)))
    _row("ImageBaseAddress:", text.plain(block.number("ImageBaseAddress")))
    for name in ("NtGlobalFlag", "NtGlobalFlag2"):
        _row(name + ":", "%x" % block.number(name))
    _row("Ldr", text.plain(block.number("Ldr")))
    if block.number("Ldr"):
        _modules(User(block.number("Ldr"), "_PEB_LDR_DATA"))
    for name in ("SubSystemData", "ProcessHeap", "ProcessParameters"):
        write("    %-18s %s" % (name + ":", text.plain(block.number(name))))
    if block.number("ProcessParameters"):
        _parameters(User(block.number("ProcessParameters"), "_RTL_USER_PROCESS_PARAMETERS"))


def _modules(ldr):
    _row("Ldr.Initialized:", _yes(ldr.number("Initialized")))
    for name in ("InInitializationOrder", "InLoadOrder", "InMemoryOrder"):
        head = ldr.place(name + "ModuleList")
        write("    Ldr.%-32s %s . %s" % (name + "ModuleList:", text.plain(memory.u64(head)),
                                         text.plain(memory.u64(head + 8))))
    write("            Base TimeStamp                     Module")
    head = ldr.place("InLoadOrderModuleList")
    link = memory.u64(head)
    for _ in range(1024):
        if link in (0, head):
            return
        entry = User(link, "_LDR_DATA_TABLE_ENTRY")
        stamp = entry.number("TimeDateStamp")
        moment = datetime.datetime.fromtimestamp(stamp, datetime.timezone.utc)
        write("%16x %08x %s %s" % (entry.number("DllBase"), stamp,
                                   moment.strftime("%b %d %H:%M:%S %Y"),
                                   entry.string("FullDllName")))
        link = memory.u64(link)


def _parameters(parameters):
    for title, path in (("CurrentDirectory:", "CurrentDirectory.DosPath"),
                        ("WindowTitle:", "WindowTitle"), ("ImageFile:", "ImagePathName"),
                        ("CommandLine:", "CommandLine"), ("DllPath:", "DllPath")):
        value = parameters.string(path)
        write("    %-18s %s" % (title, "'%s'" % value if value else "< Name not readable >"))
    address = parameters.number("Environment")
    write("    %-18s %s" % ("Environment:", text.plain(address)))
    data = memory.read_some(address, parameters.number("EnvironmentSize"))
    for line in data.decode("utf-16-le", "replace").split("\0"):
        if not line:
            break
        write("        " + line)


@command("! teb")
def teb(argument):
    """!teb [TEB]: the thread environment block; without TEB that of the thread that runs."""
    address = expr.evaluate(argument) if argument else model.current_thread().teb
    if not address:
        raise gdb.GdbError("This thread has no TEB.")
    block = User(address, "_TEB")
    write("TEB at %s" % text.plain(address))
    for name, path in (("ExceptionList", "NtTib.ExceptionList"), ("StackBase", "NtTib.StackBase"),
                       ("StackLimit", "NtTib.StackLimit"), ("SubSystemTib", "NtTib.SubSystemTib"),
                       ("FiberData", "NtTib.FiberData"),
                       ("ArbitraryUserPointer", "NtTib.ArbitraryUserPointer"),
                       ("Self", "NtTib.Self"), ("EnvironmentPointer", "EnvironmentPointer")):
        write("    %-21s %s" % (name + ":", text.plain(block.number(path))))
    write("    %-21s %s . %s" % ("ClientId:", text.plain(block.number("ClientId.UniqueProcess")),
                                 text.plain(block.number("ClientId.UniqueThread"))))
    for name, path in (("RpcHandle", "ActiveRpcHandle"),
                       ("Tls Storage", "ThreadLocalStoragePointer"),
                       ("PEB Address", "ProcessEnvironmentBlock")):
        write("    %-21s %s" % (name + ":", text.plain(block.number(path))))
    for name, path in (("LastErrorValue", "LastErrorValue"), ("LastStatusValue", "LastStatusValue"),
                       ("Count Owned Locks", "CountOfOwnedCriticalSections"),
                       ("HardErrorMode", "HardErrorMode")):
        write("    %-21s %x" % (name + ":", block.number(path)))
