"""The command line of vmrun."""
import argparse
import os

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))

STATUS_TIMEOUT = 124
STATUS_BUGCHECK = 125
STATUS_NOSTART = 126

# Hang detector, not a measure of speed: TCG on a busy two-core machine is many times slower.
DEFAULT_TIMEOUT = 120.0

EPILOG = """\
Standard output carries exactly the bytes that the program wrote to its standard output, standard
error the kernel's log. The exit status is the program's (its low 8 bits), 124 when the time is
up, 125 after a bug check, 126 if the program cannot be started."""


class UsageError(Exception):
    """A command line that makes no sense."""


class Parser(argparse.ArgumentParser):
    def error(self, message):
        raise UsageError(message)


def make_parser():
    parser = Parser(prog="vmrun", usage="vmrun [OPTIONS] PROGRAM.exe [ARGS...]",
                    description="Boots Vitrine in QEMU and runs PROGRAM.exe as its first process.",
                    epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter,
                    allow_abbrev=False)
    add = parser.add_argument
    add("--free", action="store_true", help="the free build instead of the checked one")
    add("--smp", type=int, default=1, metavar="N", help="processors (default 1)")
    add("--mem", type=int, default=256, metavar="MB", help="memory (default 256)")
    add("--cpu", default="max", metavar="MODEL", help="processor model (default max)")
    add("--machine", default="pc", metavar="TYPE", help="pc or q35 (default pc)")
    add("--timeout", type=float, default=DEFAULT_TIMEOUT, metavar="S",
        help="seconds until the run is given up (default %g, 0 for none)" % DEFAULT_TIMEOUT)
    add("--icount", action="store_true", help="count instructions: one TSC tick each, no KVM")
    add("--file", action="append", default=[], metavar="HOST[=GUEST]",
        help="a further file for the guest's drive C:")
    add("--append", action="append", default=[], metavar="OPTION",
        help="a boot option for the kernel, such as /INT2E")
    add("--gdb", metavar="SOCKET", help="stop before the first instruction and serve gdb there")
    add("--disk", metavar="IMAGE", help="boot this disk, with the boot.ini that is on it")
    add("--qemu", action="append", default=[], metavar="ARGS", help="more options for QEMU")
    add("--build", metavar="DIR", help="where the images are (default build/checked or build/free)")
    add("--verbose", action="store_true", help="show the QEMU command line and how the run ended")
    return parser


def split(argv, parser):
    """Parts argv into vmrun's own options and the program with its arguments, untouched."""
    flags = {"--free", "--icount", "--verbose", "--help", "-h"}
    i = 0
    while i < len(argv) and argv[i].startswith("-"):
        if argv[i] == "--":
            return argv[:i], argv[i + 1:]
        i += 1 if argv[i] in flags or "=" in argv[i] else 2
    return argv[:i], argv[i:]


def parse(argv):
    parser = make_parser()
    own, rest = split(argv, parser)
    options = parser.parse_args(own)
    options.program, options.args = (rest[0], rest[1:]) if rest else (None, [])
    if not rest and not options.disk:
        raise UsageError("no program given")
    if options.smp < 1 or options.mem < 1 or options.timeout < 0:
        raise UsageError("--smp and --mem are at least 1, --timeout at least 0")
    if not options.build:
        name = "free" if options.free else "checked"
        options.build = os.environ.get("VITRINE_O") or os.path.join(ROOT, "build", name)
    return options
