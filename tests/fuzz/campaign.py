#!/usr/bin/python3
"""The standing campaign: attacks the kernel by seed, in all configurations in turns.

  campaign.py [--minutes M] [--seed N] [--jobs N]    from seed N on, until the time is up
  campaign.py --one SEED:KIND:CONFIG                 one boot again, as a failure prints it

Each seed is one boot of one kind (calls, entry, images, names) in one configuration (build, processors,
memory). A boot fails on a bug check, a hang, a program that cannot be started, or a counter that still grows
over the last half of its rounds. Its log is kept in build/fuzz, and one line says how to repeat it. The
totals are printed at the end and appended to build/fuzz/campaign.tsv.
"""
import argparse
import concurrent.futures
import itertools
import os
import subprocess
import sys
import tempfile
import threading
import time

from damage import damage
from rounds import Rounds

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CONFIGS = [(build, smp, mem) for mem in (96, 512) for smp in (1, 2, 4) for build in ("checked", "free")]
# The length has no common divisor with the number of configurations: each kind meets each of them.
KINDS = ("calls", "entry", "calls", "images", "calls", "calls", "names")
BUGCHECK, NOSTART, TIMED_OUT = 125, 126, 124
TIMEOUT = 900  # a hang detector

# rounds, then what a round is given; for a full run and for a quick one
SIZES = {"calls": ((24, 20000), (8, 4000)), "entry": ((120, 400), (40, 300)),
         "images": ((24, 8), (12, 4)), "names": ((1, 40000), (1, 5000))}
# What images are made of.
GOOD = ("hello.exe", "reloc.exe", "tls.exe", "exceptions.exe", "dlluser.exe", "testlib.dll", "second.dll",
        "refusal.dll", "noentry.exe")
LOCK = threading.Lock()


class Boot:
    """One seed: what is run, how it ended, what it counted."""

    def __init__(self, options, seed, kind, config):
        self.options, self.seed, self.kind, self.config = options, seed, kind, config
        self.size = SIZES[kind][1 if options.quick else 0]
        self.rounds, self.code, self.log, self.seconds = Rounds(b""), None, b"", 0.0

    @property
    def name(self):
        return "%d:%s:%s-%d-%d" % ((self.seed, self.kind) + self.config)

    def build(self):
        return self.options.free if self.config[0] == "free" else self.options.checked

    def images(self, folder):
        """Damaged images as files for the drive."""
        files = []
        for i in range(self.size[0] * self.size[1]):
            source = GOOD[(self.seed + i) % len(GOOD)]
            with open(os.path.join(self.options.checked, "conformance", source), "rb") as file:
                data = damage(file.read(), self.seed * 10000 + i)
            path = os.path.join(folder, "im%04d.dll" % i)
            with open(path, "wb") as file:
                file.write(data)
            files += ["--file", path]
        return files

    def command(self, folder):
        build, (_, smp, mem) = self.build(), self.config
        line = [os.path.join(ROOT, "tools", "vmrun"), "--build", build, "--smp", str(smp), "--mem", str(mem),
                "--timeout", str(TIMEOUT)]
        programs = os.path.join(self.options.checked, "fuzz")
        if self.kind == "names":
            return line + [os.path.join(programs, "names.exe"), str(self.seed), str(self.size[1]), "10000"]
        for driver in ("spawn.sys", "watch.sys"):
            line += ["--file", os.path.join(build, "kmtest", driver) + "=vitrine/System32/drivers/" + driver]
        if self.kind == "images":
            line += self.images(folder)
            for name in ("testlib.dll", "second.dll", "refusal.dll"):
                line += ["--file", os.path.join(self.options.checked, "conformance", name)]
        line += ["--append", "/REPEAT=%d" % (self.size[0] + 1)]
        return line + [os.path.join(programs, "campaign.exe"), self.kind, str(self.seed), *map(str, self.size)]

    def run(self):
        start = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            run = subprocess.run(self.command(folder), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, timeout=TIMEOUT + 120, check=False)
        self.seconds, self.code = time.monotonic() - start, run.returncode
        self.log, self.rounds = run.stderr + b"\n" + run.stdout, Rounds(run.stdout)

    def fault(self):
        """None, or in words what is wrong."""
        words = {BUGCHECK: "bug check", NOSTART: "a program cannot be started", TIMED_OUT: "hang"}
        if self.code in words:
            return words[self.code]
        if self.kind == "names":
            good = b"\n0 surprises" in self.log and b": no\n" not in self.log
            return None if good else "surprises"
        if not self.rounds.ended:
            return "the rounds did not come to their end"
        grown = self.rounds.growth()
        return "still grows: " + grown if grown else None

    def keep_log(self):
        path = os.path.join(self.options.out, self.name.replace(":", "-") + ".log")
        with open(path, "wb") as file:
            file.write(self.log)
        return path

    @property
    def calls(self):
        if self.kind == "names":
            return self.size[1] + 10000
        return self.rounds.last("calls")

    def report(self):
        fault = self.fault()
        line = "%-28s %8d calls, %4d images, %6d cases, %3d rounds, %5.0f s: %s" % (
            self.name, self.calls, self.rounds.last("images"), self.rounds.cases(), self.rounds.count,
            self.seconds, fault or "ok")
        with LOCK:
            print(line, flush=True)
            if fault or self.options.keep:
                path = self.keep_log()
            if fault:
                print("    log: %s\n    again: tests/fuzz/campaign.py --one %s%s" % (
                    os.path.relpath(path, ROOT), self.name, " --quick" if self.options.quick else ""), flush=True)
        return fault


def boots(options):
    """From the first seed on, without end."""
    for seed in itertools.count(options.seed):
        config = CONFIGS[seed % len(CONFIGS)]
        kinds = options.kinds.split(",") if options.kinds else KINDS
        yield Boot(options, seed, kinds[seed % len(kinds)], config)


def one(options):
    seed, kind, config = options.one.split(":")
    build, smp, mem = config.split("-")
    return Boot(options, int(seed), kind, (build, int(smp), int(mem)))


def totals(options, done, failures):
    row = {"seconds": sum(boot.seconds for boot in done), "boots": len(done),
           "first": min(boot.seed for boot in done), "last": max(boot.seed for boot in done),
           "configurations": len({boot.config for boot in done}), "calls": sum(boot.calls for boot in done),
           "images": sum(boot.rounds.last("images") for boot in done),
           "cases": sum(boot.rounds.cases() for boot in done),
           "kinds of entry": len(set().union(*(boot.rounds.kinds() for boot in done))), "failures": failures}
    print("total: " + ", ".join("%d %s" % (value, name) for name, value in row.items()))
    path = os.path.join(options.out, "campaign.tsv")
    new = not os.path.exists(path)
    with open(path, "a", encoding="utf-8") as file:
        if new:
            file.write("\t".join(row) + "\n")
        file.write("\t".join(str(int(value)) for value in row.values()) + "\n")


def campaign(options):
    """Runs boots until the time is up; returns how many failed."""
    end, done, failures = time.monotonic() + options.minutes * 60, [], 0
    source = iter([one(options)]) if options.one else boots(options)
    source = itertools.islice(source, options.boots)

    def go():
        failed = 0
        while True:
            with LOCK:
                boot = next(source, None) if not done or time.monotonic() < end else None
            if boot is None:
                return failed
            boot.run()
            failed += bool(boot.report())
            with LOCK:
                done.append(boot)

    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        failures = sum(future.result() for future in [pool.submit(go) for _ in range(options.jobs)])
    if done:
        totals(options, done, failures)
    return failures


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1, help="machines at a time")
    parser.add_argument("--boots", type=int, default=None, help="at most so many")
    parser.add_argument("--kinds", help="only these, with commas between them")
    parser.add_argument("--one", metavar="SEED:KIND:CONFIG")
    parser.add_argument("--quick", action="store_true", help="short boots")
    parser.add_argument("--keep", action="store_true", help="keep all logs")
    parser.add_argument("--checked", default=os.path.join(ROOT, "build", "checked"))
    parser.add_argument("--free", default=os.path.join(ROOT, "build", "free"))
    parser.add_argument("--out", default=os.path.join(ROOT, "build", "fuzz"))
    options = parser.parse_args()
    os.makedirs(options.out, exist_ok=True)
    return 1 if campaign(options) else 0


if __name__ == "__main__":
    sys.exit(main())
