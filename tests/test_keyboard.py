"""The keyboard of the machine: keys that QEMU's monitor presses reach a program as characters."""
import os
import socket
import subprocess
import threading
import time

from conftest import BUILD, TIMEOUT, VMRUN, program

# No /CONSOLE: a person's console, which is COM1 (with the log), the screen, and the keyboard.
BOOT_INI = "/DEBUGPORT=COM1 /EXITPORT=0xE9 -- C:\\echo.exe"

SHIFTED = dict(zip("!@#$%^&*()", "1234567890"))
NAMES = {" ": "spc", "\n": "ret", "-": "minus", ".": "dot", ",": "comma", "/": "slash"}


def key_of(character):
    if character.isupper():
        return "shift-" + character.lower()
    if character in SHIFTED:
        return "shift-" + SHIFTED[character]
    return NAMES.get(character, character)


class Machine:
    """vmrun with a monitor; its log as it comes."""

    def __init__(self, folder, *options):
        self.path = os.path.join(folder, "monitor")
        ini = os.path.join(folder, "boot.ini")
        with open(ini, "w", encoding="utf-8") as file:
            file.write(BOOT_INI)
        self.run = subprocess.Popen(
            [VMRUN, "--build", BUILD, "--timeout", str(TIMEOUT), *options,
             "--file", ini + "=vitrine/boot.ini",
             "--qemu", "-monitor unix:%s,server=on,wait=off" % self.path, program("echo.exe")],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.log = b""
        self.connection = None
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        while data := os.read(self.run.stdout.fileno(), 4096):
            self.log += data

    def wait_for(self, text):
        deadline = time.monotonic() + TIMEOUT
        while text not in self.log:
            assert self.run.poll() is None and time.monotonic() < deadline, \
                "no %r in:\n%s" % (text, self.log.decode("utf-8", "replace"))
            time.sleep(0.02)

    def press(self, *keys):
        """Presses keys one after the other and waits for the echo of the last: a keyboard has a
        queue of its own for a few keys only."""
        before = len(self.log)
        for key in keys:
            self.monitor().sendall(b"sendkey %s 20\n" % key.encode())
            time.sleep(0.06)
        deadline = time.monotonic() + TIMEOUT
        while len(self.log) == before and time.monotonic() < deadline:
            time.sleep(0.01)

    def monitor(self):
        """One connection for all keys: a command is lost if its connection ends before it is read."""
        if self.connection is None:
            self.connection = socket.socket(socket.AF_UNIX)
            self.connection.connect(self.path)
        return self.connection

    def type(self, text):
        for character in text:
            self.press(key_of(character))

    def end(self):
        self.run.wait(TIMEOUT)
        self.reader.join()
        self.connection.close()
        return self.run.returncode


def test_typed_lines_reach_the_program(tmp_path):
    machine = Machine(str(tmp_path))
    machine.wait_for(b"i8042prt: keyboard at vector")
    machine.type("Hello (7), y-z/.\n")
    machine.wait_for(b"Hello (7), y-z/.\r\nHello (7), y-z/.\r\n")  # the echo, and the program's
    machine.type("abd")
    for keys in (["backspace"], ["c"], ["caps_lock", "d"], ["caps_lock", "e"], ["kp_enter"]):
        machine.press(*keys)
    machine.wait_for(b"\r\nabcDe\r\n")
    machine.press("ctrl-z")
    assert machine.end() == (18 + 7) & 255, machine.log.decode("utf-8", "replace")
    assert b"^Z\r\n" in machine.log
