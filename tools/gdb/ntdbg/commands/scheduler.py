"""!ready, !dpcs, !timer, !apc: what waits for its turn."""
import gdb

from .. import expr, memory, model, symbols, text
from . import command, process, write


def _prcb(value):
    return model.number(value.address) + model.offset("_KPCR", "Prcb")


@command("! ready")
def ready(argument):
    """!ready [FLAGS]: the threads that are ready to run, by processor and priority."""
    flags = expr.evaluate(argument) if argument else 0
    for index, value in enumerate(model.processors()):
        head = _prcb(value) + model.offset("_KPRCB", "DispatcherReadyListHead")
        empty = True
        for priority in range(31, -1, -1):
            threads = list(model.entries(head + 16 * priority, "_ETHREAD", "Tcb.WaitListEntry"))
            if not threads:
                continue
            empty = False
            write("Processor %d: Ready Threads at priority %d" % (index, priority))
            for thread in threads:
                process.show_thread(model.Thread(thread), flags, "    ")
        if empty:
            write("Processor %d: No threads in READY state" % index)


@command("! dpcs")
def dpcs(argument):
    """!dpcs [PROCESSOR]: the deferred procedure calls in the queues."""
    write("CPU Type      KDPC       Function")
    for index, value in enumerate(model.processors()):
        if argument and index != int(argument, 0):
            continue
        head = _prcb(value) + model.offset("_KPRCB", "DpcData")
        for item in model.entries(head + model.offset("_KDPC_DATA", "DpcListHead"), "_KDPC",
                                  "DpcListEntry"):
            routine = model.num(item, "DeferredRoutine")
            write("%2d: Normal  : 0x%s 0x%s %s" % (index, text.plain(model.number(item.address)),
                                                   text.plain(routine),
                                                   symbols.name_of(routine) or ""))


@command("! timer")
def timer(argument):
    """!timer [TIMER]: the timers that are set, by hand of the timer table."""
    if argument:
        _one_timer(expr.evaluate(argument))
        return
    now = memory.u64(0xFFFFF78000000008)  # KUSER_SHARED_DATA.InterruptTime
    write("Dump system timers")
    write()
    write("Interrupt time: %08x %08x [%s]" % (now & 0xffffffff, now >> 32, _date(now)))
    total = longest = 0
    hands = []
    for index, value in enumerate(model.processors()):
        table = _prcb(value) + model.offset("_KPRCB", "TimerTable")
        write()
        write("PROCESSOR %d (nt!_KPRCB.TimerTable %s)" % (index, text.plain(table)))
        write("List Timer             Interrupt Low/High Fire Time                  DPC/thread")
        for hand, timers in _table(table):
            for item in timers:
                _timer_row(hand, item)
            total, longest = total + len(timers), max(longest, len(timers))
        hands.append("%d" % (model.num(value, "Prcb.TimerTable.Hand") % 256))
    write()
    write("Total Timers: %d, Maximum List: %d" % (total, longest))
    write("Current Hand: %s" % ", ".join(hands))


def _table(table):
    """(hand, timers) of each hand that is not empty; the list heads are read in one go."""
    first = table + model.offset("_KTIMER_TABLE", "TimerEntries")
    data = memory.read_virtual(first, 256 * 24)
    for hand in range(256):
        if int.from_bytes(data[24 * hand:24 * hand + 8], "little") != first + 24 * hand:
            yield hand, list(model.entries(first + 24 * hand, "_KTIMER", "TimerListEntry"))


def _timer_row(hand, item):
    address, due = model.number(item.address), model.num(item, "DueTime.QuadPart")
    write("%3d  %s %s %08x %08x [%s]  %s" % (
        hand, text.plain(address), "P" if model.num(item, "Period") else " ", due & 0xffffffff,
        due >> 32, _date(due), _behind(item)))


def _behind(item):
    """What a timer is for: its DPC, or the thread that waits with it."""
    dpc = model.num(item, "Dpc")
    if dpc:
        routine = model.num(model.at(dpc, "_KDPC"), "DeferredRoutine")
        return "%s (DPC @ %s)" % (symbols.name_of(routine) or text.plain(routine), text.plain(dpc))
    head = model.number(item["Header"]["WaitListHead"].address)
    if memory.u64(head) == head:
        return ""
    block = model.at(memory.u64(head), "_KWAIT_BLOCK")
    return "thread %s" % text.plain(model.num(block, "Thread"))


def _one_timer(address):
    item = model.at(address, "_KTIMER")
    if memory.read_virtual(address, 1)[0] & 0x7f not in (8, 9):
        raise gdb.GdbError("%s is not a timer" % text.plain(address))
    due = model.num(item, "DueTime.QuadPart")
    write("Timer %s %s" % (text.plain(address), process.wait_object(address)))
    write("    DueTime %08x %08x [%s] Period %d" % (due & 0xffffffff, due >> 32, _date(due),
                                                    model.num(item, "Period")))
    write("    %s  Signal state %d  %s" % (
        "Inserted on processor %d" % model.num(item, "Processor")
        if model.num(item, "Header.Inserted") else "Not inserted",
        model.num(item, "Header.SignalState"), _behind(item)))


def _date(interrupt_time):
    """An interrupt time as the clock shows it: 11/22/2026 17:41:05.125"""
    shared = 0xFFFFF78000000000
    due = memory.u64(shared + 0x14) + interrupt_time - memory.u64(shared + 8)
    return text.date(due)


@command("! apc")
def apc(argument):
    """!apc [proc PROCESS | thre THREAD | KAPC]: asynchronous procedure calls that are queued."""
    words = argument.split()
    if not words:
        write("*** Enumerating APCs in all processes")
        for item in model.processes():
            _process_apcs(item)
    elif words[0].startswith("proc") and len(words) > 1:
        _process_apcs(process.find(expr.evaluate(words[1])))
    elif words[0].startswith("thre") and len(words) > 1:
        _thread_apcs(model.Thread(model.at(expr.evaluate(words[1]), "_ETHREAD")))
    else:
        _show_apc(model.at(expr.evaluate(argument), "_KAPC"), "")


def _process_apcs(item):
    write("Process %s %s" % (text.plain(item.address), item.image))
    for thread in item.threads():
        _thread_apcs(thread)


def _thread_apcs(thread):
    head = thread.address + model.offset("_KTHREAD", "ApcState.ApcListHead")
    for mode, name in enumerate(("KERNEL", "USER")):
        found = list(model.entries(head + 16 * mode, "_KAPC", "ApcListEntry"))
        if found:
            write("    Thread %s ApcStateIndex %d ApcListHead %s [%s]" % (
                text.plain(thread.address), model.num(found[0], "ApcStateIndex"),
                text.plain(head + 16 * mode), name))
        for item in found:
            _show_apc(item, "        ")


def _show_apc(item, indent):
    address = model.number(item.address)
    if memory.read_virtual(address, 1)[0] != 18:
        raise gdb.GdbError("%s is not an APC" % text.plain(address))
    write("%sKAPC @ %s" % (indent, text.plain(address)))
    write("%s  %-14s %x" % (indent, "Type", model.num(item, "Type")))
    for name in ("KernelRoutine", "RundownRoutine", "NormalRoutine", "NormalContext",
                 "SystemArgument1", "SystemArgument2"):
        value = model.num(item, name) or 0
        known = symbols.name_of(value) if name.endswith("Routine") and value else None
        write(("%s  %-14s %s %s" % (indent, name, text.plain(value), known or "")).rstrip())
