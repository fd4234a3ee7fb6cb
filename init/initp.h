/*
 * initp.h - declarations shared by the files of init/
 */
#ifndef VITRINE_INITP_H
#define VITRINE_INITP_H

#include "ke.h"
#include "hal.h"
#include "kd.h"
#include "mm.h"
#include "ex.h"
#include "ob.h"
#include "se.h"
#include "ps.h"
#include "io.h"
#include "ntrtl.h"

/* shareddata.c: the constants of KUSER_SHARED_DATA. */
VOID InitSharedUserData(_In_ PLOADER_PARAMETER_BLOCK LoaderBlock);

/* processors.c: starts the other processors, as many as /NUMPROC allows. */
VOID InitStartProcessors(VOID);

/* program.c: runs the program that the boot options name and reports its outcome. */
VOID InitRunFirstProgram(_In_ PLOADER_PARAMETER_BLOCK LoaderBlock);

VOID InitDebugPrint(_In_reads_bytes_(Length) PCSTR Text, _In_ ULONG Length);
PCSTR InitCurrentImageName(VOID);

#endif
