"""Where Wine has no answer: lists of the system, the namespace as it is at the start."""
import pytest

from conftest import program, tap_lines, vmrun


@pytest.mark.parametrize("flags", ("0", "4000"))
def test_lists_of_the_system(flags):
    result = vmrun("--append", "/GFLAGS=" + flags, program("typelist.exe"))
    out = result.out.decode()
    lines = tap_lines(out)
    assert out.startswith("flags %s" % flags), result.tail()
    assert [name for name, ok in lines if not ok] == [], result.tail()
    assert out.rstrip().endswith("1..%d" % len(lines)) and len(lines) >= 15, result.tail()
    assert ("gone" in dict(lines)) == (flags == "4000"), result.tail()


def test_directories_and_links_that_are_always_there():
    result = vmrun(program("wellknown.exe"))
    lines = tap_lines(result.out.decode())
    assert [name for name, ok in lines if not ok] == [], result.tail()
    assert result.out.decode().rstrip().endswith("1..%d" % len(lines)), result.tail()
