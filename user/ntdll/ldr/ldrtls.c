/*
 * ldrtls.c - implicit thread-local storage
 *
 * An image with thread-local variables has a TLS directory: a template of their initial values and
 * the place of an index. The loader gives each such image an index; each thread has, at
 * TEB.ThreadLocalStoragePointer, an array of pointers, and under that index the thread's own copy
 * of the template. Compiled code reads gs:[58h], the index, and goes from there, with no call at
 * all.
 *
 *      TEB --> ModuleTlsData[] --+--> block of image 0
 *                                +--> block of image 1
 *
 * An array is longer than needed, so that an image loaded later mostly finds room in it. When it
 * does not, every thread gets a new array; the old ones are kept until their thread ends, because
 * that thread may have read its TEB just before. The blocks of a new image are given to all threads
 * by the thread that loads it, through the list of arrays. (Windows does the same, but has the
 * kernel find the threads: NtSetInformationProcess, ProcessTlsInformation.)
 *
 * LdrpLoaderLock guards all of this.
 */

#include "ntdllp.h"

#define LDRP_TLS_SPARE 8
#define LDRP_NO_TLS    ((USHORT) - 1)

typedef struct _TLS_VECTOR {
    LIST_ENTRY Links; /* in LdrpTlsVectors: one for each thread */
    PTEB Teb;
    struct _TLS_VECTOR *PreviousDeferredTlsVector;
    ULONG Length;
    ULONG Padding;
    PVOID ModuleTlsData[];
} TLS_VECTOR, *PTLS_VECTOR;

static LIST_ENTRY LdrpTlsVectors = {&LdrpTlsVectors, &LdrpTlsVectors};

/* The modules that have an index; a slot is free while its directory is NULL. */
static ULONG LdrpTlsLength;
static PIMAGE_TLS_DIRECTORY64 *LdrpTlsDirectories;

static PIMAGE_TLS_DIRECTORY64 LdrpTlsDirectory(_In_ PLDR_DATA_TABLE_ENTRY Entry) {
    ULONG Size;
    PIMAGE_TLS_DIRECTORY64 Directory =
        RtlImageDirectoryEntryToData(Entry->DllBase, TRUE, IMAGE_DIRECTORY_ENTRY_TLS, &Size);

    return Size >= sizeof(*Directory) ? Directory : NULL;
}

/* A thread's copy of an image's template, aligned as the image wants it. */
static PVOID LdrpAllocateTlsBlock(_In_ PIMAGE_TLS_DIRECTORY64 Directory) {
    SIZE_T Raw = Directory->EndAddressOfRawData - Directory->StartAddressOfRawData;
    ULONG Shift = (Directory->Characteristics >> 20) & 0xF;
    SIZE_T Alignment = Shift > 5 ? (SIZE_T)1 << (Shift - 1) : 16;
    SIZE_T Size = Raw + Directory->SizeOfZeroFill;
    PUCHAR Memory = RtlAllocateHeap(LdrpHeap(), HEAP_ZERO_MEMORY, Size + Alignment + sizeof(PVOID));
    PUCHAR Block;

    if (Memory == NULL) {
        return NULL;
    }
    /* In front of the block stands what RtlFreeHeap has to be given. */
    Block = (PUCHAR)ALIGN_UP_BY(Memory + sizeof(PVOID), Alignment);
    ((PVOID *)Block)[-1] = Memory;
    RtlCopyMemory(Block, (PVOID)Directory->StartAddressOfRawData, Raw);
    return Block;
}

static VOID LdrpFreeTlsBlock(_In_opt_ PVOID Block) {
    if (Block != NULL) {
        RtlFreeHeap(LdrpHeap(), 0, ((PVOID *)Block)[-1]);
    }
}

static PTLS_VECTOR LdrpAllocateVector(_In_ PTEB Teb, _In_ ULONG Length) {
    PTLS_VECTOR Vector =
        RtlAllocateHeap(LdrpHeap(), HEAP_ZERO_MEMORY, sizeof(TLS_VECTOR) + Length * sizeof(PVOID));

    if (Vector != NULL) {
        Vector->Teb = Teb;
        Vector->Length = Length;
    }
    return Vector;
}

/* LdrpAllocateThreadTls - gives the current thread its array (of none, at first) and blocks. */
NTSTATUS LdrpAllocateThreadTls(VOID) {
    PTLS_VECTOR Vector;
    ULONG Index;

    Vector = LdrpAllocateVector(NtCurrentTeb(), LdrpTlsLength);
    if (Vector == NULL) {
        return STATUS_NO_MEMORY;
    }
    InsertTailList(&LdrpTlsVectors, &Vector->Links);
    NtCurrentTeb()->ThreadLocalStoragePointer = Vector->ModuleTlsData;
    for (Index = 0; Index < LdrpTlsLength; Index++) {
        if (LdrpTlsDirectories[Index] == NULL) {
            continue;
        }
        Vector->ModuleTlsData[Index] = LdrpAllocateTlsBlock(LdrpTlsDirectories[Index]);
        if (Vector->ModuleTlsData[Index] == NULL) {
            LdrpFreeThreadTls();
            return STATUS_NO_MEMORY;
        }
    }
    return STATUS_SUCCESS;
}

/* LdrpFreeThreadTls - the current thread ends: its blocks and all its arrays go. */
VOID LdrpFreeThreadTls(VOID) {
    PVOID Data = NtCurrentTeb()->ThreadLocalStoragePointer;
    PTLS_VECTOR Vector, Previous;
    ULONG Index;

    if (Data == NULL) {
        return;
    }
    Vector = CONTAINING_RECORD(Data, TLS_VECTOR, ModuleTlsData);
    NtCurrentTeb()->ThreadLocalStoragePointer = NULL;
    RemoveEntryList(&Vector->Links);
    for (Index = 0; Index < Vector->Length; Index++) {
        LdrpFreeTlsBlock(Vector->ModuleTlsData[Index]);
    }
    for (; Vector != NULL; Vector = Previous) {
        Previous = Vector->PreviousDeferredTlsVector;
        RtlFreeHeap(LdrpHeap(), 0, Vector);
    }
}

/* Makes the table of directories, and every thread's array, LDRP_TLS_SPARE longer. */
static NTSTATUS LdrpGrowTls(VOID) {
    ULONG Length = LdrpTlsLength + LDRP_TLS_SPARE;
    PIMAGE_TLS_DIRECTORY64 *Directories =
        RtlAllocateHeap(LdrpHeap(), HEAP_ZERO_MEMORY, Length * sizeof(PVOID));
    PLIST_ENTRY Link;

    if (Directories == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (Link = LdrpTlsVectors.Flink; Link != &LdrpTlsVectors; Link = Link->Flink) {
        PTLS_VECTOR Old = CONTAINING_RECORD(Link, TLS_VECTOR, Links);
        PTLS_VECTOR New = Old->Length < Length ? LdrpAllocateVector(Old->Teb, Length) : Old;

        if (New == NULL) {
            RtlFreeHeap(LdrpHeap(), 0, Directories);
            return STATUS_NO_MEMORY; /* longer arrays of some threads do no harm */
        }
        if (New != Old) {
            RtlCopyMemory(New->ModuleTlsData, Old->ModuleTlsData, Old->Length * sizeof(PVOID));
            New->PreviousDeferredTlsVector = Old;
            InsertTailList(&Old->Links, &New->Links);
            RemoveEntryList(&Old->Links);
            __atomic_store_n(&New->Teb->ThreadLocalStoragePointer, New->ModuleTlsData,
                             __ATOMIC_RELEASE);
            Link = &New->Links;
        }
    }
    if (LdrpTlsLength != 0) {
        RtlCopyMemory(Directories, LdrpTlsDirectories, LdrpTlsLength * sizeof(PVOID));
        RtlFreeHeap(LdrpHeap(), 0, LdrpTlsDirectories);
    }
    LdrpTlsDirectories = Directories;
    LdrpTlsLength = Length;
    return STATUS_SUCCESS;
}

/* Every thread that has an array gets its copy of a template. */
static NTSTATUS LdrpGiveBlocks(_In_ ULONG Index, _In_ PIMAGE_TLS_DIRECTORY64 Directory) {
    PLIST_ENTRY Link;

    for (Link = LdrpTlsVectors.Flink; Link != &LdrpTlsVectors; Link = Link->Flink) {
        PTLS_VECTOR Vector = CONTAINING_RECORD(Link, TLS_VECTOR, Links);

        Vector->ModuleTlsData[Index] = LdrpAllocateTlsBlock(Directory);
        if (Vector->ModuleTlsData[Index] == NULL) {
            return STATUS_NO_MEMORY;
        }
    }
    return STATUS_SUCCESS;
}

/* A directory may say anything: what the loader itself reads and writes must be in the image. */
static BOOLEAN LdrpTlsDirectoryIsSane(_In_ PLDR_DATA_TABLE_ENTRY Entry,
                                      _In_ PIMAGE_TLS_DIRECTORY64 Directory) {
    ULONG64 Base = (ULONG64)Entry->DllBase;
    ULONG64 Size = Entry->SizeOfImage;
    ULONG64 Start = Directory->StartAddressOfRawData - Base;
    ULONG64 End = Directory->EndAddressOfRawData - Base;
    ULONG64 Index = Directory->AddressOfIndex - Base;

    return (Directory->StartAddressOfRawData == Directory->EndAddressOfRawData ||
            (Start <= End && End <= Size)) &&
           Index <= Size - sizeof(ULONG);
}

/* LdrpHandleTlsData - gives a module its index, if it has thread-local variables. */
NTSTATUS LdrpHandleTlsData(_In_ PLDR_DATA_TABLE_ENTRY Entry) {
    PIMAGE_TLS_DIRECTORY64 Directory = LdrpTlsDirectory(Entry);
    ULONG Index = 0;
    NTSTATUS Status = STATUS_SUCCESS;

    Entry->TlsIndex = 0;
    if (Directory == NULL) {
        return STATUS_SUCCESS;
    }
    if (!LdrpTlsDirectoryIsSane(Entry, Directory)) {
        return STATUS_INVALID_IMAGE_FORMAT;
    }
    while (Index < LdrpTlsLength && LdrpTlsDirectories[Index] != NULL) {
        Index++;
    }
    if (Index == LdrpTlsLength) {
        Status = LdrpGrowTls();
    }
    if (NT_SUCCESS(Status)) {
        LdrpTlsDirectories[Index] = Directory;
        *(PULONG)Directory->AddressOfIndex = Index;
        Entry->TlsIndex = LDRP_NO_TLS; /* as in Windows: says only that there is an index */
        Status = LdrpGiveBlocks(Index, Directory);
    }
    return Status;
}

/* LdrpReleaseTlsData - a module goes: its index becomes free, and all threads' blocks with it. */
VOID LdrpReleaseTlsData(_In_ PLDR_DATA_TABLE_ENTRY Entry) {
    PIMAGE_TLS_DIRECTORY64 Directory = LdrpTlsDirectory(Entry);
    PLIST_ENTRY Link;
    ULONG Index = 0;

    while (Index < LdrpTlsLength && LdrpTlsDirectories[Index] != Directory) {
        Index++;
    }
    if (Directory == NULL || Index == LdrpTlsLength) {
        return;
    }
    LdrpTlsDirectories[Index] = NULL;
    for (Link = LdrpTlsVectors.Flink; Link != &LdrpTlsVectors; Link = Link->Flink) {
        PTLS_VECTOR Vector = CONTAINING_RECORD(Link, TLS_VECTOR, Links);

        LdrpFreeTlsBlock(Vector->ModuleTlsData[Index]);
        Vector->ModuleTlsData[Index] = NULL;
    }
}

/* LdrpCallTlsInitializers - calls an image's TLS callbacks, which have the form of DllMain. */
VOID LdrpCallTlsInitializers(_In_ PLDR_DATA_TABLE_ENTRY Entry, _In_ ULONG Reason) {
    PIMAGE_TLS_DIRECTORY64 Directory = LdrpTlsDirectory(Entry);
    PLDR_INIT_ROUTINE *Callback;

    if (Directory == NULL || Directory->AddressOfCallBacks == 0) {
        return;
    }
    for (Callback = (PLDR_INIT_ROUTINE *)Directory->AddressOfCallBacks; *Callback != NULL;
         Callback++) {
        (*Callback)(Entry->DllBase, Reason, NULL);
    }
}
