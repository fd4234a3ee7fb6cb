"""What the conformance programs are run with: shared by the tests and by tools/oracle.

A program without an entry here is run once, with no arguments and empty input. `file` names files
beside the program that it needs. `oracle=False`: Wine is not asked, or gives another answer than Windows;
`status` and `output` then say what Windows does, and DEVIATIONS.md why Wine cannot be asked. `guest` names
files (HOST=GUEST) that make directories on Vitrine's drive which Wine has anyway.
"""
import os
from dataclasses import dataclass, field

HERE = os.path.dirname(os.path.realpath(__file__))
DLLS = ("testlib", "second", "refusal")
ELSEWHERE = ("baddll", "loop", "debuggee", "processors", "redirect", "typelist", "wellknown", "lastword", "scheduling", "obmodel", "obraces",
             "obpages", "output", "quota", "misbehave")  # run by other tests
CRASHES = ("jump-kernel", "jump-null", "read-kernel", "write-self-map", "hlt", "cli", "divide",
           "ud2", "int3", "raise")


@dataclass
class Case:
    name: str
    program: str
    args: list = field(default_factory=list)
    stdin: bytes = b""
    files: list = field(default_factory=list)
    drivers: list = field(default_factory=list)  # of tests/drivers
    guest: list = field(default_factory=list)
    oracle: bool = True
    status: int = 0  # without the oracle: the exit status that Windows documents
    output: bytes = b""


SPECIAL = [
    Case("args", "args", ["a", "b c", "", 'q"uote', "back\\slash", "trail\\", 'both\\"', "tab\there"]),
    Case("args-none", "args"),
    Case("args-unicode", "args", ["gr\u00fc\u00dfe", "\u043c\u0438\u0440", "\U0001F600"]),
    Case("dlluser", "dlluser", files=["testlib.dll", "second.dll"]),
    Case("dllpaths", "dllpaths", files=["second.dll", "testlib.dll"]),
    Case("refuses", "refuses", files=["refusal.dll"]),
    Case("echo", "echo", stdin=b"one line\r\nanother line\r\n", oracle=False, status=24,
         output=b"one line\r\nanother line\r\n"),
    Case("documented", "documented", oracle=False),
    Case("psdocs", "psdocs", oracle=False),
    Case("rtldocs", "rtldocs", oracle=False),
    Case("ipdocs", "ipdocs", oracle=False),
    Case("pathdocs", "pathdocs", oracle=False),
    Case("pathnames", "pathnames"),
    Case("paths", "paths"),
    Case("npx", "npx", oracle=False),
    Case("twoproc", "twoproc", drivers=["spawn"]),
    Case("reloc", "reloc", oracle=False,
         output=b"away from the preferred base: yes\n4000 300 20 1 \nthrough a function pointer\n"
                b"header names the real base: yes\n"),
    Case("flatmoved", "flatmoved", oracle=False,
         output=b"away from the preferred base: yes\n4000 300 20 1 \nthrough a function pointer\n"
                b"header names the real base: yes\n"),
    Case("noentry", "noentry", oracle=False, status=0xC0000139),
    Case("crash-jump-hole", "crash", ["jump-hole"], oracle=False, status=0xC0000005, output=b"before\n"),
    Case("crash-stack", "crash", ["stack"], oracle=False, status=0xC00000FD, output=b"before\n"),
    Case("crash-bad-stack", "crash", ["bad-stack"], oracle=False, status=0xC0000005,
         output=b"before\n"),
    Case("crash-kernel-stack", "crash", ["kernel-stack"], oracle=False, status=0xC0000005,
         output=b"before\n"),
    Case("fill", "fill", oracle=False,
         output=(b"0 mixed1\n0 MIXED1\n0 --XED1\n0 ******\n22 []\n22 22 0\n"
                 b"0 mixed1\n0 MIXED1\n0 --XED1\n0 ******\n22 []\n__chkstk: 00000000\nthe stack grew: yes\n")),
    Case("hostile", "hostile", oracle=False, output=b"71 attempts, 0 surprises\n"),
    Case("attacks", "attacks", oracle=False),
    Case("bare", "bare", oracle=False, status=0x2B),
    Case("leaks", "leaks", oracle=False),
    Case("badargs", "badargs", oracle=False, output=b"many calls, 0 surprises\n"),
    Case("vmmodel", "vmmodel", oracle=False, output=b"6000 operations, 0 surprises\n"),
    Case("exhaust", "exhaust", oracle=False,
         output=b"refused with: c000012d\n" * 2 + b"as much again: yes\n"
                b"reserve 1 TiB: 00000000\nended with a status: yes\n"
                b"refused with: c000012d\nand again: yes\n"),
    Case("crash-none", "crash"),
    Case("functables", "functables"),
    Case("functables-documented", "functables", ["documented"], oracle=False,
         output=b"add unsorted: yes\nunsorted 000: entry 7, base 0\nunsorted 00d: entry 7, base 0\n"
                b"unsorted 00e: none\nunsorted 03f: none\nunsorted 040: entry 6, base 0\n"
                b"unsorted 085: entry 5, base 0\nunsorted 0c0: entry 4, base 0\n"
                b"unsorted 1cd: entry 0, base 0\nunsorted 400: none\n"
                b"exception in function 0: e0000042\ndelete: yes\n"),
    Case("debugbuffer", "debugbuffer"),
    Case("debugbuffer-documented", "debugbuffer", ["documented"], oracle=False,
         output=b"a byte less than one: c0000004\nnumber 0, length for 2\n"
                b"modules: 00000000\nin the buffer: yes\n"
                b"0: debugbuffer.exe, load order 0, header's size yes\n"
                b"1: ntdll.dll, load order 1, header's size yes\n"
                b"again: 00000000\nnothing: 00000000\nno modules: yes\n"
                b"another process: c0000002\nheap entries: c0000002\ndestroy: 00000000\n"
                b"too small: c0000017\ndestroy: 00000000\ndestroy again: c00000a0\n"),
    Case("pool", "pool"),
    Case("pool-documented", "pool", ["documented"], oracle=False,
         output=b"threads have ended, handles are as before: yes\ncalls of a timer that fires once: 1\n"
                b"deregister after three time-outs: 00000000\nwait for nothing: c0000008\n"
                b"wait for a stale handle: c0000008\nderegister nothing: c0000008\n"),
    Case("relocblock", "relocblock"),
    Case("relocblock-documented", "relocblock", ["documented"], oracle=False,
         output=b"block: yes\n2234 6111\n"),
    Case("ionotify", "ionotify"),
    Case("ionotify-documented", "ionotify", ["documented"], oracle=False,
         output=b"packets\n  tie: 00000000\n  a packet: read, event 00000000, packet 00000000\n"
                b"  set 2: 00000000\n  a packet: read, event 00000000, packet 00000000\n"
                b"  set 1: 00000000\n  no packet: read, event 00000000, packet 00000102\n"),
    Case("unwinds", "unwinds"),
    Case("unwinds-documented", "unwinds", ["documented"], oracle=False,
         output=b"a jump buffer and a context without floating-point registers\n"
                b"  returned 1, rax 66, mxcsr 3fa0, control word 0b7f\n"
                b"  rsp: yes\n  integer registers: yes\n"
                b"  middle handler: other, flags 02, frame as in dispatcher, target landing\n"
                b"  target handler: other, flags 02, frame as in dispatcher, target landing\n"
                b"  at the call: yes\n  rbx of the frame: yes\n"
                b"target between two frames: c0000028\n"
                b"target below the stack pointer: c0000028\n"
                b"  middle handler: other, flags 02, frame as in dispatcher, target landing\n"
                b"  target handler: other, flags 02, frame as in dispatcher, target landing\n"
                b"  at the call: yes\n  rbx of the frame: yes\n"
                b"target not aligned: c0000028\n"),
] + [Case("crash-" + how, "crash", [how]) for how in CRASHES]


def programs():
    names = (name[:-2] for name in os.listdir(HERE) if name.endswith(".c"))
    return sorted(name for name in names if name not in DLLS + ELSEWHERE)


def cases():
    special = {case.program for case in SPECIAL}
    plain = [Case(name, name) for name in programs() if name not in special]
    return sorted(plain + SPECIAL, key=lambda case: case.name)


def expected_path(case):
    return os.path.join(HERE, "expected", case.name + ".txt")


def read_expected(case):
    """(exit status, output): the first line of the file holds the status, the rest is the output."""
    with open(expected_path(case), "rb") as file:
        first, _, output = file.read().partition(b"\n")
    return int(first.split()[1], 16), output
