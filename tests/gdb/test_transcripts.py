"""The transcripts in docs/ are what gdb really prints: they are replayed, in order, in one session a file.

A block is fenced as "windbg". Numbers are not compared (addresses and line numbers change from build
to build), "..." stands for any lines, and each other line must be there, in order.
"""
import glob
import os
import re

import pytest

from conftest import BUILD, ROOT
from debugger import debug, normal

HELLO = os.path.join(BUILD, "programs", "hello.exe")
PROMPT = "(gdb) "


def transcript(path):
    """[(command, expected lines)] of a document."""
    with open(path, encoding="utf-8") as stream:
        blocks = re.findall(r"^```windbg\n(.*?)^```", stream.read(), re.M | re.S)
    result = []
    for line in "".join(blocks).splitlines():
        if line.startswith(PROMPT):
            result.append((line[len(PROMPT):], []))
        elif line.strip():
            result[-1][1].append(line)
    return result


DOCUMENTS = [path for path in sorted(glob.glob(os.path.join(ROOT, "docs", "*.md")))
             if transcript(path)]


def matches(expected, printed):
    """Is each expected line printed, in order? A "(X=...)" in a line stands for anything."""
    lines = [normal(line) for line in printed.splitlines() if line.strip()]
    at, free = 0, False
    for line in expected:
        if line.strip() == "...":
            free = True
            continue
        pattern = ".*".join(re.escape(part) for part in normal(line).split("..."))
        found = next((i for i in range(at, len(lines)) if re.fullmatch(pattern, lines[i])), None)
        if found is None or (found != at and not free):
            return False
        at, free = found + 1, False
    return free or at == len(lines)


@pytest.mark.parametrize("path", DOCUMENTS, ids=[os.path.basename(p) for p in DOCUMENTS])
def test_transcript(path):
    session = transcript(path)
    outputs = debug([command for command, _ in session], HELLO)
    for (command, expected), printed in zip(session, outputs):
        assert matches(expected, printed), "%s%s\nprinted:\n%s\nthe document has:\n%s" % (
            PROMPT, command, printed, "\n".join(expected))


def test_there_are_transcripts():
    assert os.path.join(ROOT, "docs", "debugging.md") in DOCUMENTS


def test_a_wrong_line_is_noticed():
    assert matches(["a 12 b", "...", "z"], "a 99 b\nx\ny\nz\n")
    assert not matches(["a 12 b", "z"], "a 99 b\nx\nz\n")
    assert not matches(["a"], "a\nb\n")
    assert not matches(["a", "b"], "a\n")
