#!/usr/bin/env python3
"""Writes rtl/string/codepagetab.h: what bytes 80 to FF of code pages 1252 (ANSI) and 437 (OEM) are.

Windows gives the five bytes that 1252 leaves undefined the control characters of the same value.
"""


def upper_half(codec):
    for byte in range(0x80, 0x100):
        try:
            yield ord(bytes([byte]).decode(codec))
        except UnicodeDecodeError:
            yield byte


def main():
    print("/* Made by tools/gencodepage.py: do not edit. */")
    for name, codec in (("Ansi", "cp1252"), ("Oem", "cp437")):
        codes = list(upper_half(codec))
        print(f"static const WCHAR Rtlp{name}UpperHalf[128] = {{")
        for at in range(0, 128, 12):
            print("    " + " ".join(f"{c:#06x}," for c in codes[at:at + 12]))
        print("};")


main()
