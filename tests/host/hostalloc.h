/* hostalloc.h - RtlAllocateStringRoutine for host tests: malloc, which can be told to fail. */
#ifndef _HOSTALLOC_H_
#define _HOSTALLOC_H_

#include "host.h"

static BOOLEAN HostAllocateFails;
static int HostAllocated; /* blocks not yet given back */

static PVOID HostAllocate(SIZE_T Size) {
    if (HostAllocateFails) {
        return NULL;
    }
    HostAllocated++;
    return malloc(Size);
}

static VOID HostFree(PVOID Buffer) {
    HostAllocated--;
    free(Buffer);
}

PVOID (*const RtlAllocateStringRoutine)(SIZE_T) = HostAllocate;
VOID (*const RtlFreeStringRoutine)(PVOID) = HostFree;

#endif
