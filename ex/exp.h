/*
 * exp.h - what the files of ex/ share.
 *
 * Locks of this component, in the order in which they may be nested:
 *
 *   1. HandleTableListLock            the list of all handle tables
 *   2. a HANDLE_TABLE_ENTRY's lock    one entry: what the handle means (held over callbacks)
 *   3. HANDLE_TABLE.HandleTableLock   growing: TableCode, NextHandleNeedingPool
 *   4. FreeLists[].FreeListLock       the free entries and the count
 *
 * HandleContentionEvent is a push lock by type only: threads sleep on it, nobody owns it.
 */
#ifndef VITRINE_EXP_H
#define VITRINE_EXP_H

#include "ex.h"

#ifndef NTOS_HOST
#include "kd.h"
#include "ntexapi.h"
#include "ntstatus.h"
#endif

/* Stores a value that other processors may act upon: everything written before it is visible first.
 */
#define ExpPublish(place, value) __atomic_store_n(&(place), (value), __ATOMIC_RELEASE)

#define EXP_TAG_HANDLE_TABLE 0x6274624f /* 'Obtb', as Windows tags handle tables */

/* handle.c */
PHANDLE_TABLE ExpAllocateHandleTable(_In_opt_ struct _EPROCESS *Process);
VOID ExpFreeHandleTable(_In_ PHANDLE_TABLE HandleTable);
BOOLEAN ExpGrowHandleTable(_Inout_ PHANDLE_TABLE HandleTable, _In_ BOOLEAN Always);
DECLSPEC_RARE VOID ExpAppendFreeEntry(_Inout_ PHANDLE_TABLE_FREE_LIST FreeList,
                                      _Inout_ PHANDLE_TABLE_ENTRY Entry);

/* handlelist.c */
VOID ExpInsertHandleTable(_Inout_ PHANDLE_TABLE HandleTable);

#ifndef NTOS_HOST
/* work.c */
VOID ExpInitializeWork(VOID);

/* ntsysinfo.c, ntsyslists.c */
NTSTATUS ExpWriteReturnLength(_Out_opt_ PULONG ReturnLength, _In_ ULONG Length,
                              _In_ NTSTATUS Status);

/* An answer in the making: written into Answer while there is room, counted on when there is none.
 */
typedef struct _EXP_WRITER {
    PUCHAR Answer;
    PUCHAR UserAddress; /* where Answer will lie */
    ULONG Length;
    ULONG Used;
} EXP_WRITER, *PEXP_WRITER;

/* The next Size bytes, NULL where they do not fit. */
FORCEINLINE PVOID ExpReserve(_Inout_ PEXP_WRITER Writer, _In_ ULONG Size) {
    PUCHAR Place = Writer->Answer + Writer->Used;
    Writer->Used += Size;
    return Writer->Used <= Writer->Length ? Place : NULL;
}

/* ntsysperf.c, ntsysproc.c, ntsysobj.c: what ntsysinfo.c and ntsyslists.c hand on */
VOID ExpQueryPerformance(_Out_ PVOID Buffer);
NTSTATUS ExpQueryProcessors(_In_ SYSTEM_INFORMATION_CLASS Class, _Out_ PVOID Destination,
                            _In_ ULONG Length, _Out_opt_ PULONG ReturnLength);
ULONG ExpListObjects(_Out_ PVOID Answer, _In_ ULONG Length, _In_ PVOID UserAddress);
ULONG ExpListProcesses(_Out_ PVOID Answer, _In_ ULONG Length, _In_ PVOID UserAddress);
NTSTATUS ExpQuerySystemList(_In_ SYSTEM_INFORMATION_CLASS Class, _Out_ PVOID Destination,
                            _In_ ULONG Length, _Out_opt_ PULONG ReturnLength);

/* ntevent.c, ntmutant.c, ntsemaphore.c: the object types */
NTSTATUS ExpInitializeEvents(VOID);
NTSTATUS ExpInitializeMutants(VOID);
NTSTATUS ExpInitializeSemaphores(VOID);

/* nttimer.c, ntkeyed.c */
NTSTATUS ExpInitializeTimers(VOID);
NTSTATUS ExpInitializeKeyedEvents(VOID);
NTSTATUS ExpInitializeAtoms(VOID); /* ntatom.c */
#endif

#endif
