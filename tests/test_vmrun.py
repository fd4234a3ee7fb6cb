"""tools/vmrun itself: exact bytes, arguments, exit statuses, time limit, files, input."""
import os
import signal
import subprocess
import sys
import time

import pytest

from conftest import BUGCHECK, BUILD, NOSTART, ROOT, TIMED_OUT, VMRUN, program, vmrun

sys.path.insert(0, os.path.join(ROOT, "tools"))

from vm import options, volume  # noqa: E402 (the path has to be set first)

KMTEST = os.path.join(BUILD, "kmtest", "kmtest.sys") + "=vitrine/System32/drivers/kmtest.sys"


def test_hello():
    result = vmrun(program("hello.exe"))
    assert (result.code, result.out) == (42, b"Hello from a Windows program.\n"), result.tail()
    assert result.ended, result.tail()


def test_output_is_exact_bytes():
    result = vmrun(program("bytes.exe"))
    pattern = bytes((i + i // 256) & 255 for i in range(20000))
    assert result.out == bytes(range(256)) + pattern, result.tail()


def test_the_low_eight_bits_are_the_exit_status():
    result = vmrun(program("exitcode.exe"))
    assert (result.code, result.status) == (0xEF, 0xDEADBEEF), result.tail()


def test_input_reaches_the_program():
    lines = b"".join(b"line %d of the input\r\n" % i for i in range(60))
    result = vmrun(program("echo.exe"), stdin=lines)
    assert result.out == lines, result.tail()
    assert result.code == len(lines) & 255


def test_input_without_a_last_line_end():
    result = vmrun(program("echo.exe"), stdin=b"half a line")
    assert result.out == b"half a line", result.tail()


def test_input_that_is_empty():
    result = vmrun(program("echo.exe"), stdin=b"")
    assert (result.out, result.code) == (b"", 0), result.tail()


def test_time_limit():
    result = vmrun(program("loop.exe"), timeout=6)
    assert result.code == TIMED_OUT, result.tail()
    assert "no end after 6 s" in result.log
    assert result.out == b"looping\n", result.tail()


@pytest.mark.parametrize("kind,code", [("IRQL", "0000000A"), ("CODE", "DEADDEAD"),
                                       ("DPC", "00000133")])
def test_bug_check(kind, code):
    result = vmrun("--file", KMTEST, "--append", "/KMTCRASH=" + kind, program("hello.exe"))
    assert result.code == BUGCHECK, result.tail()
    assert "vmrun: bug check 0x%X" % int(code, 16) in result.log, result.tail()
    assert result.out == b""
    if kind == "DPC":
        assert "KE: the DPC " in result.log, result.tail()


def test_too_little_memory():
    """The loader says so and gives up: no bug check, the program could not be started."""
    result = vmrun("--mem", "64", program("hello.exe"))
    assert result.code == NOSTART and "not enough memory" in result.log, result.tail()


def test_no_such_file():
    for args in (["/nowhere/program.exe"], ["--file", "/nowhere/x.dll", program("hello.exe")]):
        result = vmrun(*args)
        assert result.code == NOSTART
        assert "No such file or directory" in result.log


def test_usage():
    for args in ([], ["--no-such-option", "x.exe"], ["--smp", "0", "x.exe"], ["--mem", "many", "x"]):
        assert vmrun(*args).code == NOSTART


def test_images_not_built(tmp_path):
    run = subprocess.run([VMRUN, "--build", str(tmp_path), program("hello.exe")], check=False,
                         stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert run.returncode == NOSTART and b"ntoskrnl.exe" in run.stderr


def test_a_signal_ends_qemu_too():
    with subprocess.Popen([VMRUN, "--build", BUILD, "--verbose", program("loop.exe")],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL) as run:
        assert run.stdout.readline() == b"looping\n"
        children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(run.pid)], check=True,
                                  stdout=subprocess.PIPE).stdout.split()
        run.send_signal(signal.SIGTERM)
        assert run.wait() == 128 + signal.SIGTERM
    time.sleep(0.1)
    assert children and not any(os.path.exists("/proc/%d" % int(pid)) for pid in children)


# --- parts that need no machine ---


@pytest.mark.parametrize("args,line", [
    (["a", "b c"], 'C:\\p.exe a "b c"'),
    ([""], 'C:\\p.exe ""'),
    (['a"b'], 'C:\\p.exe a\\"b'),
    (["a\\", "b c\\"], 'C:\\p.exe a\\ "b c\\\\"'),
    (['x\\"y z'], 'C:\\p.exe "x\\\\\\"y z"'),
    (["--", "--smp"], "C:\\p.exe -- --smp"),
])
def test_arguments_are_quoted_by_microsofts_rules(args, line):
    assert volume.command_line(options.parse(["dir/p.exe"] + args)) == line


def test_options_end_at_the_program():
    parsed = options.parse(["--smp", "2", "--file=a=b", "p.exe", "--free", "--", "-x"])
    assert (parsed.smp, parsed.free, parsed.args) == (2, False, ["--free", "--", "-x"])


@pytest.mark.parametrize("option,guest", [
    ("dir/x.dll", "x.dll"), ("x.dll=C:\\dir\\y.dll", "dir/y.dll"), ("x=\\a\\b", "a/b"),
    ("x=a/b", "a/b"), ("x=y=z", "z")])
def test_names_of_files(option, guest):
    assert volume.split_file_option(option)[1] == guest


def test_every_part_is_described():
    with open(os.path.join(ROOT, "tools", "vm", "__init__.py"), encoding="utf-8") as file:
        essay = file.read()
    for name in os.listdir(os.path.join(ROOT, "tools", "vm")):
        if name.endswith(".py") and name not in ("__init__.py", "main.py"):
            assert name in essay, name
