#!/usr/bin/env python3
"""Writes rtl/string/upcasetab.h: simple case mappings of the Basic Multilingual Plane.

Windows maps one UTF-16 unit to one UTF-16 unit, so only simple mappings within the plane count.
A mapping is a difference, kept in blocks of 32 characters: an index of 2048 bytes names the block,
equal blocks are kept once.

Windows leaves some mappings of Unicode out; NO_UPPER and NO_LOWER have them, as observed.
"""
import unicodedata

BLOCK = 32

# The digraphs in title case (Dz and the like) stay as they are both ways.
TITLE = {0x01C5, 0x01C8, 0x01CB, 0x01F2}
# Letters whose upper case belongs to another letter: micro sign, dotless i, long s, final sigma...
NO_UPPER = {0x00B5, 0x0131, 0x017F, 0x0345, 0x03C2, 0x03D0, 0x03D1, 0x03D5, 0x03D6, 0x03F0,
            0x03F1, 0x03F5, 0x1E9B, 0x1FBE} | set(range(0x1C80, 0x1C89))
NO_LOWER = {0x0130, 0x03F4, 0x1E9E, 0x2126, 0x212A, 0x212B}


def mapped(code, convert, exceptions):
    if code in exceptions or code in TITLE or 0xD800 <= code < 0xE000:
        return code
    text = convert(chr(code))
    if len(text) != 1 and convert is str.upper:
        text = chr(code).title()  # Greek with iota: the simple upper case is the title case
    if len(text) != 1 or ord(text) > 0xFFFF:
        return code
    return ord(text)


def table(name, convert, exceptions):
    blocks, index = [], []
    for start in range(0, 0x10000, BLOCK):
        block = tuple((mapped(c, convert, exceptions) - c) & 0xFFFF
                      for c in range(start, start + BLOCK))
        if block not in blocks:
            blocks.append(block)
        index.append(blocks.index(block))
    assert len(blocks) < 256
    yield f"static const UCHAR Rtlp{name}Index[{len(index)}] = {{"
    for at in range(0, len(index), 20):
        yield "    " + " ".join(f"{n}," for n in index[at:at + 20])
    yield "};"
    yield ""
    yield f"static const USHORT Rtlp{name}Delta[{len(blocks)}][{BLOCK}] = {{"
    for block in blocks:
        if not any(block):
            yield "    {0},"
            continue
        rows = [", ".join(f"{d:#06x}" for d in block[at:at + 11]) for at in range(0, BLOCK, 11)]
        yield "    {" + ",\n     ".join(rows) + "},"
    yield "};"


def main():
    print("/* Made by tools/genupcase.py from Unicode", unicodedata.unidata_version + ": do not edit."
          " */")
    print("/* clang-format off */")
    print("\n".join(table("Upcase", str.upper, NO_UPPER)))
    print()
    print("\n".join(table("Downcase", str.lower, NO_LOWER)))


main()
