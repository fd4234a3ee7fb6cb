"""The kernel's structures as Python objects, read by the kernel's own DWARF.

Commands ask this model and print; they read no memory themselves. A field that this kernel does
not have reads as None, and the command leaves its line out.
"""
import gdb

from . import memory, symbols

MASK = 2 ** 64 - 1


def kernel_type(name):
    """struct _NAME, or a typedef, of the kernel."""
    for prefix in ("struct ", "union ", "enum ", ""):
        try:
            return gdb.lookup_type(prefix + name)
        except gdb.error:
            continue
    raise gdb.GdbError("Symbol nt!%s not found." % name)


def at(address, type_name):
    """The structure of that type at an address."""
    return gdb.Value(address).cast(kernel_type(type_name).pointer()).dereference()


def number(value):
    """An integer or pointer as an unsigned number."""
    return int(value.cast(gdb.selected_inferior().architecture().integer_type(64, False))) & MASK


def field(value, path):
    """value.a.b.c, or None where a field does not exist."""
    try:
        for part in path.split("."):
            value = value[part]
            if value.type.strip_typedefs().code == gdb.TYPE_CODE_ARRAY:
                value = value[0]  # arrays of one, as the kernel has them for later growth
        return value
    except (gdb.error, ValueError, RuntimeError):
        return None


def num(value, path):
    """The number in a field, or None."""
    found = field(value, path)
    return None if found is None else number(found)


def locate(type_name, path):
    """(offset in bytes, type) of a field. Members of unnamed structures count as the outer one's."""
    total, kind = 0, kernel_type(type_name)
    for part in path.split("."):
        found = _member(kind, part)
        if found is None:
            raise gdb.GdbError("%s has no field %s" % (type_name, path))
        total, kind = total + found[0], found[1]
    return total, kind


def _member(kind, name):
    kind = kind.strip_typedefs()
    if kind.code == gdb.TYPE_CODE_ARRAY:
        kind = kind.target().strip_typedefs()
    for item in kind.fields():
        if item.name == name:
            return item.bitpos // 8, item.type
        if not item.name:
            inner = _member(item.type, name)
            if inner:
                return item.bitpos // 8 + inner[0], inner[1]
    return None


def offset(type_name, path):
    """The offset of a field, in bytes."""
    return locate(type_name, path)[0]


def entries(head, type_name, link):
    """The structures on a list, by their LIST_ENTRY field."""
    delta = offset(type_name, link)
    entry, seen = memory.u64(head), 0
    while entry not in (0, head) and seen < 65536:
        yield at(entry - delta, type_name)
        entry, seen = memory.u64(entry), seen + 1


def global_address(name):
    """The address of a variable of the kernel."""
    address = symbols.lookup("nt!" + name)
    if address is None:
        raise gdb.GdbError("nt!%s is not there: no symbols of the kernel" % name)
    return address


def c_string(value):
    """A fixed array of characters as text."""
    size = value.type.sizeof
    return memory.read_virtual(int(value.address), size).split(b"\0", 1)[0].decode("latin-1")


class Process:
    """An EPROCESS."""

    def __init__(self, value):
        self.value = value
        self.address = number(value.address)
        self.pid = num(value, "UniqueProcessId")
        self.parent = num(value, "InheritedFromUniqueProcessId") or 0
        self.peb = num(value, "Peb") or 0
        self.directory = num(value, "Pcb.DirectoryTableBase")
        self.image = c_string(value["ImageFileName"]) or "System"
        self.handle_table = num(value, "ObjectTable") or 0

    @property
    def handle_count(self):
        """How many handles are open, None where the table does not tell."""
        if not self.handle_table:
            return 0
        table = at(self.handle_table, "_HANDLE_TABLE")
        count = num(table, "HandleCount")
        return count if count is not None else num(table, "FreeLists.HandleCount")

    def threads(self):
        """The process's threads."""
        head = self.address + offset("_EPROCESS", "ThreadListHead")
        return [Thread(v) for v in entries(head, "_ETHREAD", "ThreadListEntry")]


class Thread:
    """An ETHREAD."""

    STATES = ("Initialized", "READY", "RUNNING", "STANDBY", "TERMINATED", "WAIT", "TRANSITION",
              "DEFERRED_READY", "GATE_WAIT", "WAIT")

    def __init__(self, value):
        self.value = value
        self.address = number(value.address)
        self.pid = num(value, "Cid.UniqueProcess") or 0
        self.tid = num(value, "Cid.UniqueThread") or 0
        self.teb = num(value, "Tcb.Teb") or 0
        self.state = num(value, "Tcb.State") or 0

    def number(self, name):
        """A number of the kernel's part, 0 where the field does not exist."""
        return num(self.value, "Tcb." + name) or 0

    @property
    def processor(self):
        """The processor that it runs on, None if it does not run."""
        for index, value in enumerate(processors()):
            if num(value, "Prcb.CurrentThread") == self.address:
                return index
        return None

    @property
    def owner(self):
        """The process that it belongs to."""
        address = self.number("Process")
        return Process(at(address, "_EPROCESS")) if address else None

    def waits_for(self):
        """The objects of its wait, by address."""
        size = kernel_type("_KWAIT_BLOCK").sizeof
        found = [num(at(self.number("WaitBlockList") + index * size, "_KWAIT_BLOCK"), "Object")
                 for index in range(min(self.number("WaitBlockCount"), 64))]
        return [item for item in found if item]

    def state_text(self):
        """RUNNING on processor 0, WAIT: (UserRequest) UserMode Non-Alertable, READY on processor 0"""
        name = self.STATES[self.state] if self.state < len(self.STATES) else "?"
        if name in ("RUNNING", "READY"):
            return "%s on processor %d" % (name, self.number("NextProcessor"))
        if name == "WAIT":
            reason = wait_reason(num(self.value, "Tcb.WaitReason") or 0)
            mode = "UserMode" if num(self.value, "Tcb.WaitMode") else "KernelMode"
            alert = "Alertable" if num(self.value, "Tcb.Alertable") else "Non-Alertable"
            return "WAIT: (%s) %s %s" % (reason, mode, alert)
        return name


def wait_reason(value):
    """The name of a KWAIT_REASON."""
    for item in kernel_type("_KWAIT_REASON").fields():
        if item.enumval == value:
            return item.name
    return "%d" % value


def signed(value, bits):
    """A number of that many bits with its sign."""
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> bits - 1 else value


def processes():
    """All processes, in the order of the list."""
    head = global_address("PsActiveProcessHead")
    return [Process(v) for v in entries(head, "_EPROCESS", "ActiveProcessLinks")]


def processors():
    """The KPCRs."""
    count = memory.u64(global_address("KeNumberProcessors")) & 0xffffffff
    block = global_address("KiProcessorBlock")
    delta = offset("_KPCR", "Prcb")
    return [at(memory.u64(block + 8 * n) - delta, "_KPCR") for n in range(count)]


def pcr(index):
    """The KPCR of a processor."""
    found = processors()
    if not 0 <= index < len(found):
        raise gdb.GdbError("there is no processor %d" % index)
    return found[index]


def current_processor():
    """The number of the processor that gdb has selected."""
    thread = gdb.selected_thread()
    return thread.num - 1 if thread else 0


def current_thread():
    """The thread that runs on the selected processor."""
    return Thread(at(num(pcr(current_processor()), "Prcb.CurrentThread"), "_ETHREAD"))


def current_process():
    """The process of the current thread."""
    process = num(current_thread().value, "Tcb.ApcState.Process")
    if not process:
        raise gdb.GdbError("no thread is running on this processor")
    return Process(at(process, "_EPROCESS"))


# What .process and .thread chose, by address; None: what runs on the selected processor.
implicit_process_address = None
implicit_thread_address = None


def implicit_process():
    """The process that .process chose, else the current one."""
    if implicit_process_address is None:
        return current_process()
    return Process(at(implicit_process_address, "_EPROCESS"))


def _forget_choice(_event):
    """What was chosen may be gone once the machine has run."""
    global implicit_process_address, implicit_thread_address
    implicit_process_address = implicit_thread_address = memory.implicit_root = None


gdb.events.cont.connect(_forget_choice)
