#!/usr/bin/env python3
"""Turns a Linux console font (PSF1 or PSF2, gzip or plain) into a C array for hal/display.c.

usage: psf2c.py FONT.psf[.gz] OUT.c

The output holds the glyphs of the characters 0 to 255 of Latin-1, found through the font's Unicode
table; a character that the font lacks gets the glyph of '?'. Only fonts eight pixels wide are taken.
"""
import gzip
import struct
import sys


def read_font(data):
    """Returns (height, glyphs, bytes of the Unicode table, is the table UTF-8)."""
    if data[:2] == b"\x36\x04":
        mode, height = data[2], data[3]
        count = 512 if mode & 1 else 256
        start, has_table, utf8, width = 4, mode & 6, False, 8
    elif data[:4] == b"\x72\xb5\x4a\x86":
        _, start, flags, count, size, height, width = struct.unpack("<7I", data[4:32])
        has_table, utf8 = flags & 1, True
        if size != height * ((width + 7) // 8):
            sys.exit("psf2c: glyph size does not fit the height")
    else:
        sys.exit("psf2c: not a PSF font")
    if width != 8 or not 6 <= height <= 32:
        sys.exit(f"psf2c: need a font 8 pixels wide and 6 to 32 high, not {width}x{height}")
    end = start + count * height
    if end > len(data):
        sys.exit("psf2c: font is truncated")
    glyphs = [data[start + i * height:start + (i + 1) * height] for i in range(count)]
    return height, glyphs, data[end:] if has_table else b"", utf8


def unicode_map(table, utf8):
    """Character code -> glyph number; sequences of several characters are left out."""
    result, glyph = {}, 0
    if utf8:
        for entry in table.split(b"\xff")[:-1]:
            for char in entry.split(b"\xfe")[0].decode("utf-8"):
                result.setdefault(ord(char), glyph)
            glyph += 1
        return result
    in_sequence = False
    for (code,) in struct.iter_unpack("<H", table[:len(table) & ~1]):
        if code == 0xFFFF:
            glyph, in_sequence = glyph + 1, False
        elif code == 0xFFFE:
            in_sequence = True
        elif not in_sequence:
            result.setdefault(code, glyph)
    return result


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    data = open(sys.argv[1], "rb").read()
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    height, glyphs, table, utf8 = read_font(data)
    codes = unicode_map(table, utf8) or {c: c for c in range(256)}
    unknown = glyphs[codes.get(ord("?"), 0)]
    with open(sys.argv[2], "w", encoding="ascii") as out:
        out.write(f"/* Made by tools/psf2c.py from {sys.argv[1].rsplit('/', 1)[-1]}. */\n")
        out.write('#include "halp.h"\n\n')
        out.write(f"const UCHAR HalpFontHeight = {height};\n\nconst UCHAR HalpFont[] = {{\n")
        for code in range(256):
            glyph = glyphs[codes[code]] if code in codes else unknown
            out.write("    " + " ".join(f"0x{b:02x}," for b in glyph) + f" /* {code} */\n")
        out.write("};\n")


if __name__ == "__main__":
    main()
