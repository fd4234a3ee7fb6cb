"""!object, !handle: the object manager's namespace and the handles of processes."""
import gdb

from .. import expr, memory, model, objects, text
from . import command, process, write

KERNEL_TABLE = 0x10  # !handle's flag


@command("! object")
def object_command(argument):
    r"""!object ADDRESS | \PATH: an object; what is in it if it is a directory, where a link leads."""
    if not argument:
        raise gdb.GdbError("!object: an address or a path is missing")
    item = objects.Object(objects.find(argument) if argument.startswith("\\")
                          else expr.evaluate(argument))
    write("Object: %s  Type: (%s) %s" % (text.plain(item.address), text.plain(item.type.address),
                                         item.type.name))
    _header(item, "    ")
    if item.type.name == "Directory":
        _directory(item)
    elif item.type.name == "SymbolicLink":
        write("    Target String is '%s'" % objects.link_target(item.address))


def _header(item, indent):
    write("    ObjectHeader: %s (new version)" % text.plain(item.header_address))
    write("%sHandleCount: %d  PointerCount: %d" % (indent, item.handles, item.pointers))
    if item.name:
        directory = item.directory
        write("%sDirectory Object: %s  Name: %s" % (
            indent, text.plain(directory) if directory else "00000000", item.name))


def _directory(item):
    write()
    write("    Hash Address          Type                      Name")
    write("    ---- -------          ----                      ----")
    last = None
    for bucket, entry in objects.directory_entries(item.address):
        write("     %2s  %s %-25s %s" % ("" if bucket == last else "%02d" % bucket,
                                         text.plain(entry.address), entry.type.name, entry.name))
        last = bucket
    write()


@command("! handle")
def handle_command(argument):
    """!handle [HANDLE [FLAGS [PROCESS [TYPE]]]]: handles. HANDLE 0 means all of them.

    FLAGS: 1 the entry, 2 the object too (both are the default), 10 the kernel's own table. PROCESS
    is an address or an id; 0 means every process. TYPE leaves out the handles of other types."""
    words = argument.split()
    value = expr.evaluate(words[0]) if words else 0
    flags = expr.evaluate(words[1]) if len(words) > 1 else 3
    kind = words[3].lower() if len(words) > 3 else None
    if flags & KERNEL_TABLE or value >> 31 == (1 << 33) - 1:
        _table(memory.u64(model.global_address("ObpKernelHandleTable")), value & 0x7fffffff,
               flags, kind)
        return
    for item in _processes(words[2] if len(words) > 2 else "-1"):
        write()
        process.show(item, 0)
        write()
        _table(item.handle_table, value, flags, kind)


def _processes(word):
    if word == "-1":
        return [model.implicit_process()]
    which = expr.evaluate(word)
    return model.processes() if which == 0 else [process.find(which)]


def _table(address, value, flags, kind):
    if not address:
        write("no handle table")  # the process has ended
        return
    table = objects.HandleTable(address)
    write("Handle table at %s with %d entries in use" % (text.plain(address), table.count))
    write()
    if value:
        handle = table.find(value)
        if handle is None:
            write("%04x: free handle" % value)
            return
        found = [handle]
    else:
        found = table.handles()
    for handle in found:
        _show(handle, flags, kind)


def _show(handle, flags, kind):
    item = objects.Object(handle.object + objects.HEADER)
    if kind is not None and item.type.name.lower() != kind:
        return
    notes = "".join(note for bit, note in ((objects.PROTECT_CLOSE, " (Protected)"),
                                           (objects.INHERIT, " (Inherit)"),
                                           (objects.AUDIT, " (Audit)")) if handle.attributes & bit)
    write("%04x: Object: %s  GrantedAccess: %08x%s%s Entry: %s" % (
        handle.value, text.plain(item.address), handle.access, " (Locked)" * handle.locked, notes,
        text.plain(handle.entry)))
    if flags & 2:
        write("Object: %s  Type: (%s) %s" % (text.plain(item.address),
                                             text.plain(item.type.address), item.type.name))
        _header(item, "        ")
        write()
