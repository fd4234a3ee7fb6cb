"""Names of status values and bug checks, from the source tree's own headers."""
import os
import re

from .options import ROOT

STATUS = re.compile(r"#define\s+((?:STATUS|DBG|RPC)_\w+)\s+\(?\(NTSTATUS\)\s*\(?0x([0-9A-Fa-f]+)")
BUGCODE = re.compile(r"\bX\((\w+),\s*0x([0-9A-Fa-f]+)\)")


def find(pattern, files, value):
    for path in files:
        with open(path, encoding="utf-8", errors="replace") as file:
            for name, digits in pattern.findall(file.read()):
                if int(digits, 16) == value:
                    return name
    return None


def status(value):
    """'0xC0000005 STATUS_ACCESS_VIOLATION', or the number alone."""
    name = find(STATUS, [os.path.join(ROOT, "sdk", "ntstatus.h")], value) if value else None
    return "0x%08X %s" % (value, name) if name else "0x%08X" % value


def bugcheck(value):
    """'0xA IRQL_NOT_LESS_OR_EQUAL', or the number alone."""
    name = find(BUGCODE, [os.path.join(ROOT, "inc", "bugcodes.h")], value)
    return "0x%X %s" % (value, name) if name else "0x%X" % value
