/*
 * The object manager against a model: random creates, opens, duplicates, closes, changes of flags
 * and of permanence, by several threads in two processes at once.
 *
 *     obmodel [first seed] [number of seeds] [operations for each thread]
 *
 * Every thread has a directory of its own and knows all that is in it: which objects there are,
 * under which names, and every handle to them, in its own process's table or in the other's (into
 * which it duplicates, and whose handles it closes from outside). So each status, name, handle
 * count and pointer count can be foretold to the unit, while the threads meet in everything below:
 * two handle tables, the directories above, the pool. One line for each seed.
 */
#include "obmodel.h"

/* --- operations ----------------------------------------------------------------------------- */

static ACCESS_MASK RandomAccess(WORLD *World, KIND Kind) {
    return Pick(World, 4) ? Kinds[Kind].All : Kinds[Kind].All & ~(ACCESS_MASK)DELETE;
}

static void SetTarget(WORLD *World, UNICODE_STRING *Target, PWSTR Buffer, int Name) {
    WCHAR Kept[TEXT_LENGTH];
    ULONG KeptLength = World->PathName.Length / 2;
    AppendText(Kept, 0, World->Path, KeptLength);
    ULONG At = PutBase(World);
    World->Path[At++] = '\\';
    At = PutName(World, At, Name, FALSE);
    AppendText(Buffer, 0, World->Path, At);
    *Target = (UNICODE_STRING){(USHORT)(At * 2), (USHORT)(At * 2), Buffer};
    AppendText(World->Path, 0, Kept, KeptLength);
}

static void Created(WORLD *World, const PATH *Path, KIND Kind, int Parent, int Name, int Target,
                    HANDLE Handle, ACCESS_MASK Access) {
    int Index = NewObject(World, Kind);
    OBJECT *Object = &World->Objects[Index];
    Object->Target = Target;
    if (Path != NULL) {
        Object->Parent = Parent;
        Object->Name = Name;
        /* Through a link the last name is the target's, in small letters. */
        Object->Upper = Path->Upper && Name == Path->Names[Path->Count - 1];
        Object->Permanent = (Path->Attributes & OBJ_PERMANENT) != 0;
        World->Objects[Parent].Children++;
    }
    AddEntry(World, Handle, FALSE, Index, Access, Path ? Path->Attributes : 0);
}

/* A name that differs from another in nothing but case would be found or not by the order of
 * chains; and what is permanent must stay in reach. */
static BOOL MayCreate(WORLD *World, const PATH *Path, KIND Kind, NTSTATUS Status, int Parent,
                      int Name) {
    if (Status != STATUS_OBJECT_NAME_NOT_FOUND) {
        return TRUE;
    }
    return FindName(World, Parent, Name) == NONE && (Kind == Link) == (Name >= NAMES) &&
           (!(Path->Attributes & OBJ_PERMANENT) || Parent == 0);
}

static NTSTATUS ForetellCreate(WORLD *World, const PATH *Path, KIND Kind, int Found,
                               NTSTATUS Resolved) {
    if (Resolved == STATUS_OBJECT_NAME_NOT_FOUND) {
        return STATUS_SUCCESS;
    }
    if (Resolved != STATUS_SUCCESS) {
        return Resolved;
    }
    if (!(Path->Attributes & OBJ_OPENIF)) {
        return STATUS_OBJECT_NAME_COLLISION;
    }
    return World->Objects[Found].Kind == Kind ? STATUS_OBJECT_NAME_EXISTS
                                              : STATUS_OBJECT_TYPE_MISMATCH;
}

static void Create(WORLD *World) {
    KIND Kind = (KIND)(Pick(World, 3) == 0 ? Directory : (KIND)Pick(World, KINDS));
    ULONG Attributes = (Pick(World, 2) ? OBJ_CASE_INSENSITIVE : 0) |
                       (Pick(World, 3) ? 0 : OBJ_OPENIF) | (Pick(World, 4) ? 0 : OBJ_INHERIT) |
                       (Pick(World, 4) || !MakePermanent ? 0 : OBJ_PERMANENT);
    ACCESS_MASK Access = RandomAccess(World, Kind);
    int Target = (int)Pick(World, NAMES), Found = NONE, Parent = NONE, Name = NONE;
    WCHAR TargetText[TEXT_LENGTH];
    UNICODE_STRING TargetName;
    HANDLE Handle = NULL;
    PATH Path;
    POBJECT_ATTRIBUTES Named = RandomPath(World, &Path, Attributes, Kind);
    NTSTATUS Resolved = Resolve(World, &Path, Kind, &Found, &Parent, &Name);
    if (!MayCreate(World, &Path, Kind, Resolved, Parent, Name)) {
        return;
    }
    SetTarget(World, &TargetName, TargetText, Target);
    NTSTATUS Wanted = ForetellCreate(World, &Path, Kind, Found, Resolved);
    NTSTATUS Status = CreateObject(Kind, &Handle, Access, Named, &TargetName);
    if (!Expect(World, "create", (ULONG)Status, (ULONG)Wanted) || !NT_SUCCESS(Status)) {
        return;
    }
    if (Status == STATUS_OBJECT_NAME_EXISTS) {
        AddEntry(World, Handle, FALSE, Found, Access, Attributes);
    } else {
        Created(World, &Path, Kind, Parent, Name, Target, Handle, Access);
    }
}

static void CreateUnnamed(WORLD *World) {
    KIND Kind = (KIND)(Event + Pick(World, KINDS - Event));
    HANDLE Handle = NULL;
    NTSTATUS Status = CreateObject(Kind, &Handle, Kinds[Kind].All, NULL, NULL);
    if (Expect(World, "create unnamed", (ULONG)Status, 0)) {
        Created(World, NULL, Kind, NONE, NONE, NONE, Handle, Kinds[Kind].All);
    }
}

static void Open(WORLD *World) {
    KIND Kind = (KIND)Pick(World, KINDS);
    ULONG Attributes =
        (Pick(World, 2) ? OBJ_CASE_INSENSITIVE : 0) | (Pick(World, 4) ? 0 : OBJ_INHERIT);
    int Found = NONE, Parent, Name;
    HANDLE Handle = NULL;
    PATH Path;
    POBJECT_ATTRIBUTES Named = RandomPath(World, &Path, Attributes, Kind);
    NTSTATUS Wanted = Resolve(World, &Path, Kind, &Found, &Parent, &Name);
    if (Wanted == STATUS_SUCCESS && Pick(World, 4) != 0) {
        Kind = World->Objects[Found].Kind; /* mostly the right one */
        Wanted = Resolve(World, &Path, Kind, &Found, &Parent, &Name);
    }
    if (Wanted == STATUS_SUCCESS && World->Objects[Found].Kind != Kind) {
        Wanted = STATUS_OBJECT_TYPE_MISMATCH;
    }
    ACCESS_MASK Access = RandomAccess(World, Kind);
    NTSTATUS Status = OpenObject(Kind, &Handle, Access, Named);
    if (Expect(World, "open", (ULONG)Status, (ULONG)Wanted) && NT_SUCCESS(Status)) {
        AddEntry(World, Handle, FALSE, Found, Access, Attributes);
    }
}

static void Duplicate(WORLD *World) {
    ENTRY *Entry = AnyEntry(World, FALSE);
    BOOL ToRemote = Pick(World, 2), SameFlags = Pick(World, 2), SameAccess = Pick(World, 2);
    BOOL CloseSource = Pick(World, 4) == 0;
    ULONG Flags = Pick(World, 3) ? 0 : OBJ_INHERIT;
    HANDLE Value = NULL;
    if (Entry == NULL || (CloseSource && (Entry->Flags & HANDLE_CLOSE_PROTECT))) {
        return;
    }
    ACCESS_MASK Access =
        SameAccess ? Entry->Access : Entry->Access & (Pick(World, 2) ? ~0u : ~(ULONG)DELETE);
    NTSTATUS Status = NtDuplicateObject(Entry->Remote ? World->Other : SELF, Entry->Value,
                                        ToRemote ? World->Other : SELF, &Value, Access, Flags,
                                        (SameAccess ? DUPLICATE_SAME_ACCESS : 0) |
                                            (SameFlags ? DUPLICATE_SAME_ATTRIBUTES : 0) |
                                            (CloseSource ? DUPLICATE_CLOSE_SOURCE : 0));
    if (!Expect(World, "duplicate", (ULONG)Status, 0)) {
        return;
    }
    int Object = Entry->Object;
    AddEntry(World, Value, ToRemote, Object, Access, SameFlags ? Entry->Flags : Flags);
    if (CloseSource) {
        Entry->Live = FALSE;
        World->Objects[Object].Handles--;
    }
}

static NTSTATUS CloseValue(WORLD *World, const ENTRY *Entry) {
    return Entry->Remote ? NtDuplicateObject(World->Other, Entry->Value, NULL, NULL, 0, 0,
                                             DUPLICATE_CLOSE_SOURCE)
                         : NtClose(Entry->Value);
}

static void CloseEntry(WORLD *World, ENTRY *Entry) {
    BOOL Protected = (Entry->Flags & HANDLE_CLOSE_PROTECT) != 0;
    if (Protected && Entry->Remote) {
        return; /* what that returns is not documented */
    }
    NTSTATUS Status = CloseValue(World, Entry);
    Expect(World, "close", (ULONG)Status, (ULONG)(Protected ? STATUS_HANDLE_NOT_CLOSABLE : 0));
    if (!Protected) {
        Entry->Live = FALSE;
        World->Objects[Entry->Object].Handles--;
        Settle(World, Entry->Object);
    }
}

static void SetFlags(WORLD *World, ENTRY *Entry, ULONG Flags) {
    BYTE Value[2] = {(Flags & OBJ_INHERIT) != 0, (Flags & HANDLE_CLOSE_PROTECT) != 0};
    NTSTATUS Status = NtSetInformationObject(Entry->Value, 4, Value, 2);
    if (Expect(World, "set flags", (ULONG)Status, 0)) {
        Entry->Flags = Flags;
    }
}

static void ChangePermanence(WORLD *World) {
    ENTRY *Entry = AnyEntry(World, TRUE);
    if (Entry == NULL) {
        return;
    }
    OBJECT *Object = &World->Objects[Entry->Object];
    if (MakePermanent != NULL && Pick(World, 2) && Object->Parent == 0) {
        Expect(World, "make permanent", (ULONG)MakePermanent(Entry->Value), 0);
        Object->Permanent = TRUE;
    } else {
        BOOL May = (Entry->Access & DELETE) != 0;
        NTSTATUS Status = NtMakeTemporaryObject(Entry->Value);
        Expect(World, "make temporary", (ULONG)Status, (ULONG)(May ? 0 : STATUS_ACCESS_DENIED));
        Object->Permanent = May ? FALSE : Object->Permanent;
    }
}

/* --- questions ------------------------------------------------------------------------------ */

/* The path of an object as the model knows it; 0 if it, or a directory above it, has none. */
static ULONG PutPath(WORLD *World, int Index) {
    if (Index == 0) {
        return PutBase(World);
    }
    OBJECT *Object = &World->Objects[Index];
    ULONG At = Object->Parent == NONE ? 0 : PutPath(World, Object->Parent);
    if (At != 0) {
        World->Path[At++] = '\\';
        At = PutName(World, At, Object->Name, Object->Upper);
    }
    return At;
}

static BOOL SameText(const WCHAR *One, const WCHAR *Other, ULONG Length) {
    for (ULONG i = 0; i < Length; i++) {
        if (One[i] != Other[i]) {
            return FALSE;
        }
    }
    return TRUE;
}

static void Query(WORLD *World, ENTRY *Entry) {
    OBJECT *Object = &World->Objects[Entry->Object];
    BASIC_INFORMATION Basic;
    UNICODE_STRING *Name = (UNICODE_STRING *)World->Buffer;
    NTSTATUS Status = NtQueryObject(Entry->Value, 0, &Basic, sizeof(Basic), NULL);
    Expect(World, "query", (ULONG)Status, 0);
    Expect(World, "handle count", Basic.HandleCount, (ULONG)Object->Handles);
    Expect(World, "granted access", Basic.GrantedAccess, Entry->Access);
    if (Wine) {
        return;
    }
    Expect(World, "attributes", Basic.Attributes,
           Entry->Flags | (Object->Permanent ? OBJ_PERMANENT : 0));
    /* Handles, the directory's entry, what is in a directory, and the question itself. */
    ULONG Pointers = (ULONG)(Object->Handles + (Object->Parent != NONE || Entry->Object == 0) +
                             Object->Children + 1);
    Expect(World, "pointer count", Basic.PointerCount, Pointers);
    ULONG Length = PutPath(World, Entry->Object);
    Status = NtQueryObject(Entry->Value, 1, World->Buffer, sizeof(World->Buffer), NULL);
    Expect(World, "query name", (ULONG)Status, 0);
    Expect(World, "length of the name", Name->Length, Length * 2);
    Expect(World, "name", SameText(Name->Buffer, World->Path, Length), TRUE);
}

/* The same of a handle of the other process: by a copy here, which must be of the same object. */
static void QueryRemote(WORLD *World, ENTRY *Entry) {
    ENTRY Copy = *Entry;
    Copy.Remote = FALSE;
    NTSTATUS Status = NtDuplicateObject(World->Other, Entry->Value, SELF, &Copy.Value, 0, 0,
                                        DUPLICATE_SAME_ACCESS | DUPLICATE_SAME_ATTRIBUTES);
    if (Expect(World, "fetch", (ULONG)Status, 0)) {
        World->Objects[Entry->Object].Handles++;
        Query(World, &Copy);
        SetFlags(World, &Copy, 0);
        NtClose(Copy.Value);
        World->Objects[Entry->Object].Handles--;
    }
}

static void QueryLink(WORLD *World, ENTRY *Entry) {
    WCHAR Text[TEXT_LENGTH];
    UNICODE_STRING Target = {0, sizeof(Text), Text};
    NTSTATUS Status = NtQuerySymbolicLinkObject(Entry->Value, &Target, NULL);
    Expect(World, "query link", (ULONG)Status, 0);
    ULONG At = PutBase(World);
    World->Path[At++] = '\\';
    At = PutName(World, At, World->Objects[Entry->Object].Target, FALSE);
    Expect(World, "length of a target", Target.Length, At * 2);
    Expect(World, "target", SameText(Text, World->Path, At), TRUE);
}

static void CheckListed(WORLD *World, int Parent, const DIRECTORY_ENTRY *Listed, ULONG64 *Seen) {
    const WCHAR *Text = Listed->Name.Buffer;
    int Name = (Text[0] | 0x20) == 'n' ? Text[4] - '0' : NAMES + Text[4] - '0';
    int Index = Listed->Name.Length == 10 ? FindName(World, Parent, Name) : NONE;
    if (!Expect(World, "listed, but not there", Index != NONE, TRUE)) {
        return;
    }
    OBJECT *Object = &World->Objects[Index];
    PCSTR Kind = Kinds[Object->Kind].Name;
    Expect(World, "listed twice", *Seen >> Index & 1, 0);
    *Seen |= 1ull << Index;
    Expect(World, "case", Text[0] == 'N' || Text[0] == 'L', Object->Upper);
    Expect(World, "type", Listed->TypeName.Length, strlen(Kind) * 2);
    Expect(World, "type name", Listed->TypeName.Buffer[0], (WCHAR)Kind[0]);
}

/* All of a directory, in parts of a random size. */
static void List(WORLD *World, ENTRY *Entry) {
    ULONG Context = 0, Size = 150 + Pick(World, 600), Children = 0;
    ULONG64 Seen = 0;
    BOOL Single = Wine || Pick(World, 2);
    DIRECTORY_ENTRY *Listed = (DIRECTORY_ENTRY *)World->Buffer;
    for (BOOL First = TRUE;; First = FALSE) {
        NTSTATUS Status = NtQueryDirectoryObject(Entry->Value, World->Buffer, Size, (BOOLEAN)Single,
                                                 (BOOLEAN)First, &Context, NULL);
        if (Status == STATUS_NO_MORE_ENTRIES) {
            break;
        }
        if (Status != STATUS_MORE_ENTRIES && !Expect(World, "list", (ULONG)Status, 0)) {
            return;
        }
        for (ULONG i = 0; Listed[i].Name.Length != 0; i++, Children++) {
            CheckListed(World, Entry->Object, &Listed[i], &Seen);
        }
        if (!Expect(World, "the list ends", Children <= OBJECTS, TRUE)) {
            return;
        }
    }
    Expect(World, "number listed", Children, (ULONG)World->Objects[Entry->Object].Children);
}

static void Compare(WORLD *World) {
    ENTRY *One = AnyEntry(World, TRUE), *Other = AnyEntry(World, TRUE);
    if (One != NULL) {
        Expect(World, "compare", (ULONG)NtCompareObjects(One->Value, Other->Value),
               One->Object == Other->Object ? 0 : (ULONG)0xC00001AC);
    }
}

static void Ask(WORLD *World) {
    ENTRY *Entry = AnyEntry(World, FALSE);
    if (Entry == NULL) {
        return;
    }
    KIND Kind = World->Objects[Entry->Object].Kind;
    if (Entry->Remote) {
        QueryRemote(World, Entry);
    } else if (Kind == Link && Pick(World, 2)) {
        QueryLink(World, Entry);
    } else {
        Query(World, Entry);
    }
    List(World, AnyDirectory(World));
}

/* --- a worker ------------------------------------------------------------------------------- */

static void Step(WORLD *World) {
    ULONG Kind = Pick(World, 20);
    ENTRY *Entry;
    if (Kind < 8 && !HasRoom(World)) {
        Kind = 8;
    }
    switch (Kind) {
    case 0:
        CreateUnnamed(World);
        break;
    case 1:
    case 2:
    case 3:
        Create(World);
        break;
    case 4:
    case 5:
        Open(World);
        break;
    case 6:
    case 7:
        Duplicate(World);
        break;
    case 8:
    case 9:
    case 10:
    case 11:
    case 12:
        if ((Entry = AnyEntry(World, FALSE)) != NULL) {
            CloseEntry(World, Entry);
        }
        break;
    case 13:
    case 14:
        if ((Entry = AnyEntry(World, TRUE)) != NULL) {
            SetFlags(World, Entry, Pick(World, 2) ? 0 : Pick(World, 2) ? OBJ_INHERIT : FLAG_BITS);
        }
        break;
    case 15:
        ChangePermanence(World);
        break;
    case 16:
        Compare(World);
        break;
    default:
        Ask(World);
    }
}

/* A protected handle in the other table is left to the other process. */
static void FreeEntry(WORLD *World, ENTRY *Entry) {
    if (Entry->Flags & HANDLE_CLOSE_PROTECT) {
        if (!Entry->Remote) {
            SetFlags(World, Entry, 0);
        } else {
            LONG Process = World->Number < THREADS;
            LONG Place = InterlockedIncrement(&Shared->Left[Process]) - 1;
            Shared->LeftHandles[Process][Place] = Entry->Value;
            return;
        }
    }
    CloseEntry(World, Entry);
}

static void MakeAllTemporary(WORLD *World) {
    for (int i = 1; i < OBJECTS; i++) {
        OBJECT *Object = &World->Objects[i];
        HANDLE Handle = NULL;
        if (!Object->Live || !Object->Permanent) {
            continue;
        }
        ULONG Length = PutPath(World, i);
        NTSTATUS Status =
            OpenObject(Object->Kind, &Handle, DELETE, NamePath(World, Length, NULL, 0));
        Expect(World, "open what is permanent", (ULONG)Status, 0);
        Expect(World, "and free it", (ULONG)NtMakeTemporaryObject(Handle), 0);
        NtClose(Handle);
        Object->Permanent = FALSE;
        Settle(World, i);
    }
}

static void Finish(WORLD *World) {
    for (int i = 1; i < ENTRIES; i++) {
        if (World->Entries[i].Live) {
            FreeEntry(World, &World->Entries[i]);
        }
    }
    MakeAllTemporary(World);
    List(World, &World->Entries[0]);
    Query(World, &World->Entries[0]);
    NtClose(World->Entries[0].Value);
}

/*
 * Threads begin and end one after the other: ntdll's locks, contended for the first time, would
 * make events of their own, and those stay.
 */
static volatile LONG Started, Ending;

static NTSTATUS NTAPI Work(PVOID Parameter) {
    WORLD *World = Parameter;
    InterlockedIncrement(&Started);
    while (Started != THREADS) {
        Sleep1(1);
    }
    World->State = SeedOf(Shared->Seed * WORKERS + World->Number);
    HANDLE Root = NULL;
    ULONG Length = PutBase(World);
    World->Objects[0] = (OBJECT){.Live = TRUE, .Kind = Directory, .Parent = NONE, .Target = NONE};
    NTSTATUS Status =
        NtCreateDirectoryObject(&Root, DIRECTORY_ALL, NamePath(World, Length, NULL, 0));
    if (Expect(World, "the worker's directory", (ULONG)Status, 0)) {
        AddEntry(World, Root, FALSE, 0, DIRECTORY_ALL, 0);
        for (; World->Step < Shared->Operations; World->Step++) {
            Step(World);
            Shared->Worker[World->Number].Operations++;
        }
        Finish(World);
    }
    while (Ending != (LONG)(World->Number % THREADS)) {
        Sleep1(1);
    }
    RtlExitUserThread(0);
    return 0;
}

static WORLD Worlds[THREADS];

static void RunWorkers(ULONG First, HANDLE Other) {
    HANDLE Threads[THREADS];
    Started = 0;
    Ending = -1;
    for (ULONG i = 0; i < THREADS; i++) {
        memset(&Worlds[i], 0, sizeof(Worlds[i]));
        Worlds[i].Number = First + i;
        Worlds[i].Other = Other;
        Threads[i] = Begin(Work, &Worlds[i], FALSE);
        while (Started != (LONG)i + 1) {
            Sleep1(1);
        }
    }
    for (LONG i = 0; i < THREADS; i++) {
        Ending = i;
        EndOf(Threads[i]);
    }
}

/* --- two processes -------------------------------------------------------------------------- */

static HANDLE OtherProcess(ULONG Index) {
    CLIENT_ID Id = {(HANDLE)(ULONG_PTR)Shared->ProcessId[Index], NULL};
    OBJECT_ATTRIBUTES Attributes = {.Length = sizeof(Attributes)};
    HANDLE Process = NULL;
    NtOpenProcess(&Process, PROCESS_DUP_HANDLE, &Attributes, &Id);
    return Process;
}

/* Meets the other process here: neither may end while the other uses its table. */
static void Meet(LONG Round) {
    InterlockedIncrement(&Shared->Ready);
    while (Shared->Ready < 2 * Round) {
        Sleep1(1);
    }
}

static void CloseWhatIsLeft(LONG Process) {
    BYTE NoFlags[2] = {0, 0};
    for (LONG i = 0; i < Shared->Left[Process]; i++) {
        NtSetInformationObject(Shared->LeftHandles[Process][i], 4, NoFlags, 2);
        NtClose(Shared->LeftHandles[Process][i]);
    }
}

static void Child(void) {
    Shared->ProcessId[1] = (ULONG)(ULONG_PTR)MyProcessId();
    Meet(1);
    RunWorkers(THREADS, OtherProcess(0));
    Meet(2);
    Exit(0); /* what is left is closed by the kernel */
}

static ULONG HandlesListed(void) {
    static UCHAR List[0x40000];
    ULONG Mine = 0;
    if (NtQuerySystemInformation(64, List, sizeof(List), NULL) != 0) {
        return ~0u;
    }
    ULONG64 Count = *(ULONG64 *)List;
    for (ULONG64 i = 0; i < Count; i++) {
        Mine += AT(List, 16 + 40 * i + 8, ULONG64) == (ULONG64)MyProcessId();
    }
    return Mine;
}

static BOOL SameTotals(const TOTALS *Before) {
    for (KIND Kind = Directory; Kind < KINDS; Kind++) {
        TOTALS Now = Totals(Kind);
        if (Now.Objects != Before[Kind].Objects || Now.Handles != Before[Kind].Handles) {
            return FALSE;
        }
    }
    return TRUE;
}

/* What a process had goes when its last thread has been cleared away: soon, not at once. */
static ULONG CheckTotals(const TOTALS *Before) {
    ULONG Surprises = 0;
    for (ULONG Try = 0; Try < 500 && !SameTotals(Before); Try++) {
        Sleep1(10);
    }
    for (KIND Kind = Directory; Kind < KINDS && !Wine; Kind++) {
        TOTALS After = Totals(Kind);
        if (After.Objects != Before[Kind].Objects || After.Handles != Before[Kind].Handles) {
            Print("%s: %u objects and %u handles, not %u and %u\n", Kinds[Kind].Name,
                  (unsigned)After.Objects, (unsigned)After.Handles, (unsigned)Before[Kind].Objects,
                  (unsigned)Before[Kind].Handles);
            Surprises++;
        }
    }
    if (!Wine && HandlesListed() != HandleCountOf(SELF)) {
        Print("%u handles listed, %u counted\n", (unsigned)HandlesListed(),
              (unsigned)HandleCountOf(SELF));
        Surprises++;
    }
    return Surprises;
}

static void Run(ULONG64 Seed, ULONG Operations) {
    TOTALS Before[KINDS];
    ULONG Handles = HandleCountOf(SELF), Done = 0, Surprises = 0;
    for (KIND Kind = Directory; Kind < KINDS; Kind++) {
        Before[Kind] = Totals(Kind);
    }
    memset(Shared, 0, sizeof(*Shared));
    Shared->Seed = Seed;
    Shared->Operations = Operations;
    Shared->ProcessId[0] = (ULONG)(ULONG_PTR)MyProcessId();
    HANDLE Process = SpawnChild(Seed);
    if (Process == NULL) {
        Print("no second process: %08x\n", (unsigned)SpawnStatus);
        Exit(1);
    }
    Meet(1);
    HANDLE Other = OtherProcess(1);
    RunWorkers(0, Other);
    Meet(2);
    CloseWhatIsLeft(0);
    NtWaitForSingleObject(Process, FALSE, NULL);
    NtClose(Other);
    NtClose(Process);
    for (ULONG i = 0; i < WORKERS; i++) {
        Done += Shared->Worker[i].Operations;
        Surprises += Shared->Worker[i].Surprises;
        if (Shared->Worker[i].Surprises) {
            Print("worker %u: %s\n", (unsigned)i, Shared->Worker[i].First);
        }
    }
    if (HandleCountOf(SELF) != Handles) {
        Print("%u handles, not %u\n", (unsigned)HandleCountOf(SELF), (unsigned)Handles);
        Surprises++;
    }
    Surprises += CheckTotals(Before);
    Print("seed %I64u: %u operations, %u surprises\n", Seed, (unsigned)Done, (unsigned)Surprises);
}

void Start(void) {
    HANDLE Directory_ = NULL;
    Wine = UnderWine();
    MakePermanent = (NTSTATUS(NTAPI *)(HANDLE))NtdllExport("NtMakePermanentObject");
    MakePermanent = Wine ? NULL : MakePermanent;
    Shared = MapShared();
    if (IsChildProcess()) {
        Child();
    }
    NtCreateDirectoryObject(&Directory_, DIRECTORY_ALL, NamedBy(Base));
    ULONG64 First = NumberArgument(0, 1), Count = NumberArgument(1, 1);
    for (ULONG64 Seed = First; Seed < First + Count; Seed++) {
        Run(Seed, (ULONG)NumberArgument(2, 1000));
    }
    Exit(0);
}
