"""tools/vmrun itself: exact bytes, arguments, exit statuses, time limit, files, input."""
import os
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from conftest import BUGCHECK, BUILD, NOSTART, ROOT, TIMED_OUT, TIMEOUT, VMRUN, program, vmrun

sys.path.insert(0, os.path.join(ROOT, "tools"))

from vm import machine, options, session, volume  # noqa: E402 (the path has to be set first)

KMTEST = os.path.join(BUILD, "kmtest", "kmtest.sys") + "=vitrine/System32/drivers/kmtest.sys"


def test_hello():
    result = vmrun(program("hello.exe"))
    assert (result.code, result.out) == (42, b"Hello from a Windows program.\n"), result.tail()
    assert result.ended, result.tail()


def test_output_is_exact_bytes():
    result = vmrun(program("bytes.exe"))
    pattern = bytes((i + i // 256) & 255 for i in range(20000))
    assert result.out == bytes(range(256)) + pattern, result.tail()


def room_in_a_socket():
    """How many bytes fit into the console's socket while vmrun does not read it; QEMU sends single ones."""
    near, far = socket.socketpair()
    near.setblocking(False)
    count = 0
    try:
        while near.send(b"x"):
            count += 1
    except BlockingIOError:
        near.close()
        far.close()
    return count


class LateReader(session.Session):
    """A vmrun that another process keeps from running: it takes the console's bytes only when the
    program has ended, and QEMU too if it does not wait."""

    def watch(self, name, channel):
        if name != "console":
            super().watch(name, channel)

    def on_outcome(self, data):
        super().on_outcome(data)
        if self.outcome and "console" not in self.open:
            try:
                self.qemu.wait(2)
            except subprocess.TimeoutExpired:
                pass
            super().watch("console", self.channels["console"])

    def on_console(self, data):
        self.console = getattr(self, "console", b"") + data


@pytest.mark.parametrize("fifo_empty", (True, False))
def test_the_machine_waits_until_its_output_is_out(fifo_empty):
    """The last bytes are in the UART when the program ends; power-off must wait for them. (As many as
    the kernel puts there at once, in pieces of 16; or one, which leaves the FIFO empty.)"""
    room = room_in_a_socket()
    length = room + 1 if fifo_empty else room // 16 * 16 + 16
    parsed = options.parse(["--build", BUILD, program("output.exe"), str(length)])
    run = LateReader(lambda memory, sockets: machine.command(parsed, memory, sockets),
                     volume.pack(volume.collect(parsed)))
    try:
        assert run.run(TIMEOUT) == ["exit", "00000000"]
    finally:
        run.close()
    assert run.console == bytes(ord("a") + i % 26 for i in range(length))


def test_output_under_load():
    """VITRINE_OUTPUT_RUNS=300 is the figure of docs/testing.md; a few show that the test works."""
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(4)]
    try:
        for _ in range(int(os.environ.get("VITRINE_OUTPUT_RUNS", "3"))):
            result = vmrun(program("output.exe"), "4096")
            assert result.out == bytes(ord("a") + i % 26 for i in range(4096)), result.tail()
            assert result.code == 0 and result.ended, result.tail()
    finally:
        for process in busy:
            process.kill()
            process.wait()


def test_a_slow_reader_loses_nothing():
    """More output than pipe and sockets hold, to a reader that comes when the machine has gone."""
    with subprocess.Popen([VMRUN, "--build", BUILD, program("output.exe"), "200000"],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as run:
        hang = threading.Timer(TIMEOUT, run.kill)
        hang.start()
        log = b""
        while b"has ended with status" not in log:
            piece = run.stderr.read1()
            assert piece, log
            log += piece
        hang.cancel()
        assert run.stdout.read() == bytes(ord("a") + i % 26 for i in range(200000)), log
        assert run.wait() == 0


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
    """The limit is kept, and what was written before is not lost. How long a boot takes is the
    machine's business."""
    for limit in (6, 30, TIMEOUT):
        result = vmrun(program("loop.exe"), timeout=limit)
        assert result.code == TIMED_OUT, result.tail()
        assert "no end after %d s" % limit in result.log
        if result.out:
            break
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
