"""k, kn, kv, r: the stack by unwind data, registers."""
import gdb

from .. import expr, memory, model, symbols, text, unwind
from . import command, write


def registers_here():
    """The registers of the selected frame."""
    return {name: expr.register(name) for name in unwind.NAMES + ("rip",)}


def thread_registers(thread):
    """The registers of a thread: its processor's, or those that KiSwapContext has saved."""
    processor = thread.processor
    if processor is not None:
        return on_processor(processor, registers_here)
    swap = model.global_address("KiSwapContext")
    module = symbols.find_module(swap)
    function = unwind.find_function(module, swap - module.base)
    registers = dict.fromkeys(unwind.NAMES, 0)
    registers["rsp"] = thread.number("KernelStack")
    registers["rip"] = swap + unwind.Info(module, function[2]).prolog
    return registers


def on_processor(index, function):
    """What function() gives with another processor selected."""
    before = gdb.selected_thread()
    if before is None or before.num == index + 1:
        return function()
    frame = gdb.selected_frame()
    try:
        next(t for t in gdb.selected_inferior().threads() if t.num == index + 1).switch()
        return function()
    finally:
        before.switch()
        frame.select()


def _registers():
    if model.implicit_thread_address is None:
        return registers_here()
    return thread_registers(model.Thread(model.at(model.implicit_thread_address, "_ETHREAD")))


def _source(address, exact):
    """" [file @ line]" of the code at an address."""
    found = gdb.find_pc_line(address if exact else address - 1)
    if found.symtab is None or not found.line:
        return ""
    return " [%s @ %d]" % (found.symtab.filename, found.line)


def frames(registers, limit=64):
    """(stack pointer, return address, call site with source) of each frame."""
    exact = True
    for regs, up in unwind.walk(registers, limit, lambda: expr.processor_register("gs_base")):
        site = symbols.name_of(regs["rip"]) or "0x" + text.address(regs["rip"])
        back = up.registers["rip"] if up else 0
        yield regs["rsp"], back, site + _source(regs["rip"], exact)
        exact = bool(up and up.machine_frame)


def print_stack(registers, limit=64, numbers=False):
    """k."""
    write("%sChild-SP          RetAddr           Call Site" % (" # " if numbers else ""))
    for index, (sp, back, site) in enumerate(frames(registers, limit)):
        number = "%02x " % index if numbers else ""
        write("%s%s %s %s" % (number, text.address(sp), text.address(back), site))


def print_arguments(registers, limit=64):
    """kv: with the home slots of the arguments, which hold them where the callee saved them."""
    write("Child-SP          RetAddr           : Args to Child"
          "                                                           : Call Site")
    for sp, back, site in frames(registers, limit):
        data = memory.read_some(sp + 8, 32).ljust(32, b"\0")
        args = " ".join(text.address(int.from_bytes(data[i:i + 8], "little"))
                        for i in range(0, 32, 8))
        write("%s %s : %s : %s" % (text.address(sp), text.address(back), args, site))


def _limit(argument):
    return expr.evaluate(argument) if argument else 64


@command("k")
def k(argument):
    """k [COUNT]: the stack of the current thread, from the current frame on."""
    print_stack(_registers(), _limit(argument))


@command("kn")
def kn(argument):
    """kn [COUNT]: the same with frame numbers."""
    print_stack(_registers(), _limit(argument), True)


@command("kv")
def kv(argument):
    """kv [COUNT]: the same with the first four words above the return address."""
    print_arguments(_registers(), _limit(argument))


@command("r")
def r(argument):
    """r [REGISTER]: registers."""
    if argument:
        name = argument.lstrip("@")
        write("%s=%s" % (name, text.plain(expr.register(name))))
        return
    rows = (("rax", "rbx", "rcx"), ("rdx", "rsi", "rdi"), ("rip", "rsp", "rbp"),
            ("r8", "r9", "r10"), ("r11", "r12", "r13"), ("r14", "r15"))
    for row in rows:
        write(" ".join("%3s=%s" % (n, text.plain(expr.register(n))) for n in row))
    flags = expr.processor_register("eflags")
    write("cs=%04x  ss=%04x  ds=%04x  es=%04x  fs=%04x  gs=%04x             efl=%08x" % tuple(
        [expr.processor_register(n) & 0xffff for n in ("cs", "ss", "ds", "es", "fs", "gs")] + [flags]))
