"""Each command's output, on a machine that stands in NtWriteFile of hello.exe."""
import os
import re

import pytest

from conftest import BUILD, program
from debugger import debug

A = r"[0-9a-f]{8}`[0-9a-f]{8}"  # an address as WinDbg writes it
P = r"[0-9a-f]{16}"             # as its extensions write it

# command, what its output must match (in this order, anything between)
COMMANDS = [
    ("bp nt!NtWriteFile", r"\A\Z"),
    ("bp ntdll!NtClose", r"\A\Z"),
    ("bl", r" 0 e %s .*nt!NtWriteFile\n 1 eu .*ntdll!NtClose" % A),
    ("g", r"\ABreakpoint 0 hit\nnt!NtWriteFile:\n%s [0-9a-f]+ +\w+" % A),
    ("bl", r" 1 e %s .*ntdll!NtClose" % A),
    ("bc *", r"\A\Z"),
    ("bl", r"\A\Z"),
    ("lm", r"start +end +module name\n.*hello .*\n.*ntdll .*\n.* nt  .*\n.* hal "),
    ("lm m h*", r"hello.*\n.*hal .*\n\Z"),
    ("x nt!KiSystemC*64", r"\A%s nt!KiSystemCall64\n\Z" % A),
    ("x nt!*ispatchexc*", r"nt!KiDispatchException[\s\S]*nt!RtlDispatchException"),
    ("ln nt!KiSystemCall64+4", r"nt!KiSystemCall64\+0x4"),
    (".formats 10+0n10", r"Hex: +00000000`0000001a\n +Decimal: 26"),
    ("u nt!KiSystemCall64 L3",
     r"\Ant!KiSystemCall64:\n%s 0f01f8 +swapgs\n%s \w+ +mov +qword ptr gs:10h,rsp\n.*\n\Z" % (A, A)),
    ("u ntdll!NtWriteFile L1", r"\Antdll!NtWriteFile:\n%s 4989ca +mov +r10,rcx\n\Z" % A),
    ("db ntdll!NtWriteFile L4", r"%s  49 89 ca b8" % A),
    ("dd ntdll!NtWriteFile L1", r"%s  b8ca8949" % A),
    ("dw ntdll!NtWriteFile L2", r"%s  8949 b8ca" % A),
    ("dq nt!PsActiveProcessHead L2", r"%s  %s %s" % (A, A, A)),
    ("dps @rsp L1", r"%s  %s nt!Ki" % (A, A)),
    ("du poi(poi(nt!PsLoadedModuleList)+60)", r'%s  "ntoskrnl.exe"' % A),
    ("da nt!PsInitialSystemProcess L1", r'%s  "' % A),
    ("db 0 L10", r"Memory access error"),
    ("dt nt!_LIST_ENTRY", r"\A   \+0x000 Flink            : Ptr64 _LIST_ENTRY\n"
                          r"   \+0x008 Blink            : Ptr64 _LIST_ENTRY\n\Z"),
    ("dt _LIST_ENTRY", r"\Ant!_LIST_ENTRY\n"),
    ("dt nt!_KTRAP_FRAME Rip", r"\A   \+0x168 Rip              : Uint8B\n\Z"),
    ("dt nt!_EPROCESS Pcb.", r"\+0x000 Pcb              : _KPROCESS\n"
                             r"      \+0x000 Header           : _DISPATCHER_HEADER"),
    ("dt -r1 nt!_KAPC_STATE", r"ApcListHead      : \[2\] _LIST_ENTRY"),
    ("dt nt!_UNWIND_CODE UnwindOp", r"UnwindOp         : Pos 0, 4 Bits"),
    ("dt nt!_KAPC*", r"          nt!_KAPC\n[\s\S]*          nt!_KAPC_STATE"),
    ("dt nt!_EPROCESS poi(nt!PsInitialSystemProcess) ImageFileName ActiveProcessLinks",
     r"ActiveProcessLinks : _LIST_ENTRY \[ 0x%s - 0x%s \]\n.*\[15\]  \"System\"" % (A, A)),
    ("dt nt!_NO_SUCH_TYPE", r"Symbol nt!_NO_SUCH_TYPE not found"),
    ("k", r"\AChild-SP +RetAddr +Call Site\n%s %s nt!NtWriteFile \[io/ntfile.c @ \d+\]" % (A, A)),
    ("kn 2", r"\A # Child-SP.*\n00 .*\n01 .*\n\Z"),
    ("r rip", r"\Arip=%s\n\Z" % P),
    ("r", r"rax=%s rbx=%s[\s\S]*efl=[0-9a-f]{8}" % (P, P)),
    ("!process 0 0", r"\A\*\*\*\* NT ACTIVE PROCESS DUMP \*\*\*\*\nPROCESS %s\n"
                     r"    SessionId: none  Cid: 0004    Peb: 00000000  ParentCid: 0000\n"
                     r"    DirBase: [0-9a-f]+  ObjectTable: %s  HandleCount: +\d+\.\n"
                     r"    Image: System\n\nPROCESS [\s\S]*    Image: hello.exe" % (P, P)),
    ("!process 0 0 hello.exe", r"\A(?![\s\S]*System)[\s\S]*Image: hello.exe"),
    ("!process", r"VadRoot %s Vads \d+[\s\S]*\n"
                 r"    QuotaPoolUsage\[PagedPool\] {9}[1-9]\d+\n"
                 r"    QuotaPoolUsage\[NonPagedPool\] {6}[1-9]\d+\n"
                 r"[\s\S]*THREAD %s  Cid [0-9a-f]{4}\.[0-9a-f]{4}"
                 r"  Teb: %s .* RUNNING on processor 0" % (P, P, P)),
    ("!process -1 0", r"\APROCESS %s\n" % P),
    ("!process 4 0", r"Image: System"),
    ("!thread", r"THREAD %s[\s\S]*Owning Process +%s +Image: +hello.exe[\s\S]*nt!NtWriteFile"
     % (P, P)),
    (".process", r"\AImplicit process is now %s\n\Z" % A),
    ("!pcr", r"KPCR for Processor 0 at %s:\n    Major 1 Minor 1\n[\s\S]*CurrentThread: %s"
     % (P, P)),
    ("!prcb", r"PRCB for Processor 0 at %s:\nThreads--  Current %s Next %s Idle %s" % (P, P, P, P)),
    ("!idt", r"Dumping IDT: %s\n\n00:\t%s nt!KiDivideErrorFault\n[\s\S]*0e:\t%s nt!KiPageFault\n"
     % (P, P, P)),
    ("!idt b0", r"\nb0:\t%s nt!I8042KeyboardInterruptService \(KINTERRUPT %s\)\n" % (P, P)),
    ("!idt", r"[\s\S]*2e:\t.*\n[\s\S]*a0:\t%s nt!ConSerialInterruptService \(KINTERRUPT %s\)\nb0:"
     % (P, P)),
    ("dt nt!_KINTERRUPT poi(nt!KiVectors+1608) Vector Irql Connected",
     r"Vector +: 0xb0\n[\s\S]*Irql +: 0xb [\s\S]*Connected +: 0x1 "),
    ("!idt 2e", r"2e:\t%s nt!KiSystemService\n" % P),
    ("!running", r"System Processors:  \(0000000000000001\)"),
    ("!irql", r"processor 0x0 -- 0"),
    ("!nosuch", r"No export nosuch found"),
    ("x/2gx $rsp", r"0x[0-9a-f]+.*:\t0x[0-9a-f]{16}\t0x[0-9a-f]{16}"),
    ("x/1i $pc", r"=> 0x[0-9a-f]+ <nt!NtWriteFile>:\t"),
]


@pytest.fixture(scope="module")
def outputs():
    return debug([command for command, _ in COMMANDS], program("hello.exe"))


@pytest.mark.xdist_group("gdb_commands")
@pytest.mark.parametrize("index", range(len(COMMANDS)), ids=[c for c, _ in COMMANDS])
def test_command(outputs, index):
    command, pattern = COMMANDS[index]
    assert re.search(pattern, outputs[index]), "%s printed:\n%s" % (command, outputs[index])


@pytest.mark.xdist_group("gdb_commands")
def test_user_memory_of_another_process():
    """.process reads another address space than the one that runs, through its page tables."""
    output = debug(["bp nt!NtWriteFile", "g", "python\nfrom ntdbg import expr, memory, model\n"
                    "process = model.current_process()\n"
                    "direct = memory.read(0x7ffe0000, 64)\n"
                    "memory.implicit_root = process.directory\n"
                    "gdb.write(str(memory.read(0x7ffe0000, 64) == direct and any(direct)) + '\\n')\n"
                    "memory.implicit_root = None\nend"], program("hello.exe"))
    assert output[2] == "True\n", output


@pytest.mark.xdist_group("gdb_commands")
def test_chained_interrupts():
    """The routines of a shared vector stand below each other (kernel tests connect three)."""
    kmtest = os.path.join(BUILD, "kmtest", "kmtest.sys") + "=vitrine/System32/drivers/kmtest.sys"
    output = debug(["bp nt!KiChainedDispatch", "g", "!idt 8f"], program("hello.exe"),
                   "--file", kmtest)
    routine = r"kmtest\S+ \(KINTERRUPT %s\)\n" % P
    assert re.search(r"\n8f:\t%s %s(\t {17}%s){2}" % (P, routine, routine), output[2]), output[2]
