/* Handles: close, duplicate, flags, access and type checks, what NtQueryObject says of them. */
#include "nt.h"

NTSYS NTSTATUS NTAPI NtDuplicateObject(HANDLE, HANDLE, HANDLE, PHANDLE, ACCESS_MASK, ULONG, ULONG);
NTSYS NTSTATUS NTAPI NtSetInformationObject(HANDLE, int, PVOID, ULONG);
NTSYS NTSTATUS NTAPI NtCompareObjects(HANDLE, HANDLE);
NTSYS NTSTATUS NTAPI NtCreateMutant(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES, BOOLEAN);
NTSYS NTSTATUS NTAPI NtQueryEvent(HANDLE, int, PVOID, ULONG, PULONG);

typedef struct {
    ULONG Attributes, GrantedAccess, HandleCount, PointerCount, Charges[2], Reserved[3];
    ULONG NameInfoSize, TypeInfoSize, SecurityDescriptorSize;
    LARGE_INTEGER CreationTime;
} BASIC;

#define EVENT_QUERY_STATE 1

static const char *Name; /* of the handle at hand */

static void Show(HANDLE Handle) {
    BASIC Basic;
    ULONG Length = 0;
    NTSTATUS Status = NtQueryObject(Handle, 0, &Basic, sizeof(Basic), &Length);
    if (!NT_SUCCESS(Status)) {
        Print(" %s: query %08x\n", Name, (unsigned)Status);
        return;
    }
    BYTE Flags[2] = {9, 9};
    NtQueryObject(Handle, 4, Flags, 2, NULL);
    Print(" %s: inherit %d, access %08x, handles %u\n", Name, Flags[0],
          (unsigned)Basic.GrantedAccess, (unsigned)Basic.HandleCount);
}

static HANDLE Event(ACCESS_MASK Access) {
    HANDLE Handle = NULL;
    NTSTATUS Status = NtCreateEvent(&Handle, Access, NULL, 0, FALSE);
    if (!NT_SUCCESS(Status)) {
        ShowStatus(" create", Status);
    }
    return Handle;
}

static void Close(void) {
    Print("close\n");
    HANDLE Handle = Event(EVENT_ALL_ACCESS);
    ShowStatus(" the handle", NtClose(Handle));
    ShowStatus(" once more", NtClose(Handle));
    ShowStatus(" 0", NtClose(NULL));
    ShowStatus(" this process", NtClose(SELF));
    ShowStatus(" this thread", NtClose(SELF_THREAD));
    ShowStatus(" 0xDEADBEEC", NtClose((HANDLE)0xDEADBEECull));
    ShowStatus(" 0x00FFFFFC", NtClose((HANDLE)0xFFFFFCull));
    Handle = Event(EVENT_ALL_ACCESS);
    Check(" a multiple of 4, not 0", Handle && ((ULONG_PTR)Handle & 3) == 0);
    ShowStatus(" set by handle + 1", NtSetEvent((HANDLE)((ULONG_PTR)Handle + 1), NULL));
    ShowStatus(" close by handle + 3", NtClose((HANDLE)((ULONG_PTR)Handle + 3)));
    ShowStatus(" set", NtSetEvent(Handle, NULL));
}

static void Access(void) {
    static const ACCESS_MASK Masks[] = {
        GENERIC_READ,    GENERIC_WRITE, GENERIC_EXECUTE,    GENERIC_ALL,
        MAXIMUM_ALLOWED, SYNCHRONIZE,   EVENT_MODIFY_STATE, 0};
    BYTE Information[8];
    LARGE_INTEGER Now = {.QuadPart = 0};
    Print("access of events\n");
    for (int i = 0; i < (int)(sizeof(Masks) / sizeof(Masks[0])); i++) {
        HANDLE Handle = Event(Masks[i]);
        Print(" asked for %08x\n", (unsigned)Masks[i]);
        Name = "it";
        Show(Handle);
        ShowStatus(" set", NtSetEvent(Handle, NULL));
        ShowStatus(" query", NtQueryEvent(Handle, 0, Information, 8, NULL));
        ShowStatus(" wait", NtWaitForSingleObject(Handle, FALSE, &Now));
        NtClose(Handle);
    }
    HANDLE Mutant = NULL;
    NtCreateMutant(&Mutant, SYNCHRONIZE, NULL, FALSE);
    ShowStatus("set a mutant", NtSetEvent(Mutant, NULL));
    ShowStatus("query a mutant as an event", NtQueryEvent(Mutant, 0, Information, 8, NULL));
    ShowStatus("set this process", NtSetEvent(SELF, NULL));
    ShowStatus("set this thread", NtSetEvent(SELF_THREAD, NULL));
    ShowStatus("query event, wrong class", NtQueryEvent(Mutant, 1, Information, 8, NULL));
    ShowStatus("query event, wrong length", NtQueryEvent(Mutant, 0, Information, 7, NULL));
    NtClose(Mutant);
}

static HANDLE Duplicate(const char *What, HANDLE Source, ACCESS_MASK Mask, ULONG Attributes,
                        ULONG Options) {
    HANDLE Copy = NULL;
    NTSTATUS Status = NtDuplicateObject(SELF, Source, SELF, &Copy, Mask, Attributes, Options);
    ShowStatus(What, Status);
    Name = " copy";
    if (NT_SUCCESS(Status)) {
        Show(Copy);
    }
    return Copy;
}

static void Duplicates(void) {
    Print("duplicate\n");
    HANDLE Handle = Event(SYNCHRONIZE | EVENT_QUERY_STATE), Copy;
    NtClose(Duplicate(" same access", Handle, 0, 0, DUPLICATE_SAME_ACCESS));
    NtClose(Duplicate(" less access", Handle, SYNCHRONIZE, 0, 0));
    NtClose(Duplicate(" none", Handle, 0, 0, 0));
    NtClose(Duplicate(" inheritable", Handle, 0, OBJ_INHERIT, DUPLICATE_SAME_ACCESS));
    Copy = Duplicate(" once more", Handle, 0, 0, DUPLICATE_SAME_ACCESS);
    ShowStatus(" same object", NtCompareObjects(Handle, Copy));
    Name = " source";
    Show(Handle);
    NtClose(Copy);
    Copy = Duplicate(" close the source", Handle, 0, 0,
                     DUPLICATE_SAME_ACCESS | DUPLICATE_CLOSE_SOURCE);
    ShowStatus(" close the copy", NtClose(Copy));
    Duplicate(" closed", Copy, 0, 0, DUPLICATE_SAME_ACCESS);
    Duplicate(" 0", NULL, 0, 0, DUPLICATE_SAME_ACCESS);
    Copy = NULL;
    ShowStatus(" this process",
               NtDuplicateObject(SELF, SELF, SELF, &Copy, 0, 0, DUPLICATE_SAME_ACCESS));
    ShowStatus(" same as the pseudo handle", NtCompareObjects(Copy, SELF));
    ShowStatus(" not the thread", NtCompareObjects(Copy, SELF_THREAD));
    NtClose(Copy);
    Handle = Event(EVENT_ALL_ACCESS);
    ShowStatus(" from an event", NtDuplicateObject(Handle, Handle, SELF, &Copy, 0, 0, 2));
    ShowStatus(" from no handle", NtDuplicateObject(NULL, Handle, SELF, &Copy, 0, 0, 2));
    NtClose(Handle);
}

static void Flags(void) {
    BYTE Value[2] = {0, 0};
    Print("flags\n");
    HANDLE Handle = Event(EVENT_ALL_ACCESS);
    for (int Bits = 1; Bits < 4; Bits++) {
        Value[0] = Bits & 1;
        Value[1] = Bits >> 1;
        ShowStatus(" set", NtSetInformationObject(Handle, 4, Value, 2));
        Value[0] = Value[1] = 9;
        ShowStatus(" query", NtQueryObject(Handle, 4, Value, 2, NULL));
        Print(" inherit %d, protect %d\n", Value[0], Value[1]);
    }
    Name = "it";
    Show(Handle);
    ShowStatus(" close", NtClose(Handle));
    Value[0] = Value[1] = 0;
    ShowStatus(" set", NtSetInformationObject(Handle, 4, Value, 2));
    ShowFailure(" wrong class", NtSetInformationObject(Handle, 0, Value, 2));
    ShowStatus(" close", NtClose(Handle));
    ShowStatus(" set closed", NtSetInformationObject(Handle, 4, Value, 2));
}

static void Types(void) {
    union {
        struct {
            UNICODE_STRING Name;
            ULONG Counts[12];
            ULONG InvalidAttributes;
            GENERIC_MAPPING Mapping;
            ULONG ValidAccess;
        } Type;
        BYTE Bytes[512];
    } Buffer;
    static const struct {
        const char *What;
        HANDLE Handle;
    } Objects[] = {{"process", (HANDLE)-1}, {"thread", (HANDLE)-2}};
    HANDLE Handle = Event(EVENT_ALL_ACCESS), Mutant;
    ULONG Length = 0;
    NtCreateMutant(&Mutant, MAXIMUM_ALLOWED, NULL, FALSE);
    Print("types\n");
    for (int i = 0; i < 4; i++) {
        HANDLE Object = i < 2 ? Objects[i].Handle : i == 2 ? Handle : Mutant;
        ShowStatus(" query", NtQueryObject(Object, 2, &Buffer, sizeof(Buffer), &Length));
        Print(" %.*ls, %d of %d bytes, valid access %08x, generic %08x %08x %08x %08x\n",
              Buffer.Type.Name.Length / 2, Buffer.Type.Name.Buffer, Buffer.Type.Name.Length,
              Buffer.Type.Name.MaximumLength, (unsigned)Buffer.Type.ValidAccess,
              (unsigned)Buffer.Type.Mapping.GenericRead, (unsigned)Buffer.Type.Mapping.GenericWrite,
              (unsigned)Buffer.Type.Mapping.GenericExecute,
              (unsigned)Buffer.Type.Mapping.GenericAll);
    }
    ShowStatus("type, short", NtQueryObject(Handle, 2, &Buffer, 16, &Length));
    ShowStatus("name, none", NtQueryObject(Handle, 1, &Buffer, sizeof(Buffer), &Length));
    Print(" %u bytes, length %d\n", (unsigned)Length, Buffer.Type.Name.Length);
    ShowStatus("name, 0 bytes", NtQueryObject(Handle, 1, &Buffer, 0, &Length));
    ShowStatus("basic, short", NtQueryObject(Handle, 0, &Buffer, sizeof(BASIC) - 1, &Length));
    ShowStatus("no handle", NtQueryObject(NULL, 0, &Buffer, sizeof(BASIC), &Length));
    NtClose(Mutant);
    NtClose(Handle);
}

void Start(void) {
    Close();
    Access();
    Duplicates();
    Flags();
    Types();
    Exit(0);
}
