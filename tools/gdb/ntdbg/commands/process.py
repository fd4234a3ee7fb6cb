"""!process, !thread, .process, .thread: processes and threads."""
import gdb

from .. import expr, memory, model, symbols, text
from . import command, stack, write


def _parse(argument):
    words = argument.split()
    which = expr.evaluate(words[0]) if words else None
    if words and words[0] == "-1":
        which = None
    flags = expr.evaluate(words[1]) if len(words) > 1 else (3 if which is None else 0)
    return which, flags, words[2].lower() if len(words) > 2 else None


def find(which):
    """A process by address or by id."""
    for process in model.processes():
        if which in (process.address, process.pid):
            return process
    raise gdb.GdbError("%s is not a process object" % text.plain(which))


@command("! process")
def process_command(argument):
    """!process [PROCESS|ID|0 [FLAGS [IMAGE]]]: processes. 0 means all of them.

    FLAGS: 1 statistics, 2 threads and what they wait for, 4 threads, with 2 their stacks."""
    which, flags, image = _parse(argument)
    if which == 0:
        write("**** NT ACTIVE PROCESS DUMP ****")
        for process in model.processes():
            if image is None or process.image.lower() == image:
                show(process, flags)
                write()
    elif which is None:
        show(model.current_process(), flags)
    else:
        show(find(which), flags)


def show(process, flags):
    """One process."""
    session = model.num(process.value, "SessionId")
    session = "none" if process.parent == 0 or session is None else "%d" % session
    write("PROCESS %s" % text.plain(process.address))
    write("    SessionId: %s  Cid: %04x    Peb: %08x  ParentCid: %04x" % (
        session, process.pid, process.peb, process.parent))
    count = process.handle_count
    write("    DirBase: %08x  ObjectTable: %s  HandleCount: %s" % (
        process.directory, text.plain(process.handle_table),
        "<Data Not Accessible>" if count is None else "%3d." % count))
    write("    Image: %s" % process.image)
    if flags & 1:
        _statistics(process)
    if flags & 6:
        for thread in process.threads():
            show_thread(thread, flags)


def _statistics(process):
    value = process.value
    root = model.num(value, "VadRoot.Root")
    vads, private = model.num(value, "VadCount"), model.num(value, "NumberOfPrivatePages")
    if root is not None and vads is not None:
        write("    VadRoot %s Vads %d Clone 0 Private %d. Modified 0. Locked 0." % (
            text.plain(root), vads, private or 0))
    _line("DeviceMap", model.num(value, "DeviceMap"), text.plain)
    _line("Token", model.num(value, "Token.Value") & ~15, text.plain)
    _line("UserTime", model.num(value, "Pcb.UserTime"), lambda v: text.duration(v * TICK))
    _line("KernelTime", model.num(value, "Pcb.KernelTime"), lambda v: text.duration(v * TICK))
    block = model.num(value, "QuotaBlock")
    if block:
        entries = model.at(block, "_EPROCESS_QUOTA_BLOCK")["QuotaEntry"]
        for index, kind in ((1, "PagedPool"), (0, "NonPagedPool")):
            _line("QuotaPoolUsage[%s]" % kind, model.num(entries[index], "Usage"), "%d".__mod__)
    size, peak = (model.num(value, "Vm.Instance." + name)
                  for name in ("WorkingSetSize", "PeakWorkingSetSize"))
    if size is not None:
        write("    %-33s %d (%dKB)" % ("Working Set Sizes (now)", size, size * 4))
        _line("PeakWorkingSetSize", peak, "%d".__mod__)
    _line("VirtualSize", model.num(value, "VirtualSize"), lambda v: "%d Mb" % (v >> 20))
    _line("PeakVirtualSize", model.num(value, "PeakVirtualSize"), lambda v: "%d Mb" % (v >> 20))
    _line("PageFaultCount", model.num(value, "Vm.Instance.PageFaultCount"), "%d".__mod__)
    _line("BasePriority", model.num(value, "Pcb.BasePriority"), lambda v: "%d" % (v & 0xff))
    _line("CommitCharge", model.num(value, "CommitCharge"), "%d".__mod__)
    write()


def _line(name, value, render):
    if value is not None:
        write("    %-33s %s" % (name, render(value)))


@command("! thread")
def thread_command(argument):
    """!thread [THREAD [FLAGS]]: a thread, what it waits for, and its stack (FLAGS as of !process)."""
    words = argument.split()
    if words and words[0] != "-1":
        thread = model.Thread(model.at(expr.evaluate(words[0]), "_ETHREAD"))
    else:
        thread = model.current_thread()
    show_thread(thread, expr.evaluate(words[1]) if len(words) > 1 else 6, "")


def show_thread(thread, flags, indent="        "):
    """One thread: a line; with 2 what it waits for, with 4 all of it, with both the stack."""
    write("%sTHREAD %s  Cid %04x.%04x  Teb: %s Win32Thread: %s %s" % (
        indent, text.plain(thread.address), thread.pid, thread.tid, text.plain(thread.teb),
        text.plain(0), thread.state_text()))
    if flags & 2 and thread.state == 5:
        for item in thread.waits_for():
            write("%s    %s  %s" % (indent, text.plain(item), wait_object(item)))
    if not flags & 4:
        return
    for line in _details(thread):
        write(indent + line)
    if flags & 2 and thread.state != TERMINATED:
        stack.print_arguments(stack.thread_registers(thread), 32)
    write()


TERMINATED = 4
KINDS = {0: "NotificationEvent", 1: "SynchronizationEvent", 2: "Mutant", 3: "ProcessObject",
         4: "QueueObject", 5: "Semaphore", 6: "Thread", 7: "Gate", 8: "NotificationTimer",
         9: "SynchronizationTimer"}


def wait_object(address):
    """What kind of dispatcher object stands there, and who owns a mutant."""
    kind = KINDS.get(memory.read_virtual(address, 1)[0] & 0x7f, "object")
    if kind == "Mutant":
        owner = model.num(model.at(address, "_KMUTANT"), "OwnerThread")
        return "Mutant - owning thread %s" % text.plain(owner) if owner else kind
    return kind


def _details(thread):
    def row(first, value, second=""):
        return ("%-25s %-14s %s" % (first, value, second)).rstrip()

    owner, attached = thread.owner, thread.number("ApcState.Process")
    image = "%-14s " % "Image:"
    yield row("Owning Process", text.plain(owner.address if owner else 0),
              "      " + image + (owner.image if owner else ""))
    if owner and attached not in (0, owner.address):
        other = model.Process(model.at(attached, "_EPROCESS"))
        yield row("Attached Process", text.plain(attached), "      " + image + other.image)
    else:
        yield row("Attached Process", "N/A", image + "N/A")
    ticks = memory.u64(TICK_COUNT) - thread.number("WaitTime") & 0xffffffff
    yield row("Wait Start TickCount", thread.number("WaitTime"),
              "Ticks: %d (%s)" % (ticks, _days(ticks * TICK)))
    yield row("Context Switch Count", thread.number("ContextSwitches"),
              "IdealProcessor: %d" % thread.number("IdealProcessor"))
    yield row("UserTime", text.duration(thread.number("UserTime") * TICK))
    yield row("KernelTime", text.duration(thread.number("KernelTime") * TICK))
    start = model.num(thread.value, "Win32StartAddress") or \
        model.num(thread.value, "StartAddress") or 0
    yield "Win32 Start Address %s (0x%s)" % (symbols.name_of(start) or "", text.plain(start))
    yield "Stack Init %s Current %s" % (text.plain(thread.number("InitialStack")),
                                        text.plain(thread.number("KernelStack")))
    yield "Base %s Limit %s" % (text.plain(thread.number("StackBase")),
                                text.plain(thread.number("StackLimit")))
    yield "Priority %d BasePriority %d PriorityDecrement %d" % tuple(
        model.signed(thread.number(n), 8) for n in ("Priority", "BasePriority", "PriorityDecrement"))


TICK = 156250                    # a clock interval in 100 ns
TICK_COUNT = 0xFFFFF78000000320  # KUSER_SHARED_DATA.TickCount


def _days(ticks):
    """0:00:00:00.078"""
    return "%d:%s" % (ticks // 864000000000, text.duration(ticks % 864000000000))


@command(".process")
def implicit(argument):
    """.process [/p] [PROCESS]: whose user memory the commands read; 0 or nothing: the current one."""
    words = [w for w in argument.split() if not w.startswith("/")]
    if not words or words[0] == "0":
        choose_process(None)
    else:
        choose_process(find(expr.evaluate(words[0])))
    write("Implicit process is now %s" % text.address(model.implicit_process().address))


def choose_process(process):
    """Makes a process the implicit one; None: the one that runs."""
    model.implicit_process_address = process.address if process else None
    memory.implicit_root = process.directory if process else None


@command(".thread")
def implicit_thread(argument):
    """.thread [/p] [THREAD]: whose stack k shows; 0 or nothing: the current one. /p: .process too."""
    words = [w for w in argument.split() if not w.startswith("/")]
    if not words or words[0] == "0":
        model.implicit_thread_address = None
        thread = model.current_thread()
    else:
        thread = model.Thread(model.at(expr.evaluate(words[0]), "_ETHREAD"))
        if memory.read_virtual(thread.address, 1)[0] & 0x7f != 6:
            raise gdb.GdbError("%s is not a thread object" % text.plain(thread.address))
        model.implicit_thread_address = thread.address
    if "/p" in argument.split():
        choose_process(thread.owner if words and words[0] != "0" else None)
    write("Implicit thread is now %s" % text.address(thread.address))
