/* state.c - failure injection: what there is, counted: handles, quota, objects by type, pool by tag */
#include "walk.h"

NTSYS NTSTATUS NTAPI NtQueryInformationProcess(HANDLE, PROCESSINFOCLASS, PVOID, ULONG, PULONG);

static UCHAR Buffer[0x10000];

static void CountObjects(STATE *State) {
    ULONG Length;
    if (NtQueryObject(NULL, 3, Buffer, sizeof(Buffer), &Length) != STATUS_SUCCESS) {
        return;
    }
    PUCHAR Type = Buffer + 8;
    State->Types = *(PULONG)Buffer;
    for (ULONG i = 0; i < State->Types && i < 64; i++) {
        State->Type[i].Objects = AT(Type, 0x10, ULONG);
        State->Type[i].Handles = AT(Type, 0x14, ULONG);
        Type += 0x68 + ((AT(Type, 2, USHORT) + 7) & ~7);
    }
}

static void CountQuota(STATE *State) {
    SIZE_T Counters[11] = {0};
    NtQueryInformationProcess(SELF, 3, Counters, sizeof(Counters), NULL);
    State->Quota[0] = Counters[6];
    State->Quota[1] = Counters[8];
}

static void CountPool(STATE *State) {
    ULONG Length;
    if (NtQuerySystemInformation(22, Buffer, sizeof(Buffer), &Length) != STATUS_SUCCESS) {
        return;
    }
    State->Tags = *(PULONG)Buffer;
    for (ULONG i = 0; i < State->Tags && i < 512; i++) {
        PUCHAR Tag = Buffer + 8 + i * 0x28;
        State->Pool[i].Tag = AT(Tag, 0, ULONG);
        State->Pool[i].Bytes = AT(Tag, 0x10, SIZE_T) + AT(Tag, 0x20, SIZE_T);
    }
}

void TakeState(STATE *State) {
    *State = (STATE){0};
    NtQueryInformationProcess(SELF, 20, &State->Handles, sizeof(ULONG), NULL);
    CountQuota(State);
    CountObjects(State);
    CountPool(State);
}

ULONG AvailablePages(void) {
    ULONG Performance[344 / 4] = {0};
    NtQuerySystemInformation(2, Performance, sizeof(Performance), NULL);
    return Performance[0x2C / 4];
}

static SIZE_T BytesOf(const STATE *State, ULONG Tag) {
    for (ULONG i = 0; i < State->Tags; i++) {
        if (State->Pool[i].Tag == Tag) {
            return State->Pool[i].Bytes;
        }
    }
    return 0;
}

static char Words[128];

static const char *Say(const char *Format, ...) {
    va_list Args;
    va_start(Args, Format);
    int Length = _vsnprintf(Words, sizeof(Words) - 1, Format, Args);
    va_end(Args);
    Words[Length < 0 ? (int)sizeof(Words) - 1 : Length] = 0;
    return Words;
}

const char *CompareObjects(const STATE *Before, const STATE *After) {
    if (After->Handles != Before->Handles) {
        return Say("%u handles, were %u", After->Handles, Before->Handles);
    }
    for (ULONG i = 0; i < After->Types; i++) {
        if (After->Type[i].Objects != Before->Type[i].Objects) {
            return Say("%u objects of type %u, were %u", After->Type[i].Objects, i + 2,
                       Before->Type[i].Objects);
        }
        if (After->Type[i].Handles != Before->Type[i].Handles) {
            return Say("%u handles of type %u, were %u", After->Type[i].Handles, i + 2,
                       Before->Type[i].Handles);
        }
    }
    return NULL;
}

const char *CompareStates(const STATE *Before, const STATE *After) {
    if (CompareObjects(Before, After) != NULL) {
        return Words;
    }
    for (ULONG i = 0; i < 2; i++) {
        if (After->Quota[i] != Before->Quota[i]) {
            return Say("%u bytes of %s pool charged, were %u", (unsigned)After->Quota[i],
                       i == 0 ? "paged" : "nonpaged", (unsigned)Before->Quota[i]);
        }
    }
    for (ULONG i = 0; i < After->Tags; i++) {
        SIZE_T Old = BytesOf(Before, After->Pool[i].Tag);
        if (After->Pool[i].Bytes != Old) {
            return Say("%u bytes of pool %.4s, were %u", (unsigned)After->Pool[i].Bytes,
                       (const char *)&After->Pool[i].Tag, (unsigned)Old);
        }
    }
    return NULL;
}
