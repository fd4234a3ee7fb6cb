"""!obtrace: what the traces say about objects whose references are known.

tests/conformance/debuggee.c has an event with a name and two handles, and a mutant with one handle,
for which a thread waits.
"""
import re

import pytest

from conftest import program
from debugger import debug

FIND = """python
from ntdbg import expr, model, objects
table = objects.HandleTable(model.current_process().handle_table)
for name in ("Event", "Mutant", "Semaphore", "Waiter"):
    body = table.find(expr.evaluate("poi(debuggee!%s)" % name)).object + objects.HEADER
    gdb.set_convenience_variable(name, body)
end"""
COMMANDS = ["bp ntdll!NtTestAlert", "g", FIND, r"!obtrace \debuggee\an event",
            r"!object \debuggee\an event", "!obtrace $Mutant", "!object $Mutant",
            "!obtrace $Semaphore", "!obtrace", "!obtrace $Event", "!obtrace $Waiter",
            "!object $Waiter"]

pytestmark = pytest.mark.xdist_group("gdb_obtrace")


@pytest.fixture(scope="module")
def said():
    outputs = debug(COMMANDS, program("debuggee.exe"), "--append", "/OBTRACE=event,Mutant,Thread")
    return dict(zip(COMMANDS, outputs))


def sums(printed):
    """{tag: (references, dereferences, left over)}."""
    return {tag: (int(taken), int(given), int(left or 0)) for tag, taken, given, left in re.findall(
        r"^Tag: (....) References: (\d+) Dereferences: (\d+)(?:  Over reference by: (\d+))?$",
        printed, re.M)}


def records(printed):
    """[(change, tag, functions)] in order."""
    table = printed.split("--------   -----")[1].split("\n", 1)[1]
    found = re.split(r"^ *[0-9a-f]+ +([+-]1)   (....)  ", table, flags=re.M)[1:]
    return [(change, tag, re.findall(r"(\w+!\w+)", stack))
            for change, tag, stack in zip(found[::3], found[1::3], found[2::3])]


def pointers(printed):
    return int(re.search(r"PointerCount: (\d+)", printed).group(1))


def test_the_layout_is_windbgs(said):
    lines = said["!obtrace $Mutant"].splitlines()
    assert re.match(r"Object: [0-9a-f]{16}$", lines[0]), lines
    assert lines[1] == " Image: debuggee.exe"
    assert lines[2] == "Sequence   (+/-)   Tag   Stack"
    assert re.match(r" +[0-9a-f]+      \+1   Dflt      nt!\w+", lines[4]), lines


def test_handles_and_name_hold_the_event(said):
    held = sums(said[r"!obtrace \debuggee\an event"])
    assert held["Hndl"] == (2, 0, 2) and held["Name"] == (1, 0, 1), held
    assert held["Dflt"][2] == 0, held


def test_the_waiter_holds_the_mutant(said):
    held = sums(said["!obtrace $Mutant"])
    assert held["Hndl"] == (1, 0, 1) and held["Dflt"][2] == 1, held
    last = [stack for change, tag, stack in records(said["!obtrace $Mutant"]) if tag == "Dflt"][-1]
    assert "nt!NtWaitForSingleObject" in last, last


@pytest.mark.parametrize("name,shown", [(r"\debuggee\an event", r"\debuggee\an event"),
                                        ("$Mutant", "$Mutant"), ("$Waiter", "$Waiter")])
def test_what_is_left_over_is_the_count(said, name, shown):
    traced = said["!obtrace " + name]
    changes = sum(1 if change == "+1" else -1 for change, _, _ in records(traced))
    assert changes == pointers(said["!object " + shown]), traced
    assert changes == sum(left for _, _, left in sums(traced).values()), traced


def test_creation_is_the_first_record(said):
    change, tag, stack = records(said["!obtrace $Mutant"])[0]
    assert (change, tag) == ("+1", "Dflt") and "nt!NtCreateMutant" in stack, stack


def test_objects_of_other_types_are_not_traced(said):
    assert "is not being traced" in said["!obtrace $Semaphore"]
    assert "is missing" in said["!obtrace"]
    assert said["!obtrace $Event"] == said[r"!obtrace \debuggee\an event"]


def test_without_the_option():
    outputs = debug(COMMANDS[:4], program("debuggee.exe"))
    assert "no type is traced" in outputs[3], outputs[3]
