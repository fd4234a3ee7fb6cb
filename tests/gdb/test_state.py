"""What the commands say about a machine, against what its program, gdb or the kernel's log says.

The machine stands in NtTestAlert of tests/conformance/debuggee.c, which has made one of each thing
and keeps a record of it in global variables.
"""
import os
import re

import pytest

from conftest import BUILD, ROOT, program
from debugger import debug

RECORD = ("Event", "Copy", "Mutant", "Semaphore", "Directory", "Link", "Section", "Waiter",
          "Sleeper", "Spinner", "WaiterId", "SleeperId", "SpinnerId", "Memory", "View", "Reserved")
# Names the objects behind the handles, for the commands after it.
OBJECT_OF = """python
from ntdbg import expr, model, objects
table = objects.HandleTable(model.current_process().handle_table)
def body(name):
    return table.find(expr.evaluate("poi(debuggee!%s)" % name)).object + objects.HEADER
for name in ("Waiter", "Sleeper", "Spinner", "Event", "Mutant"):
    gdb.set_convenience_variable(name, body(name))
    gdb.write("%s=%016x\\n" % (name, body(name)))
gdb.set_convenience_variable("Entry", table.find(expr.evaluate("poi(debuggee!Event)")).entry)
gdb.set_convenience_variable("Process", model.current_process().address)
gdb.write("Process=%016x\\n" % model.current_process().address)
end"""
COMMANDS = [
    "bp ntdll!NtTestAlert", "g",
    *("dq debuggee!%s L2" % name for name in RECORD),
    OBJECT_OF,
    r"!object \debuggee", r"!object \debuggee\an event", r"!object \debuggee\a link",
    r"!object \ObjectTypes\Event", r"!object \nosuch\thing", "!object 0", r"!object \Device",
    "!handle", "!handle poi(debuggee!Event)", "!handle 0 3 -1 Event", "!handle 0 1 4",
    "!handle 7777", "dt nt!_OBJECT_HEADER $Event-30", "dt nt!_HANDLE_TABLE_ENTRY $Entry",
    "!handle 0 1 0", "!handle 0 10",
    "!process -1 2", "!thread $Waiter", "!thread $Sleeper 0", "!thread",
    ".thread $Waiter", "k", ".thread", "k", ".thread $Event",
    "!ready", "!running", "!running -i -t", "!irql", "!irql 64", "!timer", "!timer $Sleeper", "!dpcs", "!apc", "!locks",
    "!locks -v",
    "!pte poi(debuggee!Memory)", "!pte poi(debuggee!Memory)+1000", "!pte nt!KiSystemCall64",
    "!pte poi(debuggee!Reserved)", "!vad",
    "!pool $Process 2", "!pool $Process", "!pool 10000", "!poolused", "!poolused 1 Proc",
    "!peb", "!teb", ".process 4", "!peb", ".process /p $Process", "db poi(debuggee!Memory) L4",
    "!pte poi(debuggee!Memory)", ".process",
]
with open(os.path.join(ROOT, "sdk", "services.tbl"), encoding="utf-8") as stream:
    SERVICE_THERE = re.search(r"^\S+ NtQueueApcThread +\d", stream.read(), re.M) is not None
# From here on the machine runs, so each is its own stage.
LATER = ["bc *", "bp nt!KeForceUserApc", "g", "r rcx", "bc *", "finish", "!apc",
         "bp nt!KeAcquireSpinLockAtDpcLevel", "g", "r rcx", "bc *", "finish", "!locks", "!irql"]

pytestmark = pytest.mark.xdist_group("gdb_state")


@pytest.fixture(scope="module")
def machine():
    """The outputs by command; of LATER as a list."""
    outputs = debug(COMMANDS + LATER, program("debuggee.exe"))
    return dict(zip(COMMANDS, outputs)), outputs[len(COMMANDS):], outputs


@pytest.fixture(scope="module")
def said(machine):
    return machine[0]


@pytest.fixture(scope="module")
def record(said):
    """What the program wrote down: {name: [two numbers]}, and the objects behind its handles."""
    numbers = {name: [int(word.replace("`", ""), 16) for word in
                      said["dq debuggee!%s L2" % name].split()[1:3]] for name in RECORD}
    for line in said[OBJECT_OF].splitlines():
        name, _, value = line.partition("=")
        numbers["the " + name] = value
    return numbers


def test_object_shows_a_directory_as_a_table(said, record):
    printed = said[r"!object \debuggee"]
    assert re.search(r"\AObject: \w{16}  Type: \(\w{16}\) Directory\n"
                     r"    ObjectHeader: \w{16} \(new version\)\n"
                     r"    HandleCount: 1  PointerCount: \d+\n"
                     r"    Directory Object: \w{16}  Name: debuggee\n\n"
                     r"    Hash Address          Type                      Name\n", printed), printed
    rows = re.findall(r"^     [ \d]{2}  (\w{16}) (\w+) +(.+)$", printed, re.M)
    assert sorted(row[1:] for row in rows) == [("Event", "an event"), ("SymbolicLink", "a link")]
    assert [row[0] for row in rows if row[1] == "Event"] == [record["the Event"]]


def test_object_by_path_counts_the_handles(said, record):
    printed = said[r"!object \debuggee\an event"]
    assert printed.startswith("Object: %s  Type: (" % record["the Event"]), printed
    # Two handles, and one reference each; one more by the directory.
    assert "    HandleCount: 2  PointerCount: 3\n" in printed
    assert printed.endswith("Name: an event\n")


def test_object_shows_where_a_link_leads(said):
    assert said[r"!object \debuggee\a link"].endswith("    Target String is '\\Device\\'\n")


def test_object_knows_types_and_devices(said):
    event_type = said[r"!object \ObjectTypes\Event"]
    assert re.search(r"Type: \(\w{16}\) Type\n", event_type)
    shown = re.match(r"Object: (\w{16})", event_type).group(1)
    assert "Type: (%s) Event" % shown in said[r"!object \debuggee\an event"]
    assert re.search(r"Device +ConDrv$", said[r"!object \Device"], re.M), said[r"!object \Device"]


def test_object_that_is_none(said):
    assert "not found" in said[r"!object \nosuch\thing"]
    assert "emory access error" in said["!object 0"]


def entries(printed):
    """{value: (object, access, flags)} of !handle."""
    return {int(value, 16): (item, int(access, 16), flags.strip()) for value, item, access, flags in
            re.findall(r"^(\w{4}): Object: (\w{16})  GrantedAccess: (\w{8})(.*?) Entry: \w{16}$",
                       printed, re.M)}


def test_handle_lists_what_the_program_opened(said, record):
    table = entries(said["!handle"])
    assert "with %d entries in use" % len(table) in said["!handle"]
    access = {"Event": 0x1F0003, "Copy": 0x100000, "Mutant": 0x1F0001, "Semaphore": 0x1F0003,
              "Directory": 0xF000F, "Link": 0xF0001, "Section": 0xF001F, "Waiter": 0x1FFFFF}
    for name, mask in access.items():
        assert table[record[name][0]][1] == mask, name
    event, copy = table[record["Event"][0]], table[record["Copy"][0]]
    assert event[0] == copy[0] == record["the Event"]
    assert event[2] == "(Protected) (Inherit)" and copy[2] == ""


def test_handle_names_types_and_objects(said, record):
    printed = said["!handle poi(debuggee!Event)"]
    assert list(entries(printed)) == [record["Event"][0]]
    assert re.search(r"PROCESS \w{16}\n    SessionId: 0 [\s\S]*    Image: debuggee.exe\n\n"
                     r"Handle table at \w{16} with \d+ entries in use\n\n"
                     r"\w{4}: Object: .*\nObject: \w{16}  Type: \(\w{16}\) Event\n"
                     r"    ObjectHeader: \w{16} \(new version\)\n"
                     r"        HandleCount: 2  PointerCount: 3\n"
                     r"        Directory Object: \w{16}  Name: an event\n", printed), printed
    assert r"Name: \Input {ConDrv}" in said["!handle"]


def test_handle_by_type(said, record):
    assert sorted(entries(said["!handle 0 3 -1 Event"])) == sorted(
        (record["Event"][0], record["Copy"][0]))


def test_handle_of_other_processes(said):
    assert re.search(r"Image: System\n\nHandle table at \w{16} with %d entries" % len(
        entries(said["!handle 0 1 4"])), said["!handle 0 1 4"])
    everybody = said["!handle 0 1 0"]
    assert len(re.findall(r"^PROCESS ", everybody, re.M)) == 2
    assert entries(said["!handle"]).items() <= entries(everybody).items()
    assert "Image:" not in said["!handle 0 10"] and "Handle table at" in said["!handle 0 10"]


def test_handle_that_is_free(said):
    assert "7777: free handle" in said["!handle 7777"]


def test_headers_and_entries_as_structures(said):
    header = said["dt nt!_OBJECT_HEADER $Event-30"]
    assert re.search(r"\+0x000 PointerCount     : 0n?x?3\n[\s\S]*\+0x008 HandleCount      : 0n?x?2\n",
                     header), header
    entry = said["dt nt!_HANDLE_TABLE_ENTRY $Entry"]
    assert re.search(r"Unlocked         : 0y1\n", entry), entry
    access = re.search(r"GrantedAccessBits : 0y([01]{25})\n", entry)
    assert access and int(access.group(1), 2) == 0x1F0003, entry
    assert re.search(r"Attributes       : 0y011\n", entry), entry


def test_thread_that_waits(said, record):
    printed = said["!thread $Waiter"]
    process, thread = record["WaiterId"]
    assert printed.startswith("THREAD %s  Cid %04x.%04x  Teb: " % (
        record["the Waiter"], process, thread)), printed
    assert "WAIT: (UserRequest) UserMode Non-Alertable\n" in printed
    owner = re.match(r"THREAD (\w{16})", said["!thread"]).group(1)
    assert "\n    %s  Mutant - owning thread %s\n" % (record["the Mutant"], owner) in printed
    assert "\nOwning Process            %s       Image:         debuggee.exe\n" \
        "Attached Process          N/A            Image:         N/A\n" % record["the Process"] \
        in printed, printed
    assert re.search(r"Win32 Start Address debuggee!Wait \(0x\w{16}\)", printed)
    order = ("nt!KiSwapContext", "nt!KiWait", "nt!NtWaitForSingleObject",
             "nt!KiSystemCall64", "ntdll!NtWaitForSingleObject", "debuggee!Wait")
    assert re.search("[\\s\\S]*".join(order), printed), printed
    assert "WAIT: (DelayExecution) UserMode" in said["!thread $Sleeper 0"]
    assert len(said["!thread $Sleeper 0"].splitlines()) == 1


def test_process_lists_its_threads(said, record):
    assert set(re.findall(r"THREAD \w{16}  Cid (\w{4})\.(\w{4})", said["!process -1 2"])) >= {
        tuple("%04x" % n for n in record[name]) for name in ("WaiterId", "SleeperId", "SpinnerId")}


def test_thread_of_the_users_choice(machine, record):
    outputs = machine[2]
    at = COMMANDS.index(".thread $Waiter")
    address = record["the Waiter"]
    assert outputs[at] == "Implicit thread is now %s`%s\n" % (address[:8], address[8:])
    assert "debuggee!Wait+" in outputs[at + 1] and "nt!KiSwapContext" in outputs[at + 1]
    assert "debuggee!Start+" in outputs[at + 3] and "nt!KiSwap" not in outputs[at + 3]
    assert "is not a thread object" in outputs[at + 4]


def test_ready(said, record):
    printed = said["!ready"]
    assert re.match(r"Processor 0: Ready Threads at priority 8\n    THREAD %s  Cid %04x\.%04x  .*"
                    r" READY on processor 0\n" % (record["the Spinner"], *record["SpinnerId"]),
                    printed), printed


def test_running(said):
    thread = re.match(r"THREAD (\w{16})", said["!thread"]).group(1)
    assert re.search(r"^  0    \w{16}  %s \( 8\) .* \w{16}$" % thread, said["!running"], re.M)
    assert re.search(r"00 \S+ \S+ ntdll!NtTestAlert", said["!running -i -t"])
    assert "there is no processor 64" in said["!irql 64"]


def test_timer(said, record):
    printed = said["!timer"]
    assert re.search(r"Interrupt time: \w{8} \w{8} \[ *\d+/ *\d+/20\d\d \d\d:\d\d:\d\d\.\d{3}\]\n",
                     printed), printed
    found = re.search(r"^ *\d+  (\w{16})   (\w{8}) (\w{8}) \[.*\]  thread %s$"
                      % record["the Sleeper"], printed, re.M)
    assert found, printed
    now = re.search(r"Interrupt time: (\w{8}) (\w{8})", printed)
    hour = int(found.group(3) + found.group(2), 16) - int(now.group(2) + now.group(1), 16)
    assert 3590 < hour / 1e7 <= 3600
    assert re.search(r"Total Timers: [1-9]", printed)
    assert "is not a timer" in said["!timer $Sleeper"]


def test_nothing_is_deferred(said):
    assert said["!dpcs"] == "CPU Type      KDPC       Function\n"
    assert re.search(r"\A\*\*\* Enumerating APCs in all processes\nProcess \w{16} System\n"
                     r"Process \w{16} debuggee.exe\n", said["!apc"]), said["!apc"]


def test_apc_of_the_program(said, record):
    """The waiter does not wait alertably, so what NtQueueApcThread queued stays where it is."""
    if not SERVICE_THERE:
        pytest.skip("the kernel has no NtQueueApcThread")
    assert re.search(r"    Thread %s ApcStateIndex 0 ApcListHead \w{16} \[USER\]\n        KAPC @ \w{16}\n"
                     r"[\s\S]*NormalRoutine  0{12}1111\n *NormalContext  0{12}2222\n"
                     r" *SystemArgument1 0{12}3333\n *SystemArgument2 0{12}4444\n"
                     % record["the Waiter"], said["!apc"]), said["!apc"]


def test_locks(said, record):
    owner = re.match(r"THREAD (\w{16})", said["!thread"]).group(1)
    assert "Mutant @ 0x%s    Owned by thread %s, signal state 0\n" % (
        record["the Mutant"], owner) in said["!locks"]
    assert re.search(r"^\d+ total locks, 1 locks currently held$", said["!locks"], re.M)
    for lock in ("Spin lock @ nt!MmPfnLock", "Push lock @ nt!HandleTableListLock",
                 "Spin lock @ PrcbLock of processor 0",
                 "Push lock @ AddressCreationLock of debuggee.exe"):
        assert re.search("^%s .*    Available$" % re.escape(lock), said["!locks -v"], re.M), lock


def test_pte(said, record):
    memory = record["Memory"][0]
    printed = said["!pte poi(debuggee!Memory)"]
    lines = printed.splitlines()
    assert lines[0].strip() == "VA %016x" % memory
    assert lines[1].split("  ")[-1] == "PTE at %016x" % (0xFFFFF68000000000 + (memory >> 9))
    assert re.fullmatch(r"(pfn \w+ +---DA--UWEV +){3}pfn \w+ +---DA--UW-V", lines[3]), printed
    pfn = int(lines[3].split()[-2], 16)
    assert int(lines[2].split()[-1], 16) >> 12 & 0xFFFFFFFFF == pfn
    assert re.search(r"not valid\n +DemandZero\n +Protect: 1 - Readonly\n",
                     said["!pte poi(debuggee!Memory)+1000"])
    assert said["!pte poi(debuggee!Reserved)"].rstrip().endswith("not valid")
    assert re.search(r"pfn \w+ +-GL-A--KREV +LARGE PAGE pfn \w+\n|----A--KREV\n",
                     said["!pte nt!KiSystemCall64"]), said["!pte nt!KiSystemCall64"]


def test_vad(said, record):
    rows = {int(row.group(1), 16): row for row in re.finditer(
        r"^\w{16} +\d+ +(\w+) +(\w+) +(\d+) (.*)$", said["!vad"], re.M)}
    memory, view, reserved = (rows[record[name][0] >> 12] for name in ("Memory", "View", "Reserved"))
    assert int(memory.group(2), 16) - int(memory.group(1), 16) == 2
    assert memory.group(3, 4) == ("3", "Private      READWRITE")
    assert reserved.group(3, 4) == ("0", "Private      READWRITE")
    assert re.fullmatch(r"Mapped +READWRITE +Pagefile section, shared commit 0x5", view.group(4))
    images = [row.group(4) for row in rows.values() if "Exe" in row.group(4)]
    assert [re.sub(" +", " ", i) for i in images] == [
        r"Mapped Exe EXECUTE_WRITECOPY \debuggee.exe",
        r"Mapped Exe EXECUTE_WRITECOPY \Windows\System32\ntdll.dll"]
    assert "Total VADs: %d," % len(rows) in said["!vad"]


def test_pool(said, record):
    process = record["the Process"]
    printed = said["!pool $Process 2"].splitlines()
    assert printed[0] == "Pool page %s region is Nonpaged pool" % process
    assert len(printed) == 2
    found = re.fullmatch(r"\*(\w{16}) size: +(\w+) previous size: +\w+  \(Allocated\) \*Proc",
                         printed[1])
    assert found, printed
    start = int(found.group(1), 16)
    assert start < int(process, 16) < start + int(found.group(2), 16)
    sizes = [int(size, 16) for size in re.findall(r"size: +(\w+) previous",
                                                  said["!pool $Process"])]
    assert sum(sizes) == 0x1000
    assert "is not a pool address" in said["!pool 10000"]


def test_poolused(said):
    rows = re.findall(r"^ (....)  *(\d+) +(\d+) +(\d+) +(\d+)$", said["!poolused"], re.M)
    count = {name.strip(): [int(n) for n in numbers] for name, *numbers in rows}
    assert count["Proc"][0] == 2  # System and debuggee.exe
    assert count["Sect"][2] == 3  # ntdll.dll, debuggee.exe, the program's own
    total = re.search(r"^ TOTAL +(\d+) +(\d+) +(\d+) +(\d+)$", said["!poolused"], re.M)
    assert [int(n) for n in total.groups()] == [sum(row[i] for row in count.values())
                                                for i in range(4)]
    verbose = re.search(r"^ Proc +(\d+) +(\d+) +(\d+) +(\d+) ", said["!poolused 1 Proc"], re.M)
    assert int(verbose.group(1)) - int(verbose.group(2)) == int(verbose.group(3)) == 2


def test_peb_and_teb(machine, said):
    printed = said["!peb"] if "ImageBase" in said["!peb"] else machine[2][COMMANDS.index("!peb")]
    for line in ("    BeingDebugged:            No", "    Ldr.Initialized:          Yes",
                 "    ImageBaseAddress:         0000000140000000",
                 r"    ImageFile:         'C:\debuggee.exe'", r"    CurrentDirectory:  'C:\'",
                 r"        SystemRoot=C:\Windows"):
        assert line + "\n" in printed, printed
    assert re.search(r"140000000 \w{8} .* C:\\debuggee.exe\n +7ff\w+ \w{8} .*\\ntdll.dll\n", printed)
    teb = re.match(r"TEB at (\w{16})\n", said["!teb"]).group(1)
    assert "Teb: " + teb in said["!thread"]
    assert re.search(r"    Self: +%s\n" % teb, said["!teb"])
    cid = re.search(r"Cid (\w+)\.(\w+)", said["!thread"]).groups()
    assert re.search(r"    ClientId: +0*%s \. 0*%s\n" % tuple(c.lstrip("0") for c in cid),
                     said["!teb"])


def test_another_address_space(machine):
    outputs = machine[2]
    at = COMMANDS.index(".process 4")
    assert "This process has no PEB" in outputs[at + 1]
    assert re.match(r"Implicit process is now \w{8}`\w{8}\n", outputs[at + 2])
    assert "62 62 65 64" in outputs[at + 3]
    assert outputs[at + 4] == outputs[COMMANDS.index("!pte poi(debuggee!Memory)")]


def test_apc_in_a_queue(machine):
    """The program ends, and queues an APC to each of its threads."""
    later = machine[1]
    kapc = later[3].strip().partition("=")[2]
    assert re.search(r"    Thread \w{16} ApcStateIndex 0 ApcListHead \w{16} \[(KERNEL|USER)\]\n"
                     r"[\s\S]*        KAPC @ %s\n          Type           12\n"
                     r"          KernelRoutine  \w{16} nt!PspExitApc\n" % kapc, later[6]), later


def test_spin_lock_and_its_owner(machine, said):
    later = machine[1]
    lock = later[9].strip().partition("=")[2]
    assert re.search(r"Spin lock @ .* \(0x%s\)    Owned by thread \w{16}\n" % lock, later[12]) or \
        re.search(r"[1-9] locks currently held", later[12]), later
    assert re.search(r"processor 0x0 -- [2-9]", later[13]), later


def test_dpc_in_a_queue():
    """kmtest.sys queues one above DISPATCH_LEVEL, where it has to stay in the queue."""
    driver = os.path.join(BUILD, "kmtest", "kmtest.sys") + "=vitrine/System32/drivers/kmtest.sys"
    output = debug(["bp nt!KeInsertQueueDpc", "g", "r rcx", "dq @rcx+18 L1", "finish", "!dpcs",
                    "!irql", "!dpcs 1"], program("hello.exe"), "--file", driver)
    kdpc = output[2].strip().partition("=")[2]
    routine = output[3].split()[1].replace("`", "")
    assert re.fullmatch(r"CPU Type      KDPC       Function\n"
                        r" 0: Normal  : 0x%s 0x%s kmtest[!+]\w+\n" % (kdpc, routine),
                        output[5]), output
    assert "processor 0x0 -- 2 (DISPATCH_LEVEL)" in output[6]
    assert output[7] == "CPU Type      KDPC       Function\n"
