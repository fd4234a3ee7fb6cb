#!/usr/bin/python3
"""The shapes of all system services, for the fuzzer: from sdk/services.tbl and the prototypes of sdk/nt*.h.

  genshapes.py SDK OUT.h

Each service that the table has gets a row of argument kinds (tests/fuzz/calls/shape.h), found from the
types, annotations and names of its prototype: a new service is fuzzed as soon as it has a prototype.
Values of enumerations, access rights and flags are read from the headers too. It fails if a service
of the table has no prototype, or one with another number of arguments.
"""
import re
import sys
from pathlib import Path

SERVICE = re.compile(r"^0x([0-9a-f]{4}) (Nt\w+)\s+(\d+)", re.M)
PROTOTYPE = re.compile(r"\b(NTSTATUS|ULONG|VOID|BOOLEAN)\s+NTAPI\s+(Nt\w+)\((.*?)\);", re.S)
ENUM = re.compile(r"typedef enum \w*\s*\{(.*?)\}\s*(\w+)", re.S)
DEFINE = re.compile(r"^#define +(\w+) +\(?(?:\(\w+\))?(0x[0-9A-Fa-f]+|\d+)[uUlL]*\)?\s*(?:/\*.*)?$", re.M)

# What these do ends the machine, not the fault that is looked for.
NEVER = {"NtShutdownSystem", "NtSetSystemPowerState", "NtRaiseHardError", "NtInitiatePowerAction"}
# What has been made permanent in a directory that then loses its name is out of reach, and stays, as it should.
NEVER |= {"NtMakePermanentObject"}
# They end, stop or hold up their caller by what they are for: seldom.
SELDOM = {"NtTerminateProcess", "NtTerminateThread", "NtSuspendThread", "NtSuspendProcess", "NtContinue",
          "NtContinueEx", "NtRaiseException", "NtDelayExecution", "NtWaitForSingleObject",
          "NtWaitForMultipleObjects", "NtSignalAndWaitForSingleObject", "NtWaitForKeyedEvent",
          "NtReleaseKeyedEvent", "NtWaitForAlertByThreadId", "NtRemoveIoCompletion",
          "NtRemoveIoCompletionEx", "NtSetContextThread", "NtReadFile", "NtUnmapViewOfSection",
          "NtFreeVirtualMemory", "NtProtectVirtualMemory"}
# And these once in a long while.
RARELY = {"NtTerminateProcess", "NtRaiseException", "NtSuspendProcess", "NtTerminateThread"}

# Names of flag arguments, and the constants that they are made of.
FLAGS = [(r"AllocationType|FreeType", r"MEM_\w+"), (r".*Protect(ion)?", r"PAGE_\w+"),
         (r"AllocationAttributes", r"SEC_\w+"), (r"ShareAccess", r"FILE_SHARE_\w+"),
         (r"FileAttributes", r"FILE_ATTRIBUTE_\w+"),
         (r"CreateDisposition", r"FILE_(SUPERSEDE|OPEN|CREATE|OPEN_IF|OVERWRITE|OVERWRITE_IF)"),
         (r"(Create|Open)Options", r"FILE_(?!SHARE|ATTRIBUTE|SUPERSEDE|READ|WRITE|APPEND|EXECUTE)\w+"),
         (r"HandleAttributes", r"OBJ_\w+"), (r"CreateFlags", r"THREAD_CREATE_FLAGS_\w+"),
         (r"Options", r"DUPLICATE_\w+"), (r"IoControlCode", r"(IOCTL|FSCTL)_\w+")]
ACCESS = r"(?!PAGE|STATUS)\w+_(ACCESS|READ|WRITE|QUERY|STATE|EXECUTE|MODIFY_\w+|SET_\w+|QUERY_\w+)|SYNCHRONIZE|DELETE|MAXIMUM_ALLOWED|GENERIC_\w+"

IN_STRUCTURES = {"POBJECT_ATTRIBUTES": "ATTRIBUTES", "PUNICODE_STRING": "NAME", "PCUNICODE_STRING": "NAME",
                 "PCONTEXT": "CONTEXT", "PEXCEPTION_RECORD": "RECORD", "PCLIENT_ID": "CLIENTID",
                 "PPS_ATTRIBUTE_LIST": "PSATTRIBUTES", "PCWSTR": "TEXT", "PWSTR": "TEXT"}
NUMBERS = {"ULONG", "LONG", "SIZE_T", "ULONG_PTR", "LONG_PTR", "NTSTATUS", "RTL_ATOM", "USHORT", "UCHAR",
           "ULONGLONG", "ULONG64", "LONGLONG", "KAFFINITY", "KPRIORITY", "LCID", "LANGID", "INT", "CHAR"}


class Mismatch(Exception):
    """The table and the prototypes do not agree."""


def without_comments(text):
    return re.sub(r"/\*.*?\*/", " ", text, flags=re.S)


def parse_argument(text):
    """'_In_opt_ PVOID Buffer' as (annotation, type, name)."""
    text = re.sub(r"\b(const|IN|OUT)\b", " ", text)
    notes = " ".join(re.findall(r"\b_(?:In|Out|Inout|Reserved|Ret|When|Field)\w*_(?:\([^()]*(?:\([^()]*\)[^()]*)*\))?",
                                text))
    rest = re.sub(r"\b_\w+_(?:\([^()]*(?:\([^()]*\)[^()]*)*\))?", " ", text).strip()
    match = re.match(r"^(\w+)\s*(\**)\s*(\w+)?\s*(?:\[\w*\])?$", rest)
    if not match:
        raise Mismatch("argument not understood: %r" % text)
    return notes, match[1] + match[2], match[3] or ""


def split_arguments(text):
    """At the commas that are in no parentheses."""
    depth, parts, part = 0, [], ""
    for letter in text:
        depth += (letter == "(") - (letter == ")")
        if letter == "," and not depth:
            parts.append(part)
            part = ""
        else:
            part += letter
    parts.append(part)
    parts = [" ".join(part.split()) for part in parts]
    return [] if parts == ["VOID"] or parts == ["void"] else [parse_argument(part) for part in parts]


def read_prototypes(sdk):
    found = {}
    for path in sorted(Path(sdk).glob("nt*.h")):
        for _, name, arguments in PROTOTYPE.findall(without_comments(path.read_text())):
            found.setdefault(name, split_arguments(arguments))
    return found


def read_services(sdk):
    text = (Path(sdk) / "services.tbl").read_text()
    return [(int(number, 16), name, int(count)) for number, name, count in SERVICE.findall(text)]


def read_constants(sdk):
    """Enumerations by type name, with their values; all numeric #defines."""
    enums, defines = {}, {}
    for path in sorted(Path(sdk).glob("nt*.h")):
        text = without_comments(path.read_text())
        defines.update({name: int(value, 0) for name, value in DEFINE.findall(text)
                        if int(value, 0) < 1 << 32})
        for body, name in ENUM.findall(text):
            values, value = [], -1
            for item in filter(None, (item.strip() for item in body.split(","))):
                parts = item.split("=")
                try:
                    value = int(parts[1].strip().rstrip("uUlL"), 0) if len(parts) > 1 else value + 1
                except ValueError:
                    value += 1
                values.append(value)
            enums[name] = sorted({value & 0xFFFFFFFF for value in values})
    return enums, defines


class Shapes:
    """Rows for the header, and the tables that they point into."""

    def __init__(self, sdk):
        self.enums, self.defines = read_constants(sdk)
        self.tables, self.classes = {}, ["Any"]

    def table(self, name, values):
        self.tables.setdefault(name, sorted(set(values)) or [0])
        return list(self.tables).index(name)

    def constants(self, pattern):
        return [value for name, value in self.defines.items() if re.fullmatch(pattern, name)]

    def handle_class(self, name):
        """'SourceProcessHandle' is a Process; 'Handle' is anything."""
        name = re.sub(r"Handle$|Object$", "", name)
        name = re.sub(r"^(Source|Target|New|First|Second|Shadow|Root|Parent)(?=Process|Thread|Directory)", "", name)
        name = "" if name in ("Source", "Target", "Signal", "Wait", "First", "Second", "FirstObject",
                              "SecondObject") else name
        if name and name not in self.classes:
            self.classes.append(name)
        return self.classes.index(name or "Any")

    def scalar(self, kind, name):
        if kind == "HANDLE":
            return ("ID", 0) if name.endswith("Id") else ("HANDLE", self.handle_class(name))
        if kind == "ACCESS_MASK":
            return "ACCESS", self.table("ACCESS", self.constants(ACCESS))
        if kind == "BOOLEAN":
            return "BOOLEAN", int(name == "FirstChance")  # FALSE there ends the process
        if kind in self.enums:
            return "ENUM", self.table(kind, self.enums[kind])
        for pattern, constants in FLAGS:
            if kind == "ULONG" and re.fullmatch(pattern, name):
                return "FLAGS", self.table(name, self.constants(constants))
        return ("ATOM", 0) if kind == "RTL_ATOM" else ("NUMBER", 0)

    def pointer(self, notes, kind, name):
        out = "_Out" in notes or "_Inout" in notes
        if kind == "PHANDLE" and "_In_" not in notes and "reads" not in notes:
            return "OUTHANDLE", self.handle_class(name)
        if kind == "PHANDLE":
            return "HANDLES", 0
        if kind in ("PVOID*", "PVOID**") and "_Inout" in notes:
            return "BASE", 0
        if kind == "PSIZE_T" and "_Inout" in notes:
            return "SIZE", 0
        if kind == "PLARGE_INTEGER" and not out:
            return ("TIME" if re.search("Time|Interval", name) else "LARGE"), 0
        if kind in IN_STRUCTURES and ("_In" in notes or not out):
            return IN_STRUCTURES[kind], 0
        if kind.endswith("_ROUTINE") or name in ("StartRoutine", "StartAddress"):
            return "CODE", 0
        if kind == "PVOID" and re.search("Address|^Base|^File[12]", name):
            return "ADDRESS", 0
        if kind == "PVOID" and re.search("Context|Argument|Key", name) and not out:
            return "NUMBER", 0
        return ("OUT" if out else "IN"), 0

    def is_pointer(self, kind):
        return kind.endswith("*") or (kind.startswith("P") and kind not in NUMBERS and kind not in self.enums)

    def row(self, arguments):
        row = []
        for i, (notes, kind, name) in enumerate(arguments):
            if self.is_pointer(kind):
                row.append(self.pointer(notes, kind, name))
            elif kind in ("ULONG", "SIZE_T") and re.search(r"Length$|Size$|^Count$|^Number", name) and i and \
                    row[-1][0] in ("OUT", "IN", "TEXT"):
                row.append(("LENGTH", 0))
            elif kind == "ULONG" and name == "Count":
                row.append(("COUNT", 0))
            else:
                row.append(self.scalar(kind, name))
        return row


def generate(sdk):
    prototypes, shapes, lines = read_prototypes(sdk), Shapes(sdk), []
    for number, name, count in read_services(sdk):
        if name in NEVER:
            continue
        if name not in prototypes:
            raise Mismatch("%s is in services.tbl and has no prototype in sdk/nt*.h" % name)
        row = shapes.row(prototypes[name])
        if len(row) != count:
            raise Mismatch("%s has %d arguments in services.tbl, %d in its prototype" % (name, count, len(row)))
        kinds = ", ".join("{Kind_%s, %d}" % pair for pair in row)
        lines.append('    {0x%x, %d, %d, "%s", {%s}},' % (number, count, (name in SELDOM) + (name in RARELY), name, kinds))
    out = ["/* Generated by tests/fuzz/genshapes.py from sdk/services.tbl and sdk/nt*.h. */"]
    for i, values in enumerate(shapes.tables.values()):
        out.append("static const ULONG Values%d[] = {%s};" % (i, ", ".join("0x%X" % value for value in values)))
    out.append("const VALUES Tables[] = {\n%s\n};" % "\n".join(
        "    {%d, Values%d}, /* %s */" % (len(values), i, name)
        for i, (name, values) in enumerate(shapes.tables.items())))
    out.append("const SHAPE Shapes[] = {\n%s\n};" % "\n".join(lines))
    out.append("const ULONG ShapeCount = %d, ClassCount = %d;" % (len(lines), len(shapes.classes)))
    out.append("const char *const ClassNames[] = {%s};" % ", ".join('"%s"' % name for name in shapes.classes))
    return "\n".join(out) + "\n"


def main():
    try:
        text = generate(sys.argv[1])
    except Mismatch as error:
        sys.exit("genshapes.py: %s" % error)
    Path(sys.argv[2]).parent.mkdir(parents=True, exist_ok=True)
    Path(sys.argv[2]).write_text(text)


if __name__ == "__main__":
    main()
