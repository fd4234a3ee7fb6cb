/*
 * obinit.c - the object manager
 *
 * Whatever a program can hold a handle to is an object: a process, an event, a file, a directory of
 * other objects. Each kind has its own structure and its own functions, in its own component. What
 * they have in common lives here, once: how long an object lives, what it is called, who may use
 * it, and how a program names it by number.
 *
 * An object in memory
 *
 *       optional headers, as needed         always                the component's structure
 *      +---------+------+--------+------+---------+---------------+----------------------+
 *      | process | quota| handle | name | creator | OBJECT_HEADER | body                 |
 *      +---------+------+--------+------+---------+---------------+----------------------+
 *                                                                 ^ everybody's pointer
 *
 * The header says which optional headers there are (InfoMask) and of which type the object is
 * (TypeIndex). The type is an object itself, an OBJECT_TYPE: it holds what is the same for all
 * objects of a kind, above all the procedures that the object manager calls when something happens
 * to one: a handle is opened or closed, the last reference goes, a name leads on past it. By them
 * the lower component calls the upper one without knowing it.
 *
 * The life of an object
 *
 *      ObCreateObject       memory, header, body zeroed: PointerCount 1, the creator's
 *      ObInsertObject       its name, if any, and its first handle: now others can find it
 *      ObReferenceObject... somebody has a pointer: PointerCount + 1 as long as that lasts
 *      handles              every handle holds one reference, and counts in HandleCount besides
 *      last handle closed   HandleCount 0: a temporary object loses its name
 *      last reference gone  PointerCount 0: the type's delete procedure, the memory is freed
 *
 * So two counts: HandleCount says whether programs can still get at the object, PointerCount
 * whether anybody can. The name goes with the first, the memory with the second. A permanent object
 * keeps its name without handles.
 *
 * The namespace is a tree of directories, which are objects of the type Directory and hold others
 * by name (obdir.c). A path is walked in obname.c. An object in the middle of a path that is not a
 * directory may have a parse procedure, and then the rest of the path is its business: that is how
 * \??\C:\x.txt gets to a symbolic link, from there to a device, and from there to a file system.
 *
 * Handles are entries of the handle table of a process (ex/handle/handle.c): object and granted access.
 * Access is checked once, when the handle is made (obaccess.c); a use compares the access that it
 * needs with what was granted.
 *
 * The files
 *
 *      obtype.c     types                              obname.c     path lookup, loss of names
 *      obcapture.c  attributes given by a caller       obdir.c      directories
 *      obcreate.c   memory of objects                  oblink.c     symbolic links
 *      obinsert.c   names and first handles            obquery.c    the full name of an object
 *      obref.c      references, deletion               obaccess.c   access, the way to Se
 *      obhandle.c   handles and what they lead to      obcount.c    handle counts
 *      obopen.c     open by name and by pointer        obclose.c    close, duplicate
 *      obprocess.c  tables of processes                obtrace.c    traces of references
 *      nt*.c        the services
 *
 * Locks and who holds which reference: obp.h.
 *
 * Start-up has two phases. In phase 0 there are no names yet: the types Type, Directory and
 * SymbolicLink are made, and the kernel's own handle table. In phase 1 the root directory and the
 * well-known directories follow, and the types made so far get their names in \ObjectTypes. Types
 * made later get them at once.
 */
#include "obp.h"

PHANDLE_TABLE ObpKernelHandleTable;
UCHAR ObHeaderCookie;

/* Directories that are always there, parents first. */
static const PCWSTR ObpWellKnownDirectories[] = {
    L"\\ObjectTypes",
    L"\\Device",
    L"\\Driver",
    L"\\FileSystem",
    L"\\GLOBAL\x3F\x3F",
    L"\\BaseNamedObjects",
    L"\\KnownDlls",
    L"\\KernelObjects",
    L"\\Sessions",
    L"\\Sessions\\0",
    L"\\Sessions\\0\\DosDevices",
    L"\\Sessions\\BNOLINKS",
    L"\\RPC Control",
    L"\\Security",
    L"\\Windows",
    L"\\Callback",
    L"\\ArcName",
    L"\\NLS",
    L"\\UMDFCommunicationPorts",
};

/* Links that are always there: name, target. */
static const PCWSTR ObpWellKnownLinks[][2] = {
    {L"\\DosDevices", L"\\\x3F\x3F"},
    {L"\\GLOBAL\x3F\x3F\\GLOBALROOT", L""},
    {L"\\GLOBAL\x3F\x3F\\Global", L"\\GLOBAL\x3F\x3F"},
    {L"\\BaseNamedObjects\\Global", L"\\BaseNamedObjects"},
    {L"\\BaseNamedObjects\\Local", L"\\BaseNamedObjects"},
    {L"\\BaseNamedObjects\\Session", L"\\Sessions\\BNOLINKS"},
    {L"\\Sessions\\BNOLINKS\\0", L"\\BaseNamedObjects"},
    {L"\\Sessions\\0\\BaseNamedObjects", L"\\BaseNamedObjects"},
};

static POBJECT_DIRECTORY ObpFindDirectory(PCWSTR Path) {
    UNICODE_STRING Name;
    PVOID Directory = NULL;
    RtlInitUnicodeString(&Name, Path);
    ObReferenceObjectByName(&Name, 0, NULL, 0, ObpDirectoryObjectType, KernelMode, NULL,
                            &Directory);
    return Directory;
}

static BOOLEAN ObpInitPhase0(VOID) {
    /* Any value will do: it keeps one overwritten byte from passing for another type. */
    ObHeaderCookie = (UCHAR)(__builtin_ia32_rdtsc() >> 4);
    ObpInitializeDeletion();
    ObpKernelHandleTable = ExCreateHandleTable(NULL);
    return ObpKernelHandleTable != NULL && NT_SUCCESS(ObpCreateTypeType()) &&
           NT_SUCCESS(ObpInitializeDirectories()) && NT_SUCCESS(ObpInitializeSymbolicLinks());
}

static BOOLEAN ObpInitPhase1(VOID) {
    if (!NT_SUCCESS(ObpCreateRootDirectory())) {
        return FALSE;
    }
    for (ULONG i = 0; i < ARRAYSIZE(ObpWellKnownDirectories); i++) {
        if (!NT_SUCCESS(ObCreateDirectory(ObpWellKnownDirectories[i]))) {
            return FALSE;
        }
    }
    ObpTypeDirectoryObject = ObpFindDirectory(L"\\ObjectTypes");
    ObpGlobalDosDevices = ObpFindDirectory(L"\\GLOBAL\x3F\x3F");
    for (ULONG i = 0; i < ARRAYSIZE(ObpWellKnownLinks); i++) {
        UNICODE_STRING Name, Target;
        RtlInitUnicodeString(&Name, ObpWellKnownLinks[i][0]);
        RtlInitUnicodeString(&Target, ObpWellKnownLinks[i][1]);
        if (!NT_SUCCESS(ObCreateSymbolicLink(&Name, &Target))) {
            return FALSE;
        }
    }
    return NT_SUCCESS(ObpNameObjectTypes());
}

BOOLEAN ObInitSystem(_In_ ULONG Phase) {
    return Phase == 0 ? ObpInitPhase0() : ObpInitPhase1();
}
