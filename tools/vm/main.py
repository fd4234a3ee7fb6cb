"""From the command line to the exit status."""
import os
import signal
import sys

from . import machine, names, options as opts, volume
from .session import Session


def say(message):
    sys.stderr.write("vmrun: " + message + "\n")
    sys.stderr.flush()


def report_exit(options, words):
    status = int(words[1], 16)
    if status > 255 or options.verbose:
        say("%s ended with %s: exit status %d" % (os.path.basename(options.program or "the program"),
                                                  names.status(status), status & 255))
    return status & 255


def report_bugcheck(words):
    say("bug check %s (%s)" % (names.bugcheck(int(words[1], 16)), ", ".join(words[2:])))
    return opts.STATUS_BUGCHECK


def report_nostart(options, words):
    say("%s could not be started: %s" % (os.path.basename(options.program or "the program"),
                                         names.status(int(words[1], 16))))
    return opts.STATUS_NOSTART


def report_silence(session):
    """QEMU went away with no word from the guest: it could not run, or the guest reset itself."""
    session.qemu.wait()
    if session.qemu.returncode:
        say("QEMU ended with status %d: %s" % (session.qemu.returncode,
                                               session.errors.decode("utf-8", "replace").strip()))
        return opts.STATUS_NOSTART
    if not session.ready:
        say("the machine was switched off before it could start the program")
        return opts.STATUS_NOSTART
    say("the machine was reset or switched off, and the kernel did not say why")
    return opts.STATUS_BUGCHECK


def report(options, session, words):
    if not words:
        return report_silence(session)
    if words[0] == "exit" and session.qemu.poll() is None and session.open & {"log"}:
        say("the machine did not power off")
    try:
        if words[0] == "exit":
            return report_exit(options, words)
        if words[0] == "bugcheck":
            return report_bugcheck(words)
        if words[0] == "nostart":
            return report_nostart(options, words)
    except (IndexError, ValueError):
        pass
    say("not understood from the guest: " + " ".join(words))
    return opts.STATUS_BUGCHECK


def on_signal(number, _frame):
    raise SystemExit(128 + number)


def run(options):
    archive = b"" if options.disk else volume.pack(volume.collect(options))
    session = Session(lambda memory, sockets: machine.command(options, memory, sockets), archive)
    if options.verbose:
        say(" ".join(session.command))
    if options.gdb:
        say("waiting for gdb at %s" % options.gdb)
    try:
        words = session.run(0 if options.gdb else options.timeout)
        return report(options, session, words)
    except TimeoutError:
        say("no end after %g s" % options.timeout)
        return opts.STATUS_TIMEOUT
    except BrokenPipeError:
        return 128 + signal.SIGPIPE
    finally:
        session.close()


def main(argv):
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, on_signal)
    try:
        return run(opts.parse(argv))
    except opts.UsageError as error:
        say("%s (vmrun --help shows the options)" % error)
    except volume.MissingFile as error:
        say(str(error))
    except machine.NoMachine as error:
        say(str(error))
    return opts.STATUS_NOSTART
