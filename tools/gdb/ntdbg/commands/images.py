"""lm, x, ln, .reload: images and their symbols."""
import fnmatch

import gdb

from .. import expr, symbols, text
from . import command, write


@command("lm")
def lm(argument):
    """lm [m PATTERN]: the images that are loaded."""
    words = argument.split()
    pattern = words[-1].lower() if len(words) > 1 and words[0].startswith("m") else "*"
    write("start             end                 module name")
    for module in sorted(symbols.modules, key=lambda m: m.base):
        if fnmatch.fnmatchcase(module.name, pattern):
            state = "(dwarf symbols)    " + module.file if module.file else "(export symbols)   " + \
                module.path
            write("%s %s   %-10s %s" % (text.address(module.base),
                                        text.address(module.base + module.size), module.name,
                                        state))


def list_symbols(argument):
    """The rows of x."""
    module_name, bang, pattern = argument.rpartition("!")
    for module in symbols.modules:
        if bang and not fnmatch.fnmatchcase(module.name, symbols.ALIASES.get(
                module_name.lower(), module_name.lower())):
            continue
        rows = [(rva, name) for name, rva in module.table.by_name.items()
                if fnmatch.fnmatchcase(name.lower(), (pattern or "*").lower())]
        for rva, name in sorted(rows):
            write("%s %s!%s" % (text.address(module.base + rva), module.name, name))


@command("ln")
def ln(argument):
    """ln ADDRESS: the nearest symbol."""
    address = expr.evaluate(argument)
    write("(%s)   %s" % (text.address(address), symbols.name_of(address) or "no symbol"))


@command(".reload")
def reload_images(argument):
    """.reload: reads the kernel's list of images again (after attaching to a running machine)."""
    symbols.reload()
    gdb.execute("maintenance flush register-cache", to_string=True)


@command("boot")
def boot(argument):
    """boot: from a machine just started to the first line of the kernel."""
    symbols.boot()
