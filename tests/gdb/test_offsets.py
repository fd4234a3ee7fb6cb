"""The kernel's structures against Windows' offsets (sdk/offsets.tbl), by its debugging information.

The build checks ordinary fields itself (tools/genoffsets.py); here are the bit fields too, and that
no field of these structures is without a row.
"""
import functools
import os
import subprocess
import sys

import pytest

from conftest import BUILD, ROOT, TIMEOUT

sys.path.insert(0, os.path.join(ROOT, "tools"))
import genoffsets  # noqa: E402

TABLE = {row[1]: row for row in genoffsets.read_table(os.path.join(ROOT, "sdk", "offsets.tbl"))}
SCRIPT = """
import gdb
STRUCTURES = (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION)
def walk(kind, base, prefix):
    for field in kind.strip_typedefs().fields():
        inner, bit = field.type.strip_typedefs(), base + field.bitpos
        if field.name:
            yield prefix + field.name, bit, field.bitsize
        if inner.code in STRUCTURES and (not field.name or inner.tag is None):
            yield from walk(inner, bit, prefix + field.name + "." if field.name else prefix)
for name in %r:
    kind = gdb.lookup_type(name)
    print(name, "(size)", kind.sizeof, 0)
    for field in walk(kind, 0, ""):
        print(name, *field)
"""


@functools.lru_cache(maxsize=None)
def layouts(image):
    """{structure: {field: (bit, width)}}; "(size)" is a field too."""
    names = ["%s %s" % (row[0], row[1]) for row in TABLE.values()]
    run = subprocess.run(["gdb", "-nx", "-batch", "-ex", "python exec(%r)" % (SCRIPT % names), image],
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=TIMEOUT, check=True)
    found = {}
    for line in run.stdout.decode().splitlines():
        words = line.split()
        assert words[0] in ("struct", "union"), line
        found.setdefault(words[1], {})[words[2]] = int(words[3]), int(words[4])
    return found


@pytest.mark.parametrize("name", sorted(TABLE))
def test_as_on_windows(name):
    _, _, _, end, exact, rows = TABLE[name]
    ours = layouts(os.path.join(BUILD, "ntoskrnl.exe"))[name]
    size, _ = ours.pop("(size)")
    assert not exact or size == end
    for field, place in rows.items():
        assert field in ours, "%s has no %s" % (name, field)
        if place:
            offset, bits = place
            assert ours[field] == (8 * offset + (bits[0] if bits else 0), bits[1] if bits else 0), field


@pytest.mark.parametrize("name", sorted(TABLE))
def test_no_field_is_without_a_row(name):
    _, _, _, end, _, rows = TABLE[name]
    ours = layouts(os.path.join(BUILD, "ntoskrnl.exe"))[name]
    missing = [field for field, (bit, _) in ours.items() if field != "(size)" and bit < 8 * end
               and field not in rows and not field.split(".")[-1].startswith("Reserved")]
    assert not missing
