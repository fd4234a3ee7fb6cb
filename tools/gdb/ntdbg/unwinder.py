"""gdb's frames by .pdata: what makes bt, up and finish work in code without frame pointers."""
import gdb
import gdb.unwinder
from gdb import FrameDecorator

from . import memory, model, symbols, unwind


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
    Nor need the thread's be above those of the processor, on which DPCs and NMIs run.

    Only the frame's identity is made of this, no memory is read there."""
    if sp < unwind.IA32_USER_END:
        return sp ^ 1 << 63
    low, high = _thread_stack()
    return sp ^ 1 << 63 if low <= sp <= high else (sp ^ 1 << 63) - (1 << 62)


_stacks = {}  # by processor, until the machine goes on


def _thread_stack():
    """The bounds of the kernel stack of the selected processor's thread; all, where that is not known."""
    index = model.current_processor()
    if index not in _stacks:
        try:
            thread = model.current_thread()
            _stacks[index] = thread.number("StackLimit"), thread.number("StackBase")
        except (gdb.error, memory.MemoryError_, ValueError):
            return 0, unwind.MASK
    return _stacks[index]


gdb.events.cont.connect(lambda _event: _stacks.clear())


class _EndOfStack:
    """Leaves out what a thread's first function would return to, which is nothing."""

    name, priority, enabled = "end-of-stack", 100, True

    @staticmethod
    def filter(frames):
        """Frames up to the last one that has code. gdb's own iterator looks one frame further."""
        frame = next(frames).inferior_frame()
        while frame is not None:
            yield FrameDecorator.FrameDecorator(frame)
            frame = _older(frame)


def _older(frame):
    """The caller, None behind the last: there gdb makes a frame at address 0, and has no word for it."""
    try:
        older = frame.older()
        return older if older is not None and older.pc() != 0 else None
    except gdb.error:
        return None


def _ulong():
    return gdb.selected_inferior().architecture().integer_type(64, False)


def _value(number):
    return gdb.Value((number & unwind.MASK).to_bytes(8, "little"), _ulong())


def register():
    """Puts the unwinder before gdb's own."""
    gdb.unwinder.register_unwinder(None, PdataUnwinder(), replace=True)
    gdb.frame_filters[_EndOfStack.name] = _EndOfStack()
