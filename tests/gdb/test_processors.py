"""The commands that show processors, on a machine that has four.

In the first session a program runs on one of them, in the second kmtest.sys has put threads on all:
one holds a queued spin lock, the others stand in its queue in the order 3, 2, 1.
"""
import os
import re

import pytest

from conftest import BUILD, program
from debugger import debug

A = r"[0-9a-f]{8}`[0-9a-f]{8}"
P = r"[0-9a-f]{16}"
KMTEST = os.path.join(BUILD, "kmtest", "kmtest.sys") + "=vitrine/System32/drivers/kmtest.sys"

pytestmark = pytest.mark.xdist_group("gdb_processors")

IDLE = ["bp ntdll!NtTestAlert", "g",
        *("%s %d" % (command, number) for command in ("!pcr", "!prcb", "!irql")
          for number in range(4)),
        "!pcr 4", "!running -i", "!running -i -t", "!ready", "!timer", "!dpcs", "!apc", "!locks -v",
        "!idt b0", "python print(gdb.selected_thread().num)", "thread 3", "!thread", "!irql",
        "!idt e", "bt"]
QUEUE = ["bp kmtest!StackDpc", "g", "bt", "k", "!irql", "!dpcs", "bc *",
         "bp kmtest!CountingIsr", "g",
         "dt -r2 nt!_KINTERRUPT @rcx", "dps @rcx+18 L1", "!irql", "!qlocks", "bc *",
         "bp kmtest!CallInTurn", "g", "bc *", "bp nt!KeReleaseInStackQueuedSpinLock", "g",
         "!qlocks", "!running -t", *("!irql %d" % number for number in range(4)), "!locks",
         "dq kmtest!Lock L1", "bc *",
         "bp nt!NtWriteFile", "g", "bt", "lm m ntdll"]


@pytest.fixture(scope="module")
def idle():
    return dict(zip(IDLE, debug(IDLE, program("debuggee.exe"), "--smp", "4")))


@pytest.fixture(scope="module")
def queue():
    return debug(QUEUE, program("hello.exe"), "--smp", "4", "--file", KMTEST)


def after(outputs, stop, command):
    """The output of the first `command` behind the breakpoint `stop`."""
    return outputs[QUEUE.index(command, QUEUE.index(stop))]


def test_each_processor_has_its_own_structures(idle):
    regions, blocks = set(), set()
    for number in range(4):
        printed = idle["!pcr %d" % number]
        assert "KPCR for Processor %d at " % number in printed
        regions.add(re.search(r"SelfPcr: (%s)" % P, printed).group(1))
        printed = idle["!prcb %d" % number]
        assert re.search(r"\nNumber %d SetMember %x\n" % (number, 1 << number), printed), printed
        blocks.add(re.search(r"PRCB for Processor %d at (%s)" % (number, P), printed).group(1))
    assert len(regions) == len(blocks) == 4
    assert "there is no processor 4" in idle["!pcr 4"]


def test_running_shows_all_four(idle):
    printed = idle["!running -i"]
    assert "System Processors:  (000000000000000f)" in printed
    rows = re.findall(r"^  (\d)    (%s)  (%s) \( ?(\d+)\)" % (P, P), printed, re.M)
    assert [row[0] for row in rows] == list("0123"), printed
    assert len({row[2] for row in rows}) == 4
    for number, _, thread, _ in rows:
        assert "CurrentThread: " + thread in idle["!pcr " + number]
    stacks = idle["!running -i -t"]
    assert "ntdll!NtTestAlert" in stacks
    assert stacks.count("nt!KiIdleLoop") == bin(int(re.search(
        r"Idle Processors:  \((\w+)\)", stacks).group(1), 16)).count("1"), stacks


def test_irql_of_each(idle):
    levels = [re.search(r"processor 0x%d -- (\d+)" % n, idle["!irql %d" % n]).group(1)
              for n in range(4)]
    assert "0" in levels and set(levels) <= {"0", "2"}, levels  # an idle one stands at DISPATCH_LEVEL
    for number in range(4):
        assert "Irql: %016x" % int(levels[number]) in idle["!pcr %d" % number]


def test_queues_of_each(idle):
    for number in range(4):
        assert re.search(r"^Processor %d: (No threads in READY|Ready Threads)" % number,
                         idle["!ready"], re.M), idle["!ready"]
        assert "PROCESSOR %d (nt!_KPRCB.TimerTable" % number in idle["!timer"]
        for name in ("PrcbLock", "TimerLock", "DpcData.DpcLock"):
            assert "%s of processor %d (0x" % (name, number) in idle["!locks -v"]
    assert idle["!dpcs"].startswith("CPU Type      KDPC       Function\n")
    assert "debuggee.exe" in idle["!apc"]


def test_another_processor_is_looked_at(idle):
    """`thread 3` is gdb's name for processor 2: its thread, its level, its stack; one IDT for all."""
    thread = re.search(r"CurrentThread: (%s)" % P, idle["!pcr 2"]).group(1)
    assert idle["!thread"].startswith("THREAD " + thread), idle["!thread"]
    assert "processor 0x2 -- " in idle["!irql"]
    assert "nt!KiPageFault" in idle["!idt e"] and "I8042KeyboardInterruptService" in idle["!idt b0"]
    assert re.search(r"^#\d+ .*\bKi|Spin|NtYield", idle["bt"], re.M) and "??" not in idle["bt"]


def test_qlocks_shows_owner_and_queue(queue):
    printed = after(queue, "bp nt!KeReleaseInStackQueuedSpinLock", "!qlocks")
    assert "Key: O = Owner, 1-n = Wait order" in printed
    row = re.search(r"^%s kmtest!Lock +O +3 +2 +1$" % P, printed, re.M)
    assert row, printed
    lock = row.group(0).split()[0]
    word = after(queue, "bp nt!KeReleaseInStackQueuedSpinLock", "dq kmtest!Lock L1").split()
    assert word[0].replace("`", "") == lock and word[1] != "00000000`00000000"


def test_levels_while_all_wait(queue):
    for number in range(4):
        assert "-- 2 (DISPATCH_LEVEL)" in queue[QUEUE.index("!irql %d" % number)]
    running = after(queue, "bp nt!KeReleaseInStackQueuedSpinLock", "!running -t")
    assert running.count("kmtest!ComeWhenCalled") >= 3 and "kmtest!CallInTurn" in running, running


def test_stack_of_a_dpc_leads_to_the_interrupted_thread(queue):
    for command in ("bt", "k"):
        printed = after(queue, "bp kmtest!StackDpc", command)
        order = ("StackDpc", "KiCallOnStack", "KiDispatchInterruptC", "KiInterruptDispatch",
                 "Kmt_dpc_runs_on_a_stack_of_its_own", "KiStartSystemThread")
        assert re.search(r"[\s\S]*\b".join(order), printed), printed
        assert "Backtrace stopped" not in printed and "PC not saved" not in printed
    assert "(DISPATCH_LEVEL)" in after(queue, "bp kmtest!StackDpc", "!irql")


def test_interrupt_object_that_is_being_served(queue):
    printed = after(queue, "bp kmtest!CountingIsr", "dt -r2 nt!_KINTERRUPT @rcx")
    routine = after(queue, "bp kmtest!CountingIsr", "dps @rcx+18 L1")
    assert "kmtest!CountingIsr" in routine
    address = routine.split()[1]
    assert re.search(r"\+0x018 ServiceRoutine   : 0x%s" % address, printed), printed
    assert re.search(r"\+0x008 InterruptListEntry : _LIST_ENTRY \[ 0x(%s) - 0x\1 \]\n"
                     r"      \+0x000 Flink            : 0x\1 _LIST_ENTRY\n" % A, printed), printed
    assert re.search(r"Vector           : 0x8f\n[\s\S]*Connected        : 0x1 ", printed), printed
    assert "-- 9" in after(queue, "bp kmtest!CountingIsr", "!irql")
    held = after(queue, "bp kmtest!CountingIsr", "!qlocks")
    assert len(re.findall(r"^%s .*O" % P, held, re.M)) == 2, held  # the vector's, the interrupt's


def test_bt_of_a_program_ends_where_it_began(queue):
    printed = after(queue, "bp nt!NtWriteFile", "bt")
    assert re.search(r"#\d+ +0x\w+ in RtlUserThreadStart .*\n\Z", printed), printed


def test_lm_ends_where_the_image_does(queue):
    """What is booted is stripped: its last page is not that of the file with symbols."""
    rows = after(queue, "bp nt!NtWriteFile", "lm m ntdll").splitlines()
    start, end = (int(word.replace("`", ""), 16) for word in rows[1].split()[:2])
    with open(os.path.join(BUILD, "image", "ntdll.dll"), "rb") as file:
        data = file.read(4096)
    header = int.from_bytes(data[0x3C:0x40], "little")
    assert end - start == int.from_bytes(data[header + 80:header + 84], "little"), rows
