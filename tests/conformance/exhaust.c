/* Takes all memory that there is, in several ways, and gives it back: nothing but statuses. */
#include "guard.h"

#define CHUNK (1 << 20)

static void Touch(PVOID Where) {
    *(volatile char *)Where = 1;
}

static NTSTATUS Allocate(PVOID *Base, SIZE_T Size, ULONG Type) {
    return NtAllocateVirtualMemory(SELF, Base, 0, &Size, Type, PAGE_READWRITE);
}

static void Release(PVOID Base) {
    SIZE_T Size = 0;
    NtFreeVirtualMemory(SELF, &Base, &Size, MEM_RELEASE);
}

static PVOID Chunks[16384];

/* Commits and touches until it is refused; what was promised must be there. */
static ULONG Dense(void) {
    ULONG Count = 0;
    NTSTATUS End = STATUS_SUCCESS;
    for (;; Count++) {
        Chunks[Count] = NULL;
        End = Allocate(&Chunks[Count], CHUNK, MEM_RESERVE | MEM_COMMIT);
        if (!NT_SUCCESS(End)) {
            break;
        }
        for (ULONG i = 0; i < CHUNK; i += PAGE) {
            Touch((PUCHAR)Chunks[Count] + i);
        }
    }
    for (ULONG i = 0; i < Count; i++) {
        Release(Chunks[i]);
    }
    ShowStatus("refused with", End);
    return Count;
}

/*
 * One page in each 2 MiB: every page needs a page table of its own, which is not charged, so the
 * end may come with the commit or with the touch.
 */
static void Sparse(void) {
    PVOID Base = NULL;
    SIZE_T Space = (SIZE_T)1 << 40;
    NTSTATUS Status = Allocate(&Base, Space, MEM_RESERVE);
    Print("reserve 1 TiB: %08x\n", (unsigned)Status);
    for (SIZE_T i = 0; i < Space && NT_SUCCESS(Status); i += 0x200000) {
        PVOID Page = (PUCHAR)Base + i;
        Status = Allocate(&Page, PAGE, MEM_COMMIT);
        if (NT_SUCCESS(Status)) {
            Status = Guard(Touch, Page);
        }
    }
    Check("ended with a status", Status == STATUS_NO_MEMORY || Status == STATUS_COMMITMENT_LIMIT);
    Release(Base);
}

void Start(void) {
    /* Brings the code that dispatches an exception into memory while there is some. */
    Guard(Touch, NULL);
    ULONG First = Dense();
    Check("as much again", Dense() == First);
    Sparse();
    Check("and again", Dense() == First);
    Exit(0);
}
