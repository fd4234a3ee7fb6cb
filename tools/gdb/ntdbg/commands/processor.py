"""!pcr, !prcb, !idt, !running: processors."""
from .. import memory, model, symbols, text
from . import command, stack, write


def _index(argument):
    return int(argument, 0) if argument else model.current_processor()


def _level(index):
    """A processor's IRQL: the copy of its cr8 in KPCR.Irql (kernel/amd64/irql.c)."""
    return model.num(model.pcr(index), "Irql")


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
            ("Irql", _level(index)), ("IDT", model.num(value, "IdtBase")),
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
    """!idt [VECTOR | -a]: where each vector goes, and its KINTERRUPTs; -a: those without a handler too."""
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
        chain = _interrupts(vector) if spare else []
        if chain:
            _show_chain(vector, target, chain)
        elif target and (everything or wanted or not spare):
            write("%02x:\t%s %s" % (vector, text.plain(target), symbols.name_of(target) or ""))
    write()


def _interrupts(vector):
    """The KINTERRUPT objects of a vector, in the order of their chain."""
    slot = model.kernel_type("_KI_VECTOR").sizeof * vector
    first = memory.u64(model.global_address("KiVectors") + slot + model.offset("_KI_VECTOR", "First"))
    if not first:
        return []
    head = first + model.offset("_KINTERRUPT", "InterruptListEntry")
    return [model.at(first, "_KINTERRUPT")] + list(
        model.entries(head, "_KINTERRUPT", "InterruptListEntry"))


def _show_chain(vector, target, chain):
    """The first routine behind the vector and its gate, the others below it."""
    for index, interrupt in enumerate(chain):
        begin = "%02x:\t%s" % (vector, text.plain(target)) if index == 0 else "\t" + " " * 16
        routine = model.num(interrupt, "ServiceRoutine")
        write("%s %s (KINTERRUPT %s)" % (begin, symbols.name_of(routine) or text.plain(routine),
                                         text.plain(model.number(interrupt.address))))


def _gate(entry):
    """The target of an interrupt gate, 0 if it is not present."""
    if not entry[5] & 0x80:
        return 0
    return (int.from_bytes(entry[0:2], "little") | int.from_bytes(entry[6:8], "little") << 16 |
            int.from_bytes(entry[8:12], "little") << 32)


@command("! running")
def running(argument):
    """!running [-i] [-t]: which thread runs on which processor; -i: idle ones too, -t: its stack."""
    flags = "".join(word.lstrip("-") for word in argument.split())
    found = model.processors()
    write()
    write("System Processors:  (%016x)" % ((1 << len(found)) - 1))
    idle = [model.num(v, "Prcb.CurrentThread") == model.num(v, "Prcb.IdleThread") for v in found]
    write("  Idle Processors:  (%016x)" % sum(1 << i for i, is_idle in enumerate(idle) if is_idle))
    write()
    write("       Prcbs             Current         (pri) Next            (pri) Idle")
    for index, value in enumerate(found):
        if not idle[index] or "i" in flags:
            _running_row(index, value)
            if "t" in flags:
                write()
                stack.print_stack(stack.on_processor(index, stack.registers_here), numbers=True)
                write()
    write()


def _running_row(index, value):
    def thread(name):
        address = model.num(value, "Prcb." + name)
        if not address:
            return " " * 21
        priority = model.signed(model.Thread(model.at(address, "_ETHREAD")).number("Priority"), 8)
        return "%s (%2d)" % (text.plain(address), priority)

    address = model.number(value.address) + model.offset("_KPCR", "Prcb")
    write("  %d    %s  %s  %s  %s" % (index, text.plain(address), thread("CurrentThread"),
                                      thread("NextThread"),
                                      text.plain(model.num(value, "Prcb.IdleThread"))))


IRQL_NAMES = {0: "LOW_LEVEL", 1: "APC_LEVEL", 2: "DISPATCH_LEVEL", 13: "CLOCK_LEVEL",
              14: "IPI_LEVEL", 15: "HIGH_LEVEL"}


@command("! irql")
def irql(argument):
    """!irql [PROCESSOR]: the interrupt request level of a processor, the selected one by default."""
    index = _index(argument)
    model.pcr(index)
    level = _level(index)
    write("Debugger saved IRQL for processor 0x%x -- %d%s" % (
        index, level, " (%s)" % IRQL_NAMES[level] if level in IRQL_NAMES else ""))
