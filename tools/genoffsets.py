#!/usr/bin/env python3
"""Generates static_asserts from sdk/offsets.tbl: fields that are where Windows has them.

  genoffsets.py TABLE OUTPUT

The header holds one part for each group of the table; a file that knows the structures of a group
defines OFFSETS_GROUP and includes it (init/offsets.c for the public ones). C cannot ask for the
place of a bit field: tests/test_offsets.py checks those by the kernel's debugging information.
"""
import re
import sys
from pathlib import Path

STRUCTURE = re.compile(r"^(struct|union) (_\w+) (\w+) (0x[0-9a-f]+)( exact)?$")
FIELD = re.compile(r"^    ([\w.]+) (?:(0x[0-9a-f]+)(?: (\d+):(\d+))?|(own))$")


def read_table(path):
    """Returns [(kind, name, group, end, exact, {field: (offset, bits) or None if our own})]."""
    table = []
    for row, text in enumerate(Path(path).read_text().splitlines(), 1):
        text = text.split("#")[0].rstrip()
        structure, field = STRUCTURE.match(text), FIELD.match(text)
        if structure:
            kind, name, group, end, exact = structure.groups()
            table.append((kind, name, group, int(end, 16), bool(exact), {}))
        elif field and table:
            name, offset, first, count, own = field.groups()
            bits = (int(first), int(count)) if first else None
            table[-1][5][name] = None if own else (int(offset, 16), bits)
        elif text:
            sys.exit(f"{path}:{row}: neither a structure nor a field: {text!r}")
    return table


def asserts(table, group):
    """The lines of one group."""
    for kind, name, of, end, exact, fields in table:
        if of != group:
            continue
        if exact:
            yield f"C_ASSERT(sizeof({kind} {name}) == 0x{end:X});"
        for field, place in fields.items():
            if place and not place[1]:
                yield f"C_ASSERT(FIELD_OFFSET({kind} {name}, {field}) == 0x{place[0]:X});"


def main(path, output):
    """Writes the header."""
    table = read_table(path)
    lines = ["/* Made by tools/genoffsets.py from sdk/offsets.tbl. */"]
    for group in dict.fromkeys(row[2] for row in table):
        lines += ["", f"#ifdef OFFSETS_{group.upper()}", *asserts(table, group), "#endif"]
    Path(output).write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
