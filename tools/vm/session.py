"""One run of QEMU: moves bytes, waits for the outcome, keeps the time limit."""
import os
import queue
import re
import selectors
import socket
import subprocess
import threading
import time

CTRL_Z = b"\x1a"  # end of file, as a Windows console has it

# Once the outcome is known the machine powers off by itself or, after a bug check, stands still. (The
# kernel writes the outcome when the log is out; the second bug check of two may leave some behind.)
POWER_OFF_SECONDS = 10.0
QUIET_SECONDS = 0.3

# Cursor movements with which the firmware greets the terminal it takes COM1 for.
ESCAPE = re.compile(rb"\x1b\[[0-9;=?]*[A-Za-z]")
PART_OF_ESCAPE = re.compile(rb"\x1b(?:\[[0-9;=?]*)?$")


class Writer(threading.Thread):
    """Writes to one of our own streams, whose reader may be slow. The guest must not wait for that
    reader: its serial port gives up after some seconds, and what follows would be lost."""

    def __init__(self, descriptor):
        super().__init__(daemon=True)
        self.descriptor = descriptor
        self.pieces = queue.SimpleQueue()
        self.error = None
        self.start()

    def run(self):
        while data := self.pieces.get():
            try:
                while data and not self.error:
                    data = data[os.write(self.descriptor, data):]
            except OSError as error:
                self.error = error

    def write(self, data):
        if self.error:
            raise self.error
        if data:
            self.pieces.put(data)

    def finish(self):
        """Until all is written; or not, if nobody reads it any more."""
        self.pieces.put(b"")
        self.join()
        if self.error:
            raise self.error


class Session:
    """QEMU with its channels; run() ends when the machine does."""

    def __init__(self, make_command, archive):
        names = ("log", "console", "outcome")
        pairs = {name: socket.socketpair() for name in names}
        self.memory = os.memfd_create("files.tar")
        with os.fdopen(os.dup(self.memory), "wb") as file:
            file.write(archive)
        remote = {name: pair[1].fileno() for name, pair in pairs.items()}
        self.command = make_command(self.memory, remote)
        self.qemu = subprocess.Popen(self.command, stdin=subprocess.DEVNULL,
                                     stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                     pass_fds=[self.memory, *remote.values()],
                                     start_new_session=True)
        for pair in pairs.values():
            pair[1].close()
        self.channels = {name: pair[0] for name, pair in pairs.items()}
        self.outcome = None    # the line that tells how it ended, in words
        self.ready = False     # the kernel runs, and the program's console listens
        self.pending = b""     # of the outcome port: a line that is not whole yet
        self.escape = b""      # of the log: an escape sequence that is not whole yet
        self.errors = b""      # QEMU's own messages
        self.last_byte = time.monotonic()
        self.output, self.log = Writer(1), Writer(2)
        self.selector = selectors.DefaultSelector()
        self.open = set()
        for name, channel in self.channels.items():
            self.watch(name, channel)
        self.watch("errors", self.qemu.stderr)

    def watch(self, name, channel):
        self.selector.register(channel, selectors.EVENT_READ, name)
        self.open.add(name)

    def close(self):
        """Ends QEMU, however far it has come."""
        if self.qemu.poll() is None:
            self.qemu.kill()
        self.qemu.wait()
        os.close(self.memory)

    # --- bytes from the guest ---

    def receive(self, name, channel):
        try:
            data = os.read(channel.fileno(), 65536)
        except ConnectionResetError:
            data = b""
        if not data:
            self.selector.unregister(channel)
            self.open.discard(name)
            return
        self.last_byte = time.monotonic()
        getattr(self, "on_" + name)(data)

    def on_console(self, data):
        self.output.write(data)

    def on_log(self, data):
        data = ESCAPE.sub(b"", self.escape + data)
        rest = PART_OF_ESCAPE.search(data)
        self.escape = rest.group() if rest else b""
        self.log.write(data[:len(data) - len(self.escape)])

    def on_errors(self, data):
        self.errors += data

    def on_outcome(self, data):
        *lines, self.pending = (self.pending + data).split(b"\n")
        for line in lines:
            words = line.decode("ascii", "replace").split()
            if words == ["ready"]:
                self.ready = True
                self.start_input()
            elif words and not self.outcome:
                self.outcome = words

    # --- bytes to the guest ---

    def start_input(self):
        """The console listens: from here on our standard input is the program's."""
        threading.Thread(target=self.pump_input, daemon=True).start()

    def pump_input(self):
        """A thread, because a plain file is always ready and cannot be polled."""
        console = self.channels["console"]
        try:
            while data := os.read(0, 65536):
                console.sendall(data)
            console.sendall(CTRL_Z)
        except OSError:
            pass  # standard input is closed, or the machine is gone

    # --- the loop ---

    def finished(self):
        """After the outcome: the last bytes of a power-off, or silence after a bug check. Bytes that
        have arrived, and that we were too slow to take, are no silence."""
        if not self.outcome or self.selector.select(0):
            return False
        idle = time.monotonic() - self.last_byte
        return idle > (QUIET_SECONDS if self.outcome[0] == "bugcheck" else POWER_OFF_SECONDS)

    def relay(self, timeout):
        """Until the machine has ended; False if the time is up before."""
        deadline = time.monotonic() + timeout if timeout else None
        while {"log", "console", "outcome"} & self.open and not self.finished():
            if deadline and time.monotonic() > deadline and not self.outcome:
                return False
            for key, _events in self.selector.select(0.1):
                self.receive(key.data, key.fileobj)
        return True

    def run(self, timeout):
        """Returns the outcome's words; None if QEMU ended without; raises TimeoutError."""
        in_time = self.relay(timeout)
        self.output.finish()
        self.log.finish()
        if not in_time:
            raise TimeoutError
        return self.outcome
