#!/usr/bin/env python3
"""Generates from sdk/services.tbl what must agree on service numbers.

  gensvc.py TABLE OUTDIR

writes into OUTDIR
  ssdt.asm           KiServiceTable, KiArgumentTable and KiServiceNames, assembled into ntoskrnl.exe
  ntdll_stubs.asm    the stubs of ntdll.dll, byte for byte as Windows' ntdll has them
  ntdll_services.def their export names, Nt and Zw
"""
import re
import sys
from pathlib import Path

LINE = re.compile(r"^0x([0-9a-f]{4}) (Nt\w+)\s+(\d+|-)$")
MAX_ARGUMENTS = 19


def read_table(path):
    """Returns [(number, name, argument count or None)], checked for order and doubles."""
    services, names = [], set()
    for row, text in enumerate(path.read_text().splitlines(), 1):
        text = text.split("#")[0].rstrip()
        if not text:
            continue
        match = LINE.match(text)
        if not match:
            sys.exit(f"{path}:{row}: not a service line: {text!r}")
        number, name = int(match[1], 16), match[2]
        count = None if match[3] == "-" else int(match[3])
        if services and number <= services[-1][0]:
            sys.exit(f"{path}:{row}: numbers must rise")
        if name in names or (count or 0) > MAX_ARGUMENTS:
            sys.exit(f"{path}:{row}: {name} stands twice or takes too many arguments")
        names.add(name)
        services.append((number, name, count))
    return services


def ssdt(services):
    """The table as the image holds it; KeCompactServiceTable turns it into Windows' format."""
    limit = services[-1][0] + 1
    rows = {number: (name, count) for number, name, count in services}
    lines = ["; Generated from sdk/services.tbl.", "default rel", "extern KiNotImplementedService"]
    lines += [f"extern {name}" for _, name, count in services if count is not None]
    # The ELF twin, which only gdb reads, knows no image base.
    lines += ["%ifidn __OUTPUT_FORMAT__, win64", "%define RVA(x) x wrt ..imagebase", "%else",
              "%define RVA(x) 0", "%endif"]
    lines += ["global KiServiceTable, KiServiceLimit, KiArgumentTable", "section .data align=16",
              "KiServiceTable:"]
    for number in range(limit):
        name, count = rows.get(number, (None, None))
        target = name if count is not None else "KiNotImplementedService"
        lines.append(f"    dd RVA({target}) ; {number:04x} {name or ''}")
    lines += ["section .rdata", f"KiServiceLimit: dd {limit}", "KiArgumentTable:"]
    for number in range(limit):
        count = rows.get(number, (None, None))[1] or 0
        lines.append(f"    db {max(0, count - 4)}")
    lines += ["align 4", "global KiServiceNames", "KiServiceNames: ; distances of the names from here"]
    lines += [f"    dd {'.s%d' % number if number in rows else '.none'} - KiServiceNames" for number in range(limit)]
    lines += [".none: db 0"]
    lines += [f".s{number}: db \"{rows[number][0]}\", 0" for number in sorted(rows)]
    return "\n".join(lines) + "\n"


def stubs(services):
    lines = ["; Generated from sdk/services.tbl.", "section .text"]
    for number, name, _ in services:
        zw = "Zw" + name[2:]
        lines += [f"global {name}, {zw}", "align 16", f"{name}:", f"{zw}:",
                  "    mov r10, rcx", f"    mov eax, {number:#x}",
                  "    test byte [abs dword 7FFE0308h], 1", "    jne short .int2e",
                  "    syscall", "    ret", ".int2e:", "    int 2Eh", "    ret"]
    return "\n".join(lines) + "\n"


def exports(services):
    names = [n for _, name, _ in services for n in (name, "Zw" + name[2:])]
    return "EXPORTS\n" + "\n".join(sorted(names)) + "\n"


def main():
    table, out = Path(sys.argv[1]), Path(sys.argv[2])
    services = read_table(table)
    out.mkdir(parents=True, exist_ok=True)
    (out / "ssdt.asm").write_text(ssdt(services))
    (out / "ntdll_stubs.asm").write_text(stubs(services))
    (out / "ntdll_services.def").write_text(exports(services))


if __name__ == "__main__":
    main()
