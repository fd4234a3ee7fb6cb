"""What gdb loads (`source tools/gdb/vitrine.py`): WinDbg's commands, symbols, and the unwinder."""
import os
import sys

import gdb

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

import ntdbg  # noqa: E402 (the path has to be set first)

ntdbg.start()
