"""Bugchecks on purpose: each rule is broken by a boot driver (tests/kernel/crashes.c), and the report
must have Windows' code, name the rule, and show both stacks. And one that comes before anything else
is there."""
import os
import re
import sys

import pytest

from conftest import BUGCHECK, BUILD, TESTS, program, vmrun

sys.path.insert(0, os.path.join(TESTS, "gdb"))

from debugger import debug  # noqa: E402 (the path has to be set first)

KMTEST = os.path.join(BUILD, "kmtest", "kmtest.sys") + "=vitrine/System32/drivers/kmtest.sys"

# The crash, its code, its name, a word of the rule, and which stacks the report has besides the first:
# that of the earlier acquire, and that of the opposite order.
LOCK_RULES = [
    ("lock_twice", 0x0F, "SPIN_LOCK_ALREADY_OWNED", "by the processor that holds it", 1),
    ("queued_lock_twice", 0x0F, "SPIN_LOCK_ALREADY_OWNED", "by the processor that holds it", 1),
    ("lock_not_held", 0x10, "SPIN_LOCK_NOT_OWNED", "by a processor that does not hold it", 0),
    ("lock_below_dispatch", 0x09, "IRQL_NOT_GREATER_OR_EQUAL", "taken below DISPATCH_LEVEL", 0),
    ("lock_released_above", 0x0A, "IRQL_NOT_LESS_OR_EQUAL", "at another level", 1),
    ("lock_released_below", 0x09, "IRQL_NOT_GREATER_OR_EQUAL", "at another level", 1),
    ("lock_level_falls", 0x09, "IRQL_NOT_GREATER_OR_EQUAL", "falls below DISPATCH_LEVEL", 1),
    ("lock_order", 0xC4, "DRIVER_VERIFIER_DETECTED_VIOLATION", "opposite of an order", 2),
    ("lock_order_of_three", 0xC4, "DRIVER_VERIFIER_DETECTED_VIOLATION", "opposite of an order", 2),
    ("lock_order_of_the_kernel", 0xC4, "DRIVER_VERIFIER_DETECTED_VIOLATION",
     "in the order of their list", 1),
    ("lock_of_a_routine", 0x0A, "IRQL_NOT_LESS_OR_EQUAL", "with that interrupt let in", 0),
    ("lock_held_too_long", 0x133, "DPC_WATCHDOG_VIOLATION", "held for too long", 1),
]


def crash(name, smp):
    result = vmrun("--smp", smp, "--file", KMTEST, "--append", "/KMTCRASH=" + name,
                   program("hello.exe"))
    assert result.code == BUGCHECK, result.tail()
    return result


def check(result, code, name, rule):
    assert "*** STOP: 0x%08X (" % code in result.log, result.tail()
    assert "*** %s\n" % name in result.log.replace("\r", ""), result.tail()
    assert re.search("lock rule broken: .*" + rule, result.log), result.tail()


@pytest.mark.parametrize("smp", (1, 4))
@pytest.mark.parametrize("name,code,title,rule,more", LOCK_RULES, ids=[row[0] for row in LOCK_RULES])
def test_lock_rules(name, code, title, rule, more, smp):
    result = crash(name, smp)
    check(result, code, title, rule)
    before, after = result.log.split("lock rule broken", 1)
    assert re.search(r"^[0-9a-f]{16} [0-9a-f]{16} kmtest\+0x", before, re.M), result.tail()
    if more:
        earlier = after.split("the earlier acquire, of", 1)[1].split("the opposite was seen")[0]
        assert re.search(r"^[0-9a-f]{16} [0-9a-f]{16} kmtest\+0x", earlier, re.M), result.tail()
    if more == 2 or name == "lock_of_a_routine":
        opposite = after.split("the opposite was seen here first:", 1)[1]
        assert re.search(r"^ +kmtest\+0x", opposite, re.M), result.tail()
    if code == 0xC4:
        assert "(0x0000000000001001,0x" in result.log, result.tail()


def test_a_lock_of_another_processor():
    result = crash("lock_of_another", 4)
    check(result, 0x10, "SPIN_LOCK_NOT_OWNED", "by a processor that does not hold it")


@pytest.mark.parametrize("smp", (1, 4))
@pytest.mark.parametrize("name", ("wait_on_freed", "wait_on_foreign", "wait_on_zeros"))
def test_waits_on_what_is_no_object(name, smp):
    """The rule is named, and the stack leads to who waits."""
    result = crash(name, smp)
    assert "*** STOP: 0xDEADDEAD (" in result.log, result.tail()
    assert "*** Assertion failed: KiIsDispatcherObject(" in result.log, result.tail()
    assert re.search(r"^[0-9a-f]{16} [0-9a-f]{16} kmtest\+0x", result.log, re.M), result.tail()


# The crash, its code and first parameter, and the word in the second line.
OWN_STACKS = [("nmi", 0x80, 0x4F4454, "NMI_HARDWARE_FAILURE"),
              ("machine_check", 0x9C, 0, "MACHINE_CHECK_EXCEPTION"),
              ("double_fault", 0x7F, 8, "UNEXPECTED_KERNEL_MODE_TRAP")]


@pytest.mark.parametrize("smp", (1, 4))
@pytest.mark.parametrize("name,code,first,title", OWN_STACKS, ids=[row[0] for row in OWN_STACKS])
def test_traps_with_stacks_of_their_own(name, code, first, title, smp):
    result = crash(name, smp)
    assert "*** STOP: 0x%08X (0x%016X," % (code, first) in result.log, result.tail()
    assert "*** %s" % title in result.log, result.tail()
    frames = re.findall(r"^([0-9a-f]{16}) [0-9a-f]{16} (\S+)", result.log, re.M)
    where = [index for index, frame in enumerate(frames) if frame[1].startswith("kmtest+0x")]
    assert where, result.tail()
    # What was interrupted lies on another stack than what the trap runs on.
    assert abs(int(frames[where[0]][0], 16) - int(frames[0][0], 16)) > 0x4000, result.tail()


@pytest.mark.parametrize("smp", (1, 4))
def test_dpc_that_does_not_end_is_named(smp):
    """The stack leads from the clock interrupt through the DPC, on its own stack, to who was interrupted."""
    result = crash("DPC", smp)
    routine = re.search(r"KE: the DPC \w+ \(routine (\w+), .* has run for \d+ ticks", result.log)
    assert routine, result.tail()
    stop = re.search(r"STOP: 0x00000133 \(0x0{16},0x\w+,0x0{14}80,0x(\w+)\)", result.log)
    assert stop and stop.group(1) == routine.group(1), result.tail()
    frames = re.findall(r"^([0-9a-f]{16}) [0-9a-f]{16} (kmtest\+0x\w+)", result.log, re.M)
    assert len(frames) >= 2, result.tail()
    assert abs(int(frames[0][0], 16) - int(frames[-1][0], 16)) > 0x4000, result.tail()


def test_bugcheck_before_there_is_a_hal():
    """An instruction that is none, in the first steps of the first processor: the report is whole."""
    outputs = debug(["bp nt!KiSetProcessorFeatures", "g", "set *(unsigned short *)$rip = 0x0b0f",
                     "bc *", "bp nt!KiWriteOutcome", "g", "bc *", "x nt!KiSystemStartup",
                     "python\nfrom ntdbg import memory, symbols\n"
                     "text = memory.read_virtual(symbols.lookup('nt!KdpRing'), 8192)\n"
                     "gdb.write(text.decode('latin-1').replace(chr(0), ''))\nend"],
                    program("hello.exe"))
    log = outputs[-1]
    assert "*** KMODE_EXCEPTION_NOT_HANDLED" in log, log
    assert re.search(r"STOP: 0x0000001E \(0xFFFFFFFFC000001D,|STOP: 0x0000001E \(0x00000000C000001D,",
                     log), log
    frames = [int(rva, 16) for rva in re.findall(r"ntkrnlmp\+0x([0-9a-f]+)", log)]
    start = int(outputs[-2].split()[0].replace("`", ""), 16) & 0xFFFFFFFF
    assert len(frames) > 5 and start < frames[-1] < start + 0x400, (log, outputs[-2])


# What a service must not leave behind, its code and name (kernel/check/servicecheck.c).
SERVICE_EXITS = [
    ("i", 0x4A, "IRQL_GT_ZERO_AT_SYSTEM_SERVICE"),
    ("a", 0x01, "APC_INDEX_MISMATCH"),
    ("p", 0x05, "INVALID_PROCESS_ATTACH_ATTEMPT"),
    ("c", 0x139, "KERNEL_SECURITY_CHECK_FAILURE"),
    ("r", 0x139, "KERNEL_SECURITY_CHECK_FAILURE"),
]


@pytest.mark.parametrize("how,code,name", SERVICE_EXITS, ids=[row[0] for row in SERVICE_EXITS])
def test_a_service_is_checked_at_its_exit(how, code, name):
    driver = os.path.join(BUILD, "kmtest", "misbehave.sys")
    result = vmrun("--file", driver + "=Windows/System32/drivers/misbehave.sys",
                   os.path.join(BUILD, "conformance", "misbehave.exe"), how)
    assert result.code == BUGCHECK, result.tail()
    assert "*** STOP: 0x%08X (" % code in result.log, result.tail()
    assert "*** %s\n" % name in result.log.replace("\r", ""), result.tail()
    assert re.search(r"last service NtWriteFile \([0-9a-f]+, 0, 0, 0\)", result.log), result.tail()


def test_a_service_that_behaves_passes():
    driver = os.path.join(BUILD, "kmtest", "misbehave.sys")
    result = vmrun("--file", driver + "=Windows/System32/drivers/misbehave.sys",
                   os.path.join(BUILD, "conformance", "misbehave.exe"), "x")
    assert result.code == 0 and result.out == b"write: 00000000\n", result.tail()
