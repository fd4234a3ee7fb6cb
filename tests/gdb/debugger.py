"""Drives gdb against a machine that vmrun has started and stopped before its first instruction."""
import os
import re
import subprocess
import tempfile
import time

from conftest import BUILD, ROOT, TIMEOUT, VMRUN

GDB = ["gdb", "-nx", "-batch"]
MARK = "@@@ %d"


def _wait_for(path, process):
    deadline = time.monotonic() + TIMEOUT
    while not os.path.exists(path):
        assert process.poll() is None, "vmrun has ended before gdb came"
        assert time.monotonic() < deadline, "no socket for gdb"
        time.sleep(0.02)


def debug(commands, program, *options):
    """Boots program under gdb, from the kernel's first line on; the output of each command.

    A command may have several lines (python ... end). What it prints on standard error is part of
    its output; a command that fails does not end the session.
    """
    with tempfile.TemporaryDirectory() as folder:
        socket, script = os.path.join(folder, "gdb"), os.path.join(folder, "script.py")
        with open(script, "w", encoding="utf-8") as stream:
            stream.write(_script(commands))
        machine = subprocess.Popen([VMRUN, "--build", BUILD, "--gdb", socket, *options, program],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        try:
            _wait_for(socket, machine)
            run = subprocess.run(
                GDB + ["-ex", "source %s/tools/gdb/vitrine.py" % ROOT,
                       "-ex", "target remote " + socket, "-ex", "boot", "-ex", "source " + script],
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=TIMEOUT, check=False,
                env=dict(os.environ, VITRINE_BUILD=BUILD,
                         VITRINE_PATH=os.path.dirname(os.path.abspath(program))))
        finally:
            machine.kill()
            machine.wait()
    return _split(run.stdout.decode("utf-8", "replace"), len(commands))


def _script(commands):
    lines = ["import gdb", "def run(number, text):", "    gdb.write(%r %% number + '\\n')" % MARK,
             "    try:", "        gdb.execute(text)", "    except gdb.error as error:",
             "        gdb.write(str(error) + '\\n')"]
    lines += ["run(%d, %r)" % pair for pair in enumerate(commands)]
    lines.append("gdb.write(%r + '\\n')" % (MARK % len(commands)))
    return "\n".join(lines) + "\n"


def _split(output, count):
    """Cuts the output at the marks; all of them must be there."""
    parts = re.split(r"^@@@ \d+\n", output, flags=re.M)
    assert len(parts) == count + 2, "gdb did not come to its end:\n" + output[-4000:]
    return parts[1:-1]


def normal(line):
    """A line without what changes from build to build: numbers, addresses, widths."""
    line = re.sub(r"(?<![\w])[0-9a-fA-Fx`]*\d[0-9a-fA-Fx`]*h?(?![\w])", "#", line)
    line = re.sub(r"(?<![\w/])[\w./-]*/(gen|programs|conformance)/", r"\1/", line)
    return re.sub(r"\s+", " ", line).strip()
