"""bp, bl, bc, g, u: breakpoints, going on, and code."""
import re

import gdb

from .. import expr, memory, symbols, text
from . import command, write

_breakpoints = {}  # WinDbg's number: _Breakpoint
_pending = {}      # WinDbg's number: the expression that has no address yet


class _Breakpoint(gdb.Breakpoint):
    """A breakpoint that numbers and reports itself as WinDbg's do."""

    def __init__(self, index, address):
        super().__init__("*%#x" % address, internal=True)  # internal: gdb does not announce it
        self.index, self.where = index, address
        self.silent = True


def _free_index():
    used = set(_breakpoints) | set(_pending)
    return next(n for n in range(len(used) + 1) if n not in used)


def _set(index, expression):
    """Sets a breakpoint, or keeps it until a module brings the symbol."""
    try:
        address = expr.evaluate(expression)
    except gdb.GdbError:
        if "!" not in expression or symbols.by_name(expression.split("!")[0]):
            raise
        _pending[index] = expression
        return
    _pending.pop(index, None)
    _breakpoints[index] = _Breakpoint(index, address)


def _resolve(_module):
    for index, expression in list(_pending.items()):
        _set(index, expression)


symbols.on_load.append(_resolve)


@command("bp", "bu")
def bp(argument):
    """bp ADDRESS: stops there. A symbol of an image that is not loaded yet waits for it."""
    if not argument:
        raise gdb.GdbError("bp: an address is missing")
    _set(_free_index(), argument)


@command("bl")
def bl(argument):
    """bl: the breakpoints that bp has set."""
    for index in sorted(set(_breakpoints) | set(_pending)):
        if index in _pending:
            write("%2d eu                      0001 (0001) (%s)" % (index, _pending[index]))
        else:
            point = _breakpoints[index]
            write("%2d %s %s     0001 (0001) %s" % (index, "e" if point.enabled else "d",
                                                    text.address(point.where),
                                                    symbols.name_of(point.where) or ""))


@command("bc")
def bc(argument):
    """bc N | *: removes breakpoints."""
    wanted = list(set(_breakpoints) | set(_pending)) if argument == "*" \
        else [int(word) for word in argument.split()]
    for index in wanted:
        _pending.pop(index, None)
        point = _breakpoints.pop(index, None)
        if point is not None and point.is_valid():
            point.delete()


@command("g")
def g(argument):
    """g [ADDRESS]: goes on, to ADDRESS at most."""
    if argument:
        gdb.execute("tbreak *%#x" % expr.evaluate(argument), to_string=True)
    _going.append(None)
    try:
        output = gdb.execute("continue", to_string=True)
    finally:
        hit = _going.pop()
    if hit is None:
        gdb.write(output)  # something else than a breakpoint of ours
    else:
        _report(hit)


_going = []  # while g runs: the breakpoint that was hit, or None


def _stopped(event):
    """Notices our breakpoints; of any other stop gdb speaks for itself."""
    if not isinstance(event, gdb.BreakpointEvent):
        return
    for point in event.breakpoints:
        if isinstance(point, _Breakpoint):
            if _going:
                _going[-1] = point
            else:
                _report(point)


gdb.events.stop.connect(_stopped)


def _report(point):
    write("Breakpoint %d hit" % point.index)
    show_here()


def show_here():
    """The symbol and the instruction at rip."""
    rip = expr.register("rip")
    write("%s:" % (symbols.name_of(rip) or text.address(rip)))
    try:
        for line, _ in instructions(rip, 1):
            write(line)
    except gdb.MemoryError:  # the page comes with the fault that this instruction is about to take
        write("%s ??              ???" % text.address(rip))


def instructions(address, count):
    """(line, next address) of instructions, as u shows them."""
    architecture = gdb.selected_inferior().architecture()
    for item in architecture.disassemble(address, count=count):
        code = memory.read(item["addr"], item["length"]).hex()
        yield "%s %-15s %s" % (text.address(item["addr"]), code, _windbg(item["asm"])), \
            item["addr"] + item["length"]


def _windbg(line):
    """gdb's instruction text in WinDbg's manner: mov     ecx,eax"""
    line = re.sub(r"\s+#.*$", "", line).strip()
    words = line.split(None, 1)
    operands = words[1] if len(words) > 1 else ""
    target = re.match(r"^0x([0-9a-f]+)(\s+<.*>)?$", operands)
    if target and words[0][0] in "jc":
        address = int(target.group(1), 16)
        name = symbols.name_of(address)
        operands = "%s (%s)" % (name, text.address(address)) if name else text.address(address)
    else:
        operands = re.sub(r"\b(BYTE|WORD|DWORD|QWORD|XMMWORD) PTR", lambda m: m.group(0).lower(),
                          operands)
        operands = re.sub(r"0x([0-9a-f]+)", lambda m: _number(m.group(1)), operands)
    return ("%-8s%s" % (words[0], operands)).rstrip()


def _number(digits):
    """14h, 0E8h, 8"""
    if int(digits, 16) <= 9:
        return digits
    return ("0" if digits[0] > "9" else "") + digits.upper() + "h"


_next = [None]


@command("u", "uf")
def u(argument):
    """u [ADDRESS] [L count]: instructions."""
    if argument:
        start, count = expr.split_range(argument, 8)
    else:
        start, count = _next[0] if _next[0] is not None else expr.register("rip"), 8
    write("%s:" % (symbols.name_of(start) or text.address(start)))
    for line, after in instructions(start, count):
        write(line)
        _next[0] = after


@command("ub")
def ub(argument):
    """ub [ADDRESS]: the instructions of the function before ADDRESS."""
    end = expr.evaluate(argument) if argument else expr.register("rip")
    module = symbols.find_module(end)
    start = end - module.table.nearest(end - module.base)[1] if module else end
    lines = []
    while start < end:
        for line, start in instructions(start, 1):
            lines.append(line)
    for line in lines[-8:]:
        write(line)


@command(".formats")
def formats(argument):
    """.formats EXPRESSION: its value."""
    value = expr.evaluate(argument)
    write("Evaluate expression:")
    write("  Hex:     " + text.address(value))
    write("  Decimal: %d" % (value - (1 << 64) if value >> 63 else value))
    write("  Symbol:  " + (symbols.name_of(value) or "none"))
