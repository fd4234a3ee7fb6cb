/*
 * structure.h - values and structures for arguments (structure.c), for value.c
 */
#ifndef VITRINE_FUZZ_STRUCTURE_H
#define VITRINE_FUZZ_STRUCTURE_H

#include "fuzz.h"

ULONG64 MakeNumber(RANDOM *Random);
ULONG64 Place(WORKER *Worker, ULONG Size, ULONG Alignment);
BOOL InArena(const WORKER *Worker, ULONG64 Address, ULONG64 Size);
void FillAtRandom(WORKER *Worker, ULONG64 Address, ULONG Size);
ULONG64 MakeName(WORKER *Worker);
ULONG64 MakeAttributes(WORKER *Worker);
ULONG64 MakeTextArgument(WORKER *Worker);
ULONG64 MakeCode(RANDOM *Random);
ULONG64 MakeContextArgument(WORKER *Worker);
ULONG64 MakeRecord(WORKER *Worker);
ULONG64 MakeClientId(WORKER *Worker);
ULONG64 MakeProcessAttributes(WORKER *Worker);
ULONG64 MakeTime(WORKER *Worker);
ULONG64 MakeValue(WORKER *Worker, ULONG64 Value);
ULONG64 MakeHandles(WORKER *Worker);

#endif
