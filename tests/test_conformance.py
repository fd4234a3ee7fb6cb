"""The programs of tests/conformance: output and exit status as recorded from Wine, byte for byte."""
import pytest

from cases import cases, read_expected
from conftest import BUILD, program, tap_lines, vmrun

DOCUMENTED = ("attacks", "leaks", "documented", "psdocs", "pathdocs", "rtldocs", "ipdocs", "npx")  # these check themselves
ALL = [case for case in cases() if case.name not in DOCUMENTED]


def run(case, *options):
    files = [word for name in case.files for word in ("--file", program(name))]
    for option in case.guest:
        files += ("--file", program(option))
    for name in case.drivers:
        files += ("--file", "%s/kmtest/%s.sys=vitrine/System32/drivers/%s.sys" % (BUILD, name, name))
    return vmrun(*options, *files, program(case.program + ".exe"), *case.args, stdin=case.stdin)


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
def test_as_recorded(case):
    status, output = read_expected(case) if case.oracle else (case.status, case.output)
    result = run(case)
    assert result.out == output, result.tail()
    assert result.status == status, result.tail()
    assert result.ended, result.tail()


@pytest.mark.parametrize("name", DOCUMENTED)
def test_documented_windows(name):
    """What Windows documents and Wine does otherwise; the program checks itself."""
    case = next(case for case in cases() if case.name == name)
    result = run(case)
    lines = tap_lines(result.out.decode())
    assert [name for name, ok in lines if not ok] == [], result.tail()
    assert lines and result.out.decode().rstrip().endswith("1..%d" % len(lines)), result.tail()


@pytest.mark.parametrize("name,words", [("nodll", ["second.dll"]),
                                        ("noentry", ["RtlNoSuchFunction", "ntdll.dll"])])
def test_the_log_names_what_is_missing(name, words):
    log = run(next(case for case in cases() if case.name == name)).log
    assert all(word.lower() in log.lower() for word in words), log


def test_nothing_leaks_on_four_processors():
    lines = tap_lines(run(next(case for case in cases() if case.name == "leaks"), "--smp", 4).out.decode())
    assert lines and all(ok for _, ok in lines), lines


def test_int_2e_as_the_way_in():
    """The same programs with SystemCall = 1 in KUSER_SHARED_DATA: stubs take int 2Eh."""
    for name in ("vm", "badpointers", "threads"):
        case = next(case for case in cases() if case.name == name)
        result = run(case, "--append", "/INT2E")
        assert result.out == read_expected(case)[1], result.tail()
