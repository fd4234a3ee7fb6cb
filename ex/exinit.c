/*
 * exinit.c - the executive support library
 *
 * Ex is what the components above Mm share, and what belongs to none of them:
 *
 *      handle.c, handlewalk.c, handlelist.c     handle tables
 *      pushlock.c, fmutex.c, rundown.c          locks for code that may wait
 *      work.c                                   worker threads
 *      ntevent.c, ntmutant.c, ntsemaphore.c     Ke's objects, with handles and names
 *      ntatom.c                                 names by numbers
 *      nttimer.c, ntkeyed.c                     timers with their APCs; keyed events
 *      ntwait.c                                 waits on handles
 *      ntsysinfo.c, ntsyslists.c, ntsys*.c      questions about the system
 *      nttime.c, ntdebugctl.c                   time; NtSystemDebugControl
 *
 * The handle tables and locks are below Ob, and know nothing of it. The files with nt in their
 * names are services: they stand on Ob as every other service does.
 */
#include "exp.h"
#include "hal.h"

/* Strings that Rtl functions allocate live in paged pool here; ntdll.dll has them in its heap. */
static PVOID ExpAllocateString(SIZE_T Size) {
    return ExAllocatePool2(POOL_FLAG_PAGED | POOL_FLAG_UNINITIALIZED, Size, 0x53747267);
}

static VOID ExpFreeString(PVOID String) {
    ExFreePool(String);
}

PVOID (*const RtlAllocateStringRoutine)(SIZE_T) = ExpAllocateString;
VOID (*const RtlFreeStringRoutine)(PVOID) = ExpFreeString;

ULONG NtGlobalFlag;

/* "/GFLAGS=4000": hexadecimal digits. */
static ULONG ExpReadGlobalFlags(VOID) {
    PCSTR Text = HalQueryLoadOption("GFLAGS");
    ULONG Flags = 0;
    for (; Text != NULL; Text++) {
        UCHAR Letter = (UCHAR)(*Text | 0x20);
        if (Letter >= '0' && Letter <= '9') {
            Flags = Flags * 16 + (Letter - '0');
        } else if (Letter >= 'a' && Letter <= 'f') {
            Flags = Flags * 16 + (Letter - 'a' + 10);
        } else {
            break;
        }
    }
    return Flags;
}

BOOLEAN ExInitSystem(_In_ ULONG Phase) {
    if (Phase == 0) {
        NtGlobalFlag = ExpReadGlobalFlags();
        ExpInitializeWork();
        return TRUE;
    }
    return NT_SUCCESS(ExpInitializeEvents()) && NT_SUCCESS(ExpInitializeMutants()) &&
           NT_SUCCESS(ExpInitializeSemaphores()) && NT_SUCCESS(ExpInitializeTimers()) &&
           NT_SUCCESS(ExpInitializeKeyedEvents()) && NT_SUCCESS(ExpInitializeAtoms());
}
