"""The guest's drive C:, packed as an ustar archive for the loader."""
import io
import os
import subprocess
import tarfile

SYSTEM_ROOT = "vitrine"
SYSTEM = SYSTEM_ROOT + "/System32/"
IMAGES = ("ntoskrnl.exe", "hal.dll", "ntdll.dll")
OPTIONS = "/DEBUGPORT=COM1 /CONSOLE=COM3 /EXITPORT=0xE9"


class MissingFile(Exception):
    """A file of the host that cannot be read."""


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise MissingFile("%s: %s" % (path, error.strerror)) from error


def guest_name(name):
    """'C:\\dir\\x', '\\dir\\x' or 'dir/x' as the archive's 'dir/x'. On the boot partition the system
    is in vitrine, which the guest sees as Windows."""
    name = name.replace("\\", "/")
    if name[:2].upper() == "C:":
        name = name[2:]
    name = name.lstrip("/")
    root, slash, rest = name.partition("/")
    return SYSTEM_ROOT + slash + rest if slash and root.lower() == "windows" else name


def split_file_option(option):
    """'HOST=GUEST' or 'HOST'; a host name with '=' in it is taken whole if it exists."""
    host, equals, guest = option.rpartition("=")
    if not equals or os.path.exists(option):
        host, guest = option, os.path.basename(option)
    return host, guest_name(guest)


def command_line(options):
    """The first process's command line: arguments quoted as Microsoft's C runtime unquotes them."""
    return subprocess.list2cmdline(["C:\\" + os.path.basename(options.program)] + options.args)


def boot_ini(options):
    text = " ".join([OPTIONS] + options.append) + " -- " + command_line(options)
    return text.encode("utf-8", "surrogateescape")


def collect(options):
    """All files of the volume: (name, contents), each name once, later ones replacing earlier."""
    image = os.path.join(options.build, "image")
    files = {SYSTEM + name: read(os.path.join(image, name)) for name in IMAGES}
    files[SYSTEM_ROOT + "/boot.ini"] = boot_ini(options)
    files[os.path.basename(options.program)] = read(options.program)
    for option in options.file:
        host, guest = split_file_option(option)
        files[guest] = read(host)
    return files


def pack(files):
    """An ustar archive of the files, as bytes."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()
