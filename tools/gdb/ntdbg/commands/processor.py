"""!pcr, !prcb, !idt, !running: processors."""
from .. import expr, memory, model, symbols, text
from . import command, write


def _index(argument):
    return int(argument, 0) if argument else model.current_processor()


@command("! pcr")
def pcr(argument):
    """!pcr [PROCESSOR]: the processor control region."""
    index = _index(argument)
    value = model.pcr(index)
    address = model.number(value.address)
    prcb = address + model.offset("_KPCR", "Prcb")
    write("KPCR for Processor %d at %s:" % (index, text.plain(address)))
    write("    Major %d Minor %d" % (model.num(value, "MajorVersion"),
                                     model.num(value, "MinorVersion")))
    for name, number in (
            ("SelfPcr", model.num(value, "Self")), ("Prcb", prcb),
            ("Irql", model.num(value, "Irql")), ("IDT", model.num(value, "IdtBase")),
            ("GDT", model.num(value, "GdtBase")), ("TSS", model.num(value, "TssBase"))):
        write("%21s: %s" % (name, text.plain(number)))
    write()
    for name in ("CurrentThread", "NextThread", "IdleThread"):
        write("%21s: %s" % (name, text.plain(model.num(value, "Prcb." + name))))
    write()
    write("%21s: %d" % ("DpcQueue", model.num(value, "Prcb.DpcData.DpcQueueDepth")))


@command("! prcb")
def prcb(argument):
    """!prcb [PROCESSOR]: the processor control block."""
    index = _index(argument)
    value = model.pcr(index)
    address = model.number(value.address) + model.offset("_KPCR", "Prcb")
    write("PRCB for Processor %d at %s:" % (index, text.plain(address)))
    write("Threads--  Current %s Next %s Idle %s" % tuple(
        text.plain(model.num(value, "Prcb." + n)) for n in
        ("CurrentThread", "NextThread", "IdleThread")))
    write("Number %d SetMember %x" % (model.num(value, "Prcb.Number"),
                                      model.num(value, "Prcb.SetMember")))
    write("Interrupt Count -- %08x" % model.num(value, "Prcb.InterruptCount"))
    write("Times -- Dpc    %08x Interrupt %08x" % (model.num(value, "Prcb.DpcTime"),
                                                   model.num(value, "Prcb.InterruptTime")))
    write("         Kernel %08x User      %08x" % (model.num(value, "Prcb.KernelTime"),
                                                   model.num(value, "Prcb.UserTime")))


@command("! idt")
def idt(argument):
    """!idt [VECTOR | -a]: where each interrupt vector goes; without -a only those with a handler."""
    everything = "-a" in argument.split()
    wanted = [w for w in argument.split() if w != "-a"]
    base = model.num(model.pcr(model.current_processor()), "IdtBase")
    write()
    write("Dumping IDT: %s" % text.plain(base))
    write()
    data = memory.read_virtual(base, 256 * 16)
    thunk, size = symbols.lookup("nt!KiIsrThunk"), 16 * 256
    for vector in range(256):
        target = _gate(data[16 * vector:16 * vector + 16])
        if wanted and vector != int(wanted[0], 16):
            continue
        spare = thunk is not None and thunk <= target < thunk + size
        if target and (everything or wanted or not spare):
            write("%02x:\t%s %s" % (vector, text.plain(target), symbols.name_of(target) or ""))
    write()


def _gate(entry):
    """The target of an interrupt gate, 0 if it is not present."""
    if not entry[5] & 0x80:
        return 0
    return (int.from_bytes(entry[0:2], "little") | int.from_bytes(entry[6:8], "little") << 16 |
            int.from_bytes(entry[8:12], "little") << 32)


@command("! running")
def running(argument):
    """!running: which thread runs on which processor."""
    found = model.processors()
    write()
    write("System Processors:  (%016x)" % ((1 << len(found)) - 1))
    idle = sum(1 << i for i, v in enumerate(found)
               if model.num(v, "Prcb.CurrentThread") == model.num(v, "Prcb.IdleThread"))
    write("  Idle Processors:  (%016x)" % idle)
    write()
    write("       Prcbs             Current         (pri) Next            (pri) Idle")
    for index, value in enumerate(found):
        current = model.num(value, "Prcb.CurrentThread")
        priority = model.num(model.at(current, "_KTHREAD"), "Priority") & 0xff
        address = model.number(value.address) + model.offset("_KPCR", "Prcb")
        write("  %d    %s  %s (%2d)                       %s" % (
            index, text.plain(address), text.plain(current), priority,
            text.plain(model.num(value, "Prcb.IdleThread"))))
    write()


@command("! irql")
def irql(argument):
    """!irql: the interrupt request level of the selected processor."""
    write("Debugger saved IRQL for processor 0x%x -- %d" % (
        model.current_processor(), expr.processor_register("cr8") & 15))
