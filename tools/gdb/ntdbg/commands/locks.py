"""!locks, !qlocks: which locks are held, and by whom where the lock says so.

There is no ERESOURCE in this kernel. What is looked through is: global variables that are spin locks,
push locks or fast mutexes; the locks of processors, processes, threads and handle tables; and the
mutants on the lists of the threads that own them. A spin lock names its owner in the checked build, and
each processor keeps a list of those that it holds and waits for (KPRCB.LockState).
"""
import re

import gdb

from .. import model, symbols, text
from . import command, write

GLOBALS = (("KSPIN_LOCK", "spin"), ("EX_PUSH_LOCK", "push"), ("FAST_MUTEX", "mutex"))
IN_PROCESS = ("ProcessLock", "AddressCreationLock", "WorkingSetLock")
IN_PRCB = ("PrcbLock", "TimerLock", "DpcData.DpcLock")


def _variables(type_name):
    """(name, address) of the kernel's global and static variables of a type."""
    output = gdb.execute("info variables -q -t ^%s$" % type_name, to_string=True)
    for name in sorted(set(re.findall(r"\b%s (\w+);" % type_name, output))):
        symbol = gdb.lookup_global_symbol(name) or gdb.lookup_static_symbol(name)
        if symbol is not None and symbol.addr_class == gdb.SYMBOL_LOC_STATIC:
            yield name, model.number(symbol.value().address)


def _everything():
    """(kind, name, address) of every lock that can be found."""
    for type_name, kind in GLOBALS:
        for name, address in _variables(type_name):
            yield kind, "nt!" + name, address
    for index, value in enumerate(model.processors()):
        prcb = model.number(value.address) + model.offset("_KPCR", "Prcb")
        for name in IN_PRCB:
            yield "spin", "%s of processor %d" % (name, index), prcb + model.offset("_KPRCB", name)
    for process in model.processes():
        yield from _of_process(process)


def _of_process(process):
    for name in IN_PROCESS:
        yield "push", "%s of %s" % (name, process.image), \
            process.address + model.offset("_EPROCESS", name)
    yield "spin", "Pcb.ProcessLock of %s" % process.image, \
        process.address + model.offset("_EPROCESS", "Pcb.ProcessLock")
    if process.handle_table:
        for name in ("HandleTableLock", "FreeLists.FreeListLock"):
            yield "push", "%s of %s" % (name, process.image), \
                process.handle_table + model.offset("_HANDLE_TABLE", name)
    for thread in process.threads():
        yield "spin", "ThreadLock of %04x.%04x" % (thread.pid, thread.tid), \
            thread.address + model.offset("_KTHREAD", "ThreadLock")
        head = thread.address + model.offset("_KTHREAD", "MutantListHead")
        for mutant in model.entries(head, "_KMUTANT", "MutantListEntry"):
            yield "mutant", "", model.number(mutant.address)


def _spin(address):
    value = model.memory.u64(address)
    if not value:
        return None
    if not value & 1:
        return "Owned, queued; last handle %s" % text.plain(value)
    return "Owned" if value == 1 else "Owned by thread %s" % text.plain(value & ~1)


def _push(address):
    value = model.memory.u64(address)
    if not value & 1:
        return None
    if value & 2:
        return "Owned, threads wait (first wait block %s)" % text.plain(value & ~15)
    return "Shared %d owners" % (value >> 4) if value >> 4 else "Exclusively owned"


def _mutex(address):
    value = model.at(address, "_FAST_MUTEX")
    count = model.signed(model.num(value, "Count"), 32)
    if count > 0 or not model.num(value, "Owner"):
        return None
    return "Owned by thread %s, contention count %d" % (
        text.plain(model.num(value, "Owner")), model.num(value, "Contention"))


def _mutant(address):
    value = model.at(address, "_KMUTANT")
    return "Owned by thread %s, signal state %d" % (
        text.plain(model.num(value, "OwnerThread")),
        model.signed(model.num(value, "Header.SignalState"), 32))


KINDS = {"spin": ("Spin lock", _spin), "push": ("Push lock", _push),
         "mutex": ("Fast mutex", _mutex), "mutant": ("Mutant", _mutant)}


@command("! locks")
def locks(argument):
    """!locks [-v]: the locks that are held; -v: all that are looked at. (There is no ERESOURCE.)"""
    total = held = 0
    write("KD: Scanning for held locks..")
    write()
    for kind, name, address in _everything():
        title, describe = KINDS[kind]
        state = describe(address)
        total, held = total + 1, held + (state is not None)
        if state or "-v" in argument:
            place = "%s (0x%s)" % (name, text.plain(address)) if name else \
                "0x" + text.plain(address)
            write("%s @ %s    %s" % (title, place, state or "Available"))
    write("%d total locks, %d locks currently held" % (total, held))


class _Processor:
    """What one processor holds and waits for: addresses of locks, handles by lock."""

    def __init__(self, index, value):
        self.index = index
        state = model.num(value, "Prcb.LockState")
        if not state:
            raise gdb.GdbError("Only the checked build keeps lists of spin locks.")
        self.state = model.at(state, "_KI_LOCK_STATE")
        self.held = [model.num(use, "Use.Lock") for use in self._rows("Held", "Count")]
        self.wanted = {model.num(row, "Lock"): model.num(row, "Handle")
                       for row in self._rows("Wanted", "Waiting")}

    def _rows(self, name, count):
        return [self.state[name][i] for i in range(model.num(self.state, count))]


def _wait_order(lock, found):
    """{processor: its place} in the queue of a queued lock; all 1 where there is no queue."""
    handles = {p.wanted[lock]: p.index for p in found if p.wanted.get(lock)}
    order = {p.index: 1 for p in found if lock in p.wanted}
    following = {handle: model.memory.u64(handle) for handle in handles}
    first = [handle for handle in handles if handle not in following.values()]
    at, place = first[0] if len(first) == 1 else 0, 1
    while at in handles:
        order[handles[at]] = place
        at, place = following[at], place + 1
    return order


@command("! qlocks")
def qlocks(argument):
    """!qlocks: the spin locks that are held or waited for, with each processor's place (checked build)."""
    found = [_Processor(index, value) for index, value in enumerate(model.processors())]
    write("Key: O = Owner, 1-n = Wait order, blank = not owned/waiting")
    write()
    write("                                             Processor Number")
    write("    Lock Name                            %s" % "".join(
        "%4d" % p.index for p in found))
    write()
    locks_seen = []
    for processor in found:
        locks_seen += [lock for lock in processor.held + list(processor.wanted)
                       if lock not in locks_seen]
    for lock in locks_seen:
        order = _wait_order(lock, found)
        marks = ["O" if lock in p.held else str(order.get(p.index, "")) for p in found]
        write(("%s %-23s %s" % (text.plain(lock), symbols.name_of(lock, True) or "",
                                "".join("%4s" % mark for mark in marks))).rstrip())
