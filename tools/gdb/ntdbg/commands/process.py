"""!process, !thread, .process: processes and threads."""
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


def _find(which):
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
        show(_find(which), flags)


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
    _line("Token", model.num(value, "Token"), text.plain)
    tick = 156250
    _line("UserTime", model.num(value, "Pcb.UserTime"), lambda v: text.duration(v * tick))
    _line("KernelTime", model.num(value, "Pcb.KernelTime"), lambda v: text.duration(v * tick))
    size, peak = (model.num(value, "Vm." + n) for n in ("WorkingSetSize", "PeakWorkingSetSize"))
    if size is not None:
        write("    %-33s %d (%dKB)" % ("Working Set Sizes (now)", size, size * 4))
        _line("PeakWorkingSetSize", peak, "%d".__mod__)
    _line("VirtualSize", model.num(value, "VirtualSize"), lambda v: "%d Mb" % (v >> 20))
    _line("PeakVirtualSize", model.num(value, "PeakVirtualSize"), lambda v: "%d Mb" % (v >> 20))
    _line("PageFaultCount", model.num(value, "Vm.PageFaultCount"), "%d".__mod__)
    _line("BasePriority", model.num(value, "Pcb.BasePriority"), lambda v: "%d" % (v & 0xff))
    _line("CommitCharge", model.num(value, "CommitCharge"), "%d".__mod__)
    write()


def _line(name, value, render):
    if value is not None:
        write("    %-33s %s" % (name, render(value)))


@command("! thread")
def thread_command(argument):
    """!thread [THREAD]: a thread, and its stack if it runs."""
    if argument:
        thread = model.Thread(model.at(expr.evaluate(argument), "_ETHREAD"))
    else:
        thread = model.current_thread()
    show_thread(thread, 6)


def show_thread(thread, flags):
    """One thread."""
    value = thread.value
    write("        THREAD %s  Cid %04x.%04x  Teb: %s Win32Thread: %s %s" % (
        text.plain(thread.address), thread.pid, thread.tid, text.plain(thread.teb),
        text.plain(0), thread.state_text()))
    if flags & 2 and thread.state == 5:
        _waits(thread)
    if not flags & 4:
        return
    process = model.num(value, "ThreadsProcess") or model.num(value, "Tcb.Process")
    image = model.c_string(model.at(process, "_EPROCESS")["ImageFileName"]) if process else ""
    write("        Owning Process            %s       Image:         %s" % (
        text.plain(process or 0), image))
    write("        Wait Start TickCount      %-14d" % (model.num(value, "Tcb.WaitTime") or 0))
    write("        Context Switch Count      %-14d IdealProcessor: %d" % (
        model.num(value, "Tcb.ContextSwitches") or 0,
        model.num(value, "Tcb.IdealProcessor") or 0))
    start = model.num(value, "Win32StartAddress") or 0
    write("        Win32 Start Address %s (%s)" % (
        symbols.name_of(start) or "", text.plain(start)))
    write("        Stack Init %s Current %s" % tuple(
        text.plain(model.num(value, "Tcb." + n) or 0) for n in ("InitialStack", "KernelStack")))
    write("        Base %s Limit %s" % tuple(
        text.plain(model.num(value, "Tcb." + n) or 0) for n in ("StackBase", "StackLimit")))
    write("        Priority %d BasePriority %d" % tuple(
        (model.num(value, "Tcb." + n) or 0) & 0xff for n in ("Priority", "BasePriority")))
    if flags & 2 and thread.state == 2:
        registers = {n: expr.register(n) for n in stack.unwind.NAMES + ("rip",)}
        stack.print_arguments(registers, 32)
    write()


def _waits(thread):
    count = model.num(thread.value, "Tcb.WaitBlockCount") or 0
    block = model.num(thread.value, "Tcb.WaitBlockList") or 0
    kinds = {0: "NotificationEvent", 1: "SynchronizationEvent", 2: "Mutant", 3: "ProcessObject",
             4: "QueueObject", 5: "Semaphore", 6: "Thread", 8: "NotificationTimer",
             9: "SynchronizationTimer"}
    size = model.kernel_type("_KWAIT_BLOCK").sizeof
    for index in range(min(count, 64)):
        item = model.num(model.at(block + index * size, "_KWAIT_BLOCK"), "Object") or 0
        if item:
            kind = memory.read(item, 1)[0] & 0x7f
            write("            %s  %s" % (text.plain(item), kinds.get(kind, "object")))


@command(".process")
def implicit(argument):
    """.process [/p] [PROCESS]: whose user memory the commands read; 0 or nothing: the current one."""
    words = [w for w in argument.split() if not w.startswith("/")]
    if not words or words[0] == "0":
        process = model.current_process()
        memory.implicit_root = None
    else:
        process = _find(expr.evaluate(words[0]))
        memory.implicit_root = process.directory
    write("Implicit process is now %s" % text.address(process.address))
