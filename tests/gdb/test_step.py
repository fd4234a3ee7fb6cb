"""Through one system call instruction by instruction: each of them belongs to a line of source."""
import json
import re

from conftest import program
from debugger import debug

# Goes on to the program's own call (the loader's have brought the pages in), then steps until the
# stub returns to the program; prints what each stop is, as JSON.
WALK = r"""python
import json
def here():
    frame = gdb.selected_frame()
    sal = frame.find_sal()
    return [frame.pc(), sal.symtab.filename if sal.symtab else None, sal.line, frame.name()]
from ntdbg import symbols
def in_program(frame):
    module = symbols.find_module(frame.pc())
    return module is not None and module.name == "time"
while not in_program(gdb.selected_frame().older()):
    gdb.execute("g", to_string=True)
stops = [here()]
for _ in range(3000):
    gdb.execute("stepi", to_string=True)
    if in_program(gdb.selected_frame()):
        break
    stops.append(here())
gdb.write(json.dumps(stops) + "\n")
end"""


def test_every_instruction_of_a_system_call_has_a_line():
    output = debug(["bp ntdll!NtQuerySystemTime", "g", WALK, "bt"], program("time.exe"))
    assert "ntdll!NtQuerySystemTime:" in output[1], output
    stops = json.loads(output[2].splitlines()[-1])
    places = [(file or "", name) for _, file, _, name in stops]
    for stop in stops:
        assert stop[1] and stop[2] > 0, "no line of source at %r" % stop
    assert places[0][0].endswith("ntdll_stubs.asm")
    assert any(file.endswith("kernel/amd64/syscall.asm") and name == "KiSystemCall64"
               for file, name in places), places
    assert any(file.endswith(".c") and name == "NtQuerySystemTime" for file, name in places)
    assert places[-1][0].endswith("ntdll_stubs.asm"), stops[-1]
    assert len(stops) < 1000


def test_backtrace_runs_from_the_service_into_the_program():
    output = debug(["bp nt!NtWriteFile", "g", "bt", "k", "finish", "bt"], program("hello.exe"))
    assert re.search(r"#0 .*NtWriteFile .*io/ntfile.c:\d+", output[2]), output[2]
    order = ["KiSystemCall64", "NtWriteFile", "RtlUserThreadStart"]
    rest = output[2].split("\n", 1)[1]
    assert re.search(".*".join(order), rest, re.S), output[2]
    assert re.search(r"nt!KiSystemCall64\+0x[0-9a-f]+ \[kernel/amd64/syscall.asm @ \d+\]\n"
                     r"\S+ \S+ ntdll!NtWriteFile\+0x14 .*\n"
                     r"\S+ \S+ hello!", output[3]), output[3]
    assert "KiSystemCall64" in output[5] and "RtlUserThreadStart" in output[5], output[5]
