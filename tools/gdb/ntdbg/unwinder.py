"""gdb's frames by .pdata: what makes bt, up and finish work in code without frame pointers."""
import gdb
import gdb.unwinder

from . import memory, symbols, unwind


class _FrameId:
    def __init__(self, sp, pc):
        self.sp, self.pc = sp, pc


class PdataUnwinder(gdb.unwinder.Unwinder):
    """Unwinds every frame whose code lies in an image that is known, and leaf code called by it."""

    def __init__(self):
        super().__init__("pdata")

    def __call__(self, pending):
        try:
            return self._unwind(pending)
        except (memory.MemoryError_, gdb.error, ValueError):
            return None

    def _unwind(self, pending):
        values = {name: pending.read_register(name) for name in unwind.NAMES + ("rip",)}
        # The low 64 bits, whatever type gdb gives the register.
        regs = {name: int(value.cast(_ulong())) for name, value in values.items()}
        if regs["rip"] == 0:
            return self._outermost(pending, regs)
        if symbols.find_module(regs["rip"]) is None:
            return None
        up = unwind.step(regs, lambda: int(pending.read_register("gs_base").cast(_ulong())))
        caller = up.registers
        # The stack pointer in the caller is the same wherever this function stands.
        info = pending.create_unwind_info(_FrameId(_value(_order(caller["rsp"])),
                                                   _value(up.function)))
        for name in unwind.NAMES + ("rip",):
            info.add_saved_register(name, _value(caller[name]).cast(values[name].type))
        return info


    @staticmethod
    def _outermost(pending, regs):
        """What a thread's first function returns to: gdb stops at a zero rip by itself."""
        return pending.create_unwind_info(_FrameId(_value(_order(regs["rsp"] + 8)), _value(0)))


def _order(sp):
    """gdb wants callers' stacks at higher addresses. The user's, below the kernel's, is not: swap.

    Only the frame's identity is made of this, no memory is read there."""
    return sp ^ 1 << 63


def _ulong():
    return gdb.selected_inferior().architecture().integer_type(64, False)


def _value(number):
    return gdb.Value((number & unwind.MASK).to_bytes(8, "little"), _ulong())


def register():
    """Puts the unwinder before gdb's own."""
    gdb.unwinder.register_unwinder(None, PdataUnwinder(), replace=True)
