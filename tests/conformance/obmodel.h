/*
 * obmodel.h - what obmodel.c knows of its directory: objects, names, handles; and random paths
 *
 * An object of the model lives as long as one of Windows: while it has handles, while it is
 * permanent and has a name, or while something else is in it. Its name goes with its last handle.
 */
#include "objects.h"

#define THREADS     3 /* in each of the two processes */
#define WORKERS     (2 * THREADS)
#define OBJECTS     40
#define ENTRIES     48
#define NAMES       6
#define ALL_LINKS   3 /* names that only links have, so that links never lead to links */
#define FLAG_BITS   (OBJ_INHERIT | HANDLE_CLOSE_PROTECT)
#define NONE        (-1)
#define TEXT_LENGTH 160

typedef struct {
    volatile LONG Ready;
    ULONG ProcessId[2];
    ULONG64 Seed;
    ULONG Operations;
    volatile LONG Left[2]; /* protected handles that only their own process can close */
    HANDLE LeftHandles[2][WORKERS * ENTRIES];
    struct {
        ULONG Operations, Surprises;
        char First[TEXT_LENGTH];
    } Worker[WORKERS];
} SHARED;

typedef struct {
    BOOL Live, Permanent, Upper; /* Upper: how its name is spelled */
    KIND Kind;
    int Parent; /* the directory that it has a name in, or NONE */
    int Name;
    int Handles, Children;
    int Target; /* of a link: a name in the worker's directory */
} OBJECT;

typedef struct {
    BOOL Live, Remote;
    HANDLE Value;
    int Object;
    ACCESS_MASK Access;
    ULONG Flags;
} ENTRY;

typedef struct {
    ULONG Number;
    ULONG64 State;
    HANDLE Other;            /* the other process */
    OBJECT Objects[OBJECTS]; /* 0: the worker's directory, whose handle is entry 0 */
    ENTRY Entries[ENTRIES];
    ULONG Step;
    WCHAR Path[TEXT_LENGTH];
    UNICODE_STRING PathName;
    OBJECT_ATTRIBUTES Attributes;
    UCHAR Buffer[4096];
} WORLD;

static SHARED *Shared;
static BOOL Wine;
static NTSTATUS(NTAPI *MakePermanent)(HANDLE);

static const WCHAR Base[] = L"\\BaseNamedObjects\\VitrineModel";

static ULONG Pick(WORLD *World, ULONG Limit) {
    return Random(&World->State, Limit);
}

static void Surprise(WORLD *World, PCSTR What, ULONG64 Value, ULONG64 Wanted) {
    if (Shared->Worker[World->Number].Surprises++ == 0) {
        char *Text = Shared->Worker[World->Number].First;
        ULONG Length = 0;
        for (; What[Length] && Length < TEXT_LENGTH - 60; Length++) {
            Text[Length] = What[Length];
        }
        va_list Unused;
        memset(&Unused, 0, sizeof(Unused));
        static const char Hex[] = "0123456789abcdef";
        ULONG64 Values[] = {World->Step, Value, Wanted};
        for (int i = 0; i < 3; i++) {
            Text[Length++] = ' ';
            for (int Shift = 28; Shift >= 0; Shift -= 4) {
                Text[Length++] = Hex[Values[i] >> Shift & 15];
            }
        }
        Text[Length] = 0;
    }
}

static BOOL Expect(WORLD *World, PCSTR What, ULONG64 Value, ULONG64 Wanted) {
    if (Value != Wanted) {
        Surprise(World, What, Value, Wanted);
    }
    return Value == Wanted;
}

/* --- the model: names --------------------------------------------------------------------- */

static int FindName(WORLD *World, int Parent, int Name) {
    for (int i = 0; i < OBJECTS; i++) {
        if (World->Objects[i].Live && World->Objects[i].Parent == Parent &&
            World->Objects[i].Name == Name) {
            return i;
        }
    }
    return NONE;
}

/* A path of one or two names, from a directory of the model. */
typedef struct {
    int From;
    ULONG Count;
    int Names[3];
    BOOL Upper; /* spelled in capitals */
    ULONG Attributes;
} PATH;

/*
 * Where a path leads. STATUS_SUCCESS with *Found; or a failure, where for the last component
 * missing *Parent and *Name say what is missing.
 */
static NTSTATUS Resolve(WORLD *World, const PATH *Path, KIND Kind, int *Found, int *Parent,
                        int *Name) {
    int At = Path->From;
    BOOL Upper = Path->Upper;
    for (ULONG i = 0; i < Path->Count; i++) {
        OBJECT *Directory_ = &World->Objects[At];
        if (Directory_->Kind != Directory) {
            return STATUS_OBJECT_TYPE_MISMATCH;
        }
        int Next = FindName(World, At, Path->Names[i]);
        BOOL Last = i + 1 == Path->Count;
        if (Next != NONE && World->Objects[Next].Upper != Upper &&
            !(Path->Attributes & OBJ_CASE_INSENSITIVE)) {
            Next = NONE;
        }
        if (Next == NONE) {
            *Parent = Last ? At : NONE;
            *Name = Path->Names[i];
            return Last ? STATUS_OBJECT_NAME_NOT_FOUND : STATUS_OBJECT_PATH_NOT_FOUND;
        }
        if (World->Objects[Next].Kind == Link && (!Last || Kind != Link)) {
            PATH Rest = {.From = 0, .Count = 1, .Attributes = Path->Attributes};
            Rest.Names[0] = World->Objects[Next].Target;
            Rest.Upper = FALSE; /* targets are written in small letters, the rest as it was */
            int Middle = NONE;
            NTSTATUS Status = Resolve(World, &Rest, Last ? Kind : Directory, &Middle, Parent, Name);
            if (Last || Status != STATUS_SUCCESS) {
                *Found = Middle;
                if (!Last && Status == STATUS_OBJECT_NAME_NOT_FOUND) {
                    *Parent = NONE;
                    Status = STATUS_OBJECT_PATH_NOT_FOUND;
                }
                return Status;
            }
            Next = Middle;
        }
        At = Next;
    }
    *Found = At;
    return STATUS_SUCCESS;
}

/* --- the model: lives --------------------------------------------------------------------- */

static void Settle(WORLD *World, int Index) {
    while (Index != NONE) {
        OBJECT *Object = &World->Objects[Index];
        int Parent = NONE;
        if (Object->Handles == 0 && !Object->Permanent && Object->Parent != NONE) {
            Parent = Object->Parent;
            Object->Parent = NONE;
            World->Objects[Parent].Children--;
        }
        if (Object->Handles == 0 && Object->Parent == NONE && Object->Children == 0) {
            Object->Live = FALSE;
        }
        Index = Parent;
    }
}

static int NewObject(WORLD *World, KIND Kind) {
    for (int i = 0; i < OBJECTS; i++) {
        if (!World->Objects[i].Live) {
            World->Objects[i] =
                (OBJECT){.Live = TRUE, .Kind = Kind, .Parent = NONE, .Name = NONE, .Target = NONE};
            return i;
        }
    }
    return NONE;
}

static void AddEntry(WORLD *World, HANDLE Value, BOOL Remote, int Object, ACCESS_MASK Access,
                     ULONG Flags) {
    for (int i = 0; i < ENTRIES; i++) {
        if (!World->Entries[i].Live) {
            World->Entries[i] = (ENTRY){TRUE, Remote, Value, Object, Access, Flags & FLAG_BITS};
            World->Objects[Object].Handles++;
            return;
        }
    }
}

static BOOL HasRoom(WORLD *World) {
    ULONG Free = 0, Objects = 0;
    for (int i = 0; i < ENTRIES; i++) {
        Free += !World->Entries[i].Live;
    }
    for (int i = 0; i < OBJECTS; i++) {
        Objects += !World->Objects[i].Live;
    }
    return Free > 1 && Objects > 1;
}

/* Any entry but the first; with Own, one in this process's table. NULL: there is none. */
static ENTRY *AnyEntry(WORLD *World, BOOL Own) {
    int First = (int)Pick(World, ENTRIES);
    for (int i = 0; i < ENTRIES; i++) {
        ENTRY *Entry = &World->Entries[(First + i) % ENTRIES];
        if (Entry->Live && Entry != &World->Entries[0] && !(Own && Entry->Remote)) {
            return Entry;
        }
    }
    return NULL;
}

static ENTRY *AnyDirectory(WORLD *World) {
    int First = (int)Pick(World, ENTRIES);
    for (int i = 0; i < ENTRIES && Pick(World, 4) != 0; i++) {
        ENTRY *Entry = &World->Entries[(First + i) % ENTRIES];
        if (Entry->Live && !Entry->Remote && World->Objects[Entry->Object].Kind == Directory) {
            return Entry;
        }
    }
    return &World->Entries[0];
}

/* --- paths ---------------------------------------------------------------------------------- */

static ULONG PutName(WORLD *World, ULONG At, int Name, BOOL Upper) {
    WCHAR First = Name < NAMES ? (Upper ? 'N' : 'n') : (Upper ? 'L' : 'l');
    static const WCHAR Small[] = L"ame", Large[] = L"AME";
    World->Path[At++] = First;
    At = AppendText(World->Path, At, Upper ? Large : Small, 3);
    World->Path[At++] = (WCHAR)('0' + (Name < NAMES ? Name : Name - NAMES));
    return At;
}

static ULONG PutBase(WORLD *World) {
    ULONG At = AppendText(World->Path, 0, Base, sizeof(Base) / 2 - 1);
    World->Path[At++] = '\\';
    World->Path[At++] = 'w';
    World->Path[At++] = (WCHAR)('0' + World->Number);
    return At;
}

static POBJECT_ATTRIBUTES NamePath(WORLD *World, ULONG Length, HANDLE Root, ULONG Attributes) {
    World->PathName = (UNICODE_STRING){(USHORT)(Length * 2), (USHORT)(Length * 2), World->Path};
    InitializeObjectAttributes(&World->Attributes, &World->PathName, Attributes, Root, NULL);
    return &World->Attributes;
}

/* A random path: relative to a directory's handle, or from the root. */
static POBJECT_ATTRIBUTES RandomPath(WORLD *World, PATH *Path, ULONG Attributes, KIND Kind) {
    BOOL Relative = Pick(World, 2);
    ENTRY *Start = Relative ? AnyDirectory(World) : &World->Entries[0];
    ULONG At = Relative ? 0 : PutBase(World);
    *Path = (PATH){.From = Start->Object, .Count = 1 + (Pick(World, 3) == 0)};
    Path->Upper = Pick(World, 4) == 0;
    Path->Attributes = Attributes;
    for (ULONG i = 0; i < Path->Count; i++) {
        BOOL LinkName = Pick(World, 4) == 0 || (Kind == Link && i + 1 == Path->Count);
        Path->Names[i] = (int)(LinkName ? NAMES + Pick(World, ALL_LINKS) : Pick(World, NAMES));
        if (!Relative || i != 0) {
            World->Path[At++] = '\\';
        }
        At = PutName(World, At, Path->Names[i], Path->Upper);
    }
    return NamePath(World, At, Relative ? Start->Value : NULL, Attributes);
}
