"""x64 unwinding on a dictionary of registers: the same rules as rtl/unwind/unwind.c, in Python.

A step takes registers by name ('rax' ... 'r15', 'rip') and gives those of the caller. Besides the
unwind data it knows what unwind data cannot say: in the first and last instructions of KiSystemCall64
the processor is in the kernel while the stack is still, or again, the user's; and KiCallOnStack's
caller is on another stack, which may lie anywhere.
"""
import bisect
import struct

from . import memory, symbols

NAMES = ("rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
         "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15")
PUSH_NONVOL, ALLOC_LARGE, ALLOC_SMALL, SET_FPREG, SAVE_NONVOL, SAVE_NONVOL_FAR = range(6)
EPILOG, SPARE, SAVE_XMM, SAVE_XMM_FAR, PUSH_MACHFRAME = range(6, 11)
CHAININFO = 4
MASK = 2 ** 64 - 1
USER_RSP_IN_KPCR = 0x10
IA32_USER_END = 1 << 47


class Step:
    """The caller's registers, and what was learnt on the way."""

    def __init__(self, registers, function, machine_frame):
        self.registers = registers
        self.function = function
        self.machine_frame = machine_frame
        self.stack_switch = function == symbols.lookup("nt!KiCallOnStack")


def _slots(version, op, info):
    if op in (PUSH_NONVOL, ALLOC_SMALL, SET_FPREG, PUSH_MACHFRAME):
        return 1
    if op in (SAVE_NONVOL, SAVE_XMM):
        return 2
    if op in (SAVE_NONVOL_FAR, SAVE_XMM_FAR):
        return 3
    if op == ALLOC_LARGE:
        return 3 if info else 2
    if op == EPILOG and version >= 2:
        return 1
    raise ValueError("bad unwind code")


class Info:
    """One UNWIND_INFO, decoded."""

    def __init__(self, module, rva):
        head = module.read(rva, 4)
        self.version, self.flags = head[0] & 7, head[0] >> 3
        self.prolog, count = head[1], head[2]
        self.frame_register, self.frame_offset = head[3] & 15, (head[3] >> 4) * 16
        raw = module.read(rva + 4, 2 * count) if count else b""
        self.codes, index = [], 0
        while index < count:
            offset, packed = raw[2 * index], raw[2 * index + 1]
            op, info = packed & 15, packed >> 4
            slots = _slots(self.version, op, info)
            operand = 0
            if slots == 2:
                operand = struct.unpack_from("<H", raw, 2 * index + 2)[0]
            elif slots == 3:
                operand = struct.unpack_from("<I", raw, 2 * index + 2)[0]
            self.codes.append((offset, op, info, operand, slots))
            index += slots
        self.chain = None
        if self.flags & CHAININFO:
            self.chain = struct.unpack("<III", module.read(rva + 4 + 2 * ((count + 1) & ~1), 12))


def find_function(module, rva):
    """The (begin, end, unwind) that holds an RVA."""
    table = module.functions()
    index = bisect.bisect_right(table, (rva, 2 ** 32, 0)) - 1
    return table[index] if index >= 0 and rva < table[index][1] else None


def _epilog(module, rva, function, info, regs):
    """The caller's registers if the rest of the function from rva is an epilog, else None."""
    code = module.read(rva, 64)
    result, at = dict(regs), 0
    if code[:3] == b"\x48\x83\xc4":
        result["rsp"] += struct.unpack_from("<b", code, 3)[0]
        at = 4
    elif code[:3] == b"\x48\x81\xc4":
        result["rsp"] += struct.unpack_from("<i", code, 3)[0]
        at = 7
    elif code[0] & 0xfe == 0x48 and code[1] == 0x8d and code[2] & 0x38 == 0x20 \
            and code[2] & 7 != 4 and code[2] & 0xc0 in (0x40, 0x80):
        base = code[2] & 7 | (code[0] & 1) << 3
        if base != info.frame_register:
            return None
        short = code[2] & 0xc0 == 0x40
        result["rsp"] = regs[NAMES[base]] + struct.unpack_from("<b" if short else "<i", code, 3)[0]
        at = 4 if short else 7
    while at < len(code) - 8:
        if code[at] & 0xf8 == 0x58:
            number, length = code[at] & 7, 1
        elif code[at] & 0xf0 == 0x40 and code[at + 1] & 0xf8 == 0x58:
            number, length = code[at + 1] & 7 | (code[at] & 1) << 3, 2
        else:
            break
        result[NAMES[number]] = memory.u64(result["rsp"])
        result["rsp"] += 8
        at += length
    if not _way_out(code[at:at + 8], rva + at, function, module):
        return None
    result["rip"] = memory.u64(result["rsp"])
    result["rsp"] += 8
    return result


def _way_out(code, rva, function, module):
    if code[0] in (0xc3, 0xc2) or code[:2] == b"\xf3\xc3" or code[:2] == b"\xff\x25":
        return True
    if code[0] & 0xf8 == 0x48 and code[1] == 0xff and code[2] & 0x38 == 0x20:
        return True
    if code[0] == 0xeb:
        target = rva + 2 + struct.unpack_from("<b", code, 1)[0]
    elif code[0] == 0xe9:
        target = rva + 5 + struct.unpack_from("<i", code, 1)[0]
    else:
        return False
    if function[0] <= target < function[1]:
        return target == function[0]
    other = find_function(module, target)
    return other is None or other[0] == target


def _undo(regs, info, code, base):
    """Undoes one code; True when it was a machine frame."""
    _, op, number, operand, slots = code
    if op == PUSH_NONVOL:
        regs[NAMES[number]] = memory.u64(regs["rsp"])
        regs["rsp"] += 8
    elif op == ALLOC_SMALL:
        regs["rsp"] += number * 8 + 8
    elif op == ALLOC_LARGE:
        regs["rsp"] += operand * 8 if slots == 2 else operand
    elif op == SET_FPREG:
        regs["rsp"] = regs[NAMES[info.frame_register]] - info.frame_offset
    elif op in (SAVE_NONVOL, SAVE_NONVOL_FAR):
        regs[NAMES[number]] = memory.u64(base + (operand * 8 if op == SAVE_NONVOL else operand))
    elif op == PUSH_MACHFRAME:
        frame = regs["rsp"] + (8 if number else 0)
        regs["rip"], regs["rsp"] = memory.u64(frame), memory.u64(frame + 24)
        return True
    return False


def _base(info, offset, regs):
    """The address that saved registers' offsets count from."""
    if not info.frame_register:
        return regs["rsp"]
    done = offset >= info.prolog or info.flags & CHAININFO
    for code in info.codes:
        if code[1] == SET_FPREG:
            done = done or offset >= code[0]
    return regs[NAMES[info.frame_register]] - info.frame_offset if done else regs["rsp"]


def _system_call_edge(module, offset, info, regs, gs_base):
    """Registers of the caller while KiSystemCall64 has no frame on the kernel stack."""
    frame_at = [code[0] for code in info.codes if code[1] == PUSH_MACHFRAME]
    if not frame_at:
        return None
    result = dict(regs)
    if regs["rsp"] < IA32_USER_END:
        user_rsp = regs["rsp"]
    elif offset < frame_at[0] and gs_base is not None:
        user_rsp = memory.u64(gs_base() + USER_RSP_IN_KPCR)
    else:
        return None
    result["rip"], result["rsp"] = regs["rcx"], user_rsp
    return result


def step(regs, gs_base=None):
    """One frame up; raises where that is not possible. gs_base is a function: where the KPCR is."""
    rip = regs["rip"]
    module = symbols.find_module(rip)
    function = find_function(module, rip - module.base) if module else None
    result = dict(regs)
    if function is None:
        result["rip"] = memory.u64(regs["rsp"])
        result["rsp"] = regs["rsp"] + 8
        start = rip - module.nearest(rip - module.base)[1] if module else rip
        return Step(result, start, False)
    start = module.base + function[0]
    rva = rip - module.base
    offset = rva - function[0]
    info = Info(module, function[2])
    if module.is_system_call(start):
        edge = _system_call_edge(module, offset, info, regs, gs_base)
        if edge:
            return Step(edge, start, True)
    if offset >= info.prolog:
        done = _epilog(module, rva, function, info, regs)
        if done:
            return Step(done, start, False)
    base, machine = _base(info, offset, regs), False
    while True:
        for code in info.codes:
            if offset >= code[0] or code[1] == EPILOG:
                machine = _undo(result, info, code, base) or machine
        if info.chain is None:
            break
        info, offset = Info(module, info.chain[2]), 2 ** 32
    if not machine:
        result["rip"] = memory.u64(result["rsp"])
        result["rsp"] += 8
    return Step({name: value & MASK for name, value in result.items()}, start, machine)


def walk(regs, limit=64, gs_base=None):
    """All frames from regs on: (registers, Step or None)."""
    for _ in range(limit):
        try:
            up = step(regs, gs_base)
        except (memory.MemoryError_, ValueError):
            up = None
        yield regs, up
        if up is None or up.registers["rip"] == 0:
            return
        if up.registers["rsp"] <= regs["rsp"] and not (up.machine_frame or up.stack_switch):
            return
        regs = up.registers
