"""Which images are loaded, and their symbols.

The kernel's images are on a list of the kernel (PsLoadedModuleList, before that the loader block's).
Images of user mode are announced by a function that does nothing but be called,
nt!DbgLoadImageSymbols: a breakpoint there reads the three arguments and goes on.

An image's own symbols come from its file in the build folder: names from the linker's map or the
COFF symbol table, lines and types from DWARF, which gdb reads. NASM writes no DWARF for PE, so each assembly file is
assembled a second time as ELF; that twin is loaded over the same addresses.
"""
import bisect
import os

import gdb

from . import memory, pe

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
ALIASES = {"ntoskrnl": "nt"}
KERNEL = "ntoskrnl.exe"
LDR_BASE, LDR_SIZE, LDR_FULL, LDR_NAME = 0x30, 0x40, 0x48, 0x58  # KLDR_DATA_TABLE_ENTRY

modules = []
on_load = []  # called with each new Module


def build_folder():
    """Where the images with symbols are: $VITRINE_BUILD, or the checked build."""
    return os.path.join(ROOT, os.environ.get("VITRINE_BUILD") or "build/checked")


def search_path():
    """Folders that may hold the file of an image: $VITRINE_PATH, then the build."""
    build = build_folder()
    return [path for path in os.environ.get("VITRINE_PATH", "").split(":") if path] + \
        [os.path.join(build, part) for part in ("", "drivers", "programs", "conformance", "kmtest")]


class Module:
    """A loaded image."""

    def __init__(self, path, base, size, process=None):
        self.path, self.base, self.processes = path, base, {process}
        self.file_name = path.replace("\\", "/").rsplit("/", 1)[-1]
        stem = self.file_name.rsplit(".", 1)[0].lower()
        self.name = ALIASES.get(stem, stem)
        self.file = pe.find_file(self.file_name, search_path())
        self.image = pe.open_file(self.file) if self.file else pe.Image(self._mapped, True)
        self.size = size or self._booted_size() or self.image.size
        self._functions = self._table = None
        self._loaded = []

    def _booted_size(self):
        """What is booted of the system's own images is stripped, and ends earlier than the file here."""
        path = pe.find_file(self.file_name, [os.path.join(build_folder(), "image")])
        return pe.open_file(path).size if path else 0

    def _mapped(self, rva, size):
        return memory.read_virtual(self.base + rva, size)

    def read(self, rva, size):
        """Constant bytes of the image (code, unwind data): from its file where there is one."""
        return self.image.data(rva, size)

    def functions(self):
        """The exception directory."""
        if self._functions is None:
            self._functions = self.image.functions()
        return self._functions

    @property
    def table(self):
        """The symbols."""
        if self._table is None:
            names = dict(self.image.exports())
            if self.file:
                names.update(self.image.coff_symbols())
                names.update(pe.map_symbols(self.file + ".map", self.image.base))
            self._table = pe.Table(names)
        return self._table

    def lookup(self, name):
        """The address of a symbol, or None."""
        rva = self.table.by_name.get(name)
        return None if rva is None else self.base + rva

    def function_start(self, rva):
        """Where the function that holds an RVA begins, by the unwind data; None for a leaf."""
        table = self.functions()
        index = bisect.bisect_right(table, (rva, 2 ** 32, 0)) - 1
        return table[index][0] if index >= 0 and rva < table[index][1] else None

    def nearest(self, rva):
        """(name, offset): of the function if one is known, not of a label inside it."""
        start = self.function_start(rva)
        if start is not None:
            name, offset = self.table.nearest(start)
            if name is not None and offset == 0:
                return name, rva - start
        return self.table.nearest(rva)

    def _own_names(self):
        """The symbols without the labels inside functions, for gdb's backtraces."""
        return {name: rva for name, rva in self.table.by_name.items()
                if self.function_start(rva) in (None, rva)}

    def is_system_call(self, address):
        """Is this the start of the target of the syscall instruction?"""
        return self.name == "nt" and self.lookup("KiSystemCall64") == address

    def load_symbols(self):
        """Gives gdb the DWARF of the image and of its assembly files."""
        if not self.file or self._loaded:
            return
        offset = self.base - self.image.base
        path = self.file
        if not self.image.nsyms:
            path = pe.with_symbols(path, self._own_names())
        self._add(path, "add-symbol-file '%s' -o %#x" % (path, offset & (2 ** 64 - 1)))
        part = "user" if self.name == "ntdll" else "kernel"
        if self.name not in ("nt", "hal", "ntdll"):
            return
        for folder, _, files in sorted(os.walk(os.path.join(build_folder(), part))):
            for name in sorted(files):
                if name.endswith(".asm.elf.o"):
                    self._load_twin(os.path.join(folder, name))

    def _load_twin(self, path):
        """An assembly file belongs to this image if all of its global functions do."""
        wanted, size = pe.elf_text_symbols(path)
        found = {self.table.by_name[name] - at for name, at in wanted.items()
                 if name in self.table.by_name}
        if size and len(found) == 1:
            self._add(path, "add-symbol-file '%s' -s .text %#x" % (path, self.base + found.pop()))

    def _add(self, path, command):
        try:
            gdb.execute(command, to_string=True)
            self._loaded.append(path)
        except gdb.error as error:
            gdb.write("symbols of %s: %s\n" % (path, error), gdb.STDERR)

    def unload_symbols(self):
        """Takes the symbols back."""
        for path in self._loaded:
            for objfile in gdb.objfiles():
                if objfile.filename == path:
                    gdb.execute("remove-symbol-file '%s'" % path, to_string=True)
                    break
        self._loaded = []


def find_module(address):
    """The module that holds an address; the newest where several processes have one there."""
    for module in reversed(modules):
        if module.base <= address < module.base + module.size:
            return module
    return None


def by_name(name):
    """The module that is called name ("nt" and "ntoskrnl" are the same)."""
    name = name.lower()
    name = ALIASES.get(name, name)
    for module in reversed(modules):
        if module.name == name:
            return module
    return None


def lookup(text):
    """The address of "module!symbol" or, in any module, "symbol"; None if there is none."""
    module_name, bang, name = text.rpartition("!")
    if bang:
        module = by_name(module_name)
        return module.lookup(name) if module else None
    for module in modules:
        address = module.lookup(name)
        if address is not None:
            return address
    return None


def name_of(address, exact=False):
    """"nt!KiSystemCall64+0x12", or None where no module is (or, exact, no symbol begins)."""
    module = find_module(address)
    if module is None:
        return None
    name, offset = module.nearest(address - module.base)
    if name is None or (exact and offset):
        return None if exact else "%s+%#x" % (module.name, address - module.base)
    return "%s!%s" % (module.name, name) + ("+%#x" % offset if offset else "")


def _known(path, base):
    name = path.replace("\\", "/").rsplit("/", 1)[-1].lower()
    for module in modules:
        if module.base == base and module.file_name.lower() == name:
            return module
    return None


def add(path, base, size=0, process=None):
    """Notes an image as loaded. One that several processes have at one place is one module."""
    module = _known(path, base)
    if module is not None:
        module.processes.add(process)
        return module
    try:
        module = Module(path, base, size, process)
    except (ValueError, gdb.error) as error:
        gdb.write("%s: %s\n" % (path, error), gdb.STDERR)
        return None
    modules.append(module)
    module.load_symbols()
    for callback in on_load:
        callback(module)
    return module


def remove(path, base, process):
    """An image is gone; its symbols go when no process has it there any more."""
    module = _known(path, base)
    if module is None:
        return
    module.processes.discard(process)
    if not module.processes:
        modules.remove(module)
        module.unload_symbols()


def read_module_list(head):
    """Adds every image on a list of KLDR_DATA_TABLE_ENTRY."""
    link = memory.u64(head)
    for _ in range(256):
        if link in (0, head):
            return
        size = memory.u64(link + LDR_SIZE) & 0xffffffff
        add(memory.unicode_string(link + LDR_NAME), memory.u64(link + LDR_BASE), size)
        link = memory.u64(link)


def kernel_list():
    """The head of the kernel's module list, 0 before there is one."""
    for name, offset in (("PsLoadedModuleList", 0), ("KeLoaderBlock", 0x10)):
        address = lookup("nt!" + name)
        if address is None:
            continue
        value = memory.u64(address)
        if value:
            return address if not offset else value + offset
    return 0


class _ImageHook(gdb.Breakpoint):
    """A breakpoint that reads rcx, rdx, r8 and never stops."""

    def __init__(self, name, action):
        super().__init__("*%#x" % lookup("nt!" + name), internal=True)
        self.silent = True
        self._action = action

    def stop(self):
        rcx, rdx, r8 = (int(gdb.parse_and_eval("(unsigned long long)$" + r))
                        for r in ("rcx", "rdx", "r8"))
        try:
            self._action(rcx, rdx, r8)
        except (gdb.error, memory.MemoryError_) as error:
            gdb.write("image at %#x: %s\n" % (rdx, error), gdb.STDERR)
        return False


_hooks = []


def _set_hooks():
    if _hooks or lookup("nt!DbgLoadImageSymbols") is None:
        return
    _hooks.append(_ImageHook("DbgLoadImageSymbols", lambda name, base, process: add(
        memory.unicode_string(name), base, 0, process)))
    _hooks.append(_ImageHook("DbgUnLoadImageSymbols",
                             lambda name, base, process: remove(
                                 memory.unicode_string(name), base, process)))


def start():
    """Loads the kernel's symbols where it is linked, so that breakpoints can be set in it."""
    path = pe.find_file(KERNEL, search_path())
    if path:
        add(path, pe.open_file(path).base)


def boot():
    """After `target remote` to a machine that was just started: runs to the kernel's first line."""
    if by_name("nt") is None:
        raise gdb.GdbError("no %s in %s: build it first" % (KERNEL, build_folder()))
    gdb.execute("thbreak *%#x" % lookup("nt!KiSystemStartup"), to_string=True)
    gdb.execute("continue", to_string=True)
    # The loader block is the first argument; KeLoaderBlock is not set yet.
    read_module_list(int(gdb.parse_and_eval("(unsigned long long)$rcx")) + 0x10)
    _set_hooks()
    gdb.execute("maintenance flush register-cache", to_string=True)


def reload():
    """After `target remote` to a machine that runs: what is loaded now."""
    head = kernel_list()
    if not head:
        raise gdb.GdbError("the kernel has no list of its images yet; use `boot`")
    read_module_list(head)
    _set_hooks()
