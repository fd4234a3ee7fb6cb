"""WinDbg's expressions: hexadecimal by default, mod!sym, @reg, poi(), + - * / and parentheses."""
import re

import gdb

from . import memory, symbols

_TOKEN = re.compile(r"\s*(?:(0n\d+)|(0x[0-9a-fA-F`]+)|(@?@?\$?[A-Za-z_?][\w?$.]*(?:![\w?$@.<>~]+)?)"
                    r"|([0-9a-fA-F`]+)|([-+*/()\[\]]))")
_HEX = re.compile(r"^[0-9a-fA-F`]+$")
MASK = 2 ** 64 - 1
PROCESSOR_ONLY = {"gs_base", "k_gs_base", "fs_base", "cr0", "cr2", "cr3", "cr4", "cr8", "efer"}


def split_range(text, default):
    """(start, count or None) of "expr", "expr L20" or "expr end"; count None means default."""
    match = re.match(r"^(.*?)\s+[lL]\??([0-9a-fA-F`xn]+)\s*$", text)
    if match:
        return evaluate(match.group(1)), evaluate(match.group(2))
    return evaluate(text), default


def register(name):
    """The value of a register in the selected frame."""
    name = {"ip": "rip", "sp": "rsp", "csp": "rsp", "efl": "eflags"}.get(name, name)
    try:
        if name in PROCESSOR_ONLY:
            return processor_register(name)
        return _number(gdb.parse_and_eval("$" + name))
    except (gdb.error, ValueError) as error:
        raise gdb.GdbError("Couldn't resolve error at '%s'" % name) from error


def processor_register(name):
    """The value of a register that frames do not save: the processor's own."""
    return _number(gdb.newest_frame().read_register(name))


def _number(value):
    if value.type.code == gdb.TYPE_CODE_VOID:
        raise ValueError("no such register")
    if value.type.code == gdb.TYPE_CODE_FLAGS:
        return int(value)
    return int(value.cast(gdb.selected_inferior().architecture().integer_type(64, False)))


def evaluate(text):
    """The value of an expression as an unsigned 64-bit number."""
    return _Parser(text).parse() & MASK


class _Parser:
    def __init__(self, text):
        self.text, self.tokens, at = text, [], 0
        text = text.strip()
        while at < len(text):
            match = _TOKEN.match(text, at)
            if not match:
                raise gdb.GdbError("Couldn't resolve error at '%s'" % text[at:])
            self.tokens.append(match.group(0).strip())
            at = match.end()
        if not self.tokens:
            raise gdb.GdbError("an address is missing")
        self.at = 0

    def _peek(self):
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def _next(self):
        token = self._peek()
        self.at += 1
        return token

    def parse(self):
        value = self._sum()
        if self._peek() is not None:
            raise gdb.GdbError("Extra character error in '%s'" % self.text)
        return value

    def _sum(self):
        value = self._product()
        while self._peek() in ("+", "-"):
            value = value + self._product() if self._next() == "+" else value - self._product()
        return value

    def _product(self):
        value = self._atom()
        while self._peek() in ("*", "/"):
            value = value * self._atom() if self._next() == "*" else value // self._atom()
        return value

    def _group(self, close):
        value = self._sum()
        if self._next() != close:
            raise gdb.GdbError("Syntax error in '%s'" % self.text)
        return value

    def _atom(self):
        token = self._next()
        if token is None:
            raise gdb.GdbError("Syntax error in '%s'" % self.text)
        if token == "(":
            return self._group(")")
        if token == "-":
            return -self._atom()
        if token in ("poi", "qwo", "dwo") and self._peek() == "(":
            self.at += 1
            value = memory.u64(self._group(")") & MASK)
            return value & 0xffffffff if token == "dwo" else value
        if token.startswith("0n"):
            return int(token[2:])
        if token.startswith("0x"):
            return int(token[2:].replace("`", ""), 16)
        return _name(token)


def _name(token):
    if token.startswith(("@", "$")):
        return register(token.lstrip("@$"))
    if _HEX.match(token):
        return int(token.replace("`", ""), 16)
    address = symbols.lookup(token)
    if address is not None:
        return address
    module = symbols.by_name(token)
    if module is not None:
        return module.base
    if "!" in token:
        raise gdb.GdbError("Couldn't resolve error at '%s'" % token)
    return register(token)
