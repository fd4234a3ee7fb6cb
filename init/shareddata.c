/*
 * shareddata.c - the constants of KUSER_SHARED_DATA, written once for all programs
 */
#include "initp.h"

/* The upper half tells a free build (F) from a checked build (C). */
ULONG NtBuildNumber = (DBG ? 0xC0000000 : 0xF0000000) | 19045;

#define TICK_COUNT_MULTIPLIER 0x0FA00000 /* 15.625 ms a tick, times 2^24 */

static VOID InitProcessorFeatures(BOOLEAN *Features) {
    Features[PF_COMPARE_EXCHANGE_DOUBLE] = TRUE;
    Features[PF_MMX_INSTRUCTIONS_AVAILABLE] = TRUE;
    Features[PF_XMMI_INSTRUCTIONS_AVAILABLE] = TRUE;
    Features[PF_RDTSC_INSTRUCTION_AVAILABLE] = TRUE;
    Features[PF_PAE_ENABLED] = TRUE;
    Features[PF_XMMI64_INSTRUCTIONS_AVAILABLE] = TRUE;
    Features[PF_NX_ENABLED] = TRUE;
    Features[PF_XSAVE_ENABLED] = (KeFeatureBits & KF_XSAVE) != 0;
}

VOID InitSharedUserData(PLOADER_PARAMETER_BLOCK LoaderBlock) {
    static const WCHAR SystemRoot[] = L"C:\\Windows";
    MM_STATISTICS Statistics;
    UNREFERENCED_PARAMETER(LoaderBlock);
    MmQueryStatistics(&Statistics);

    SharedUserData->TickCountMultiplier = TICK_COUNT_MULTIPLIER;
    SharedUserData->ImageNumberLow = SharedUserData->ImageNumberHigh = 0x8664;
    memcpy(SharedUserData->NtSystemRoot, SystemRoot, sizeof(SystemRoot));
    SharedUserData->LargePageMinimum = LARGE_PAGE_SIZE;
    SharedUserData->NtBuildNumber = NtBuildNumber & 0xFFFF;
    SharedUserData->NtProductType = NtProductWinNt;
    if (HalQueryLoadOption("SERVER")) {
        SharedUserData->NtProductType = NtProductServer;
        KeThreadQuantum = THREAD_QUANTUM_SERVER;
    }
    SharedUserData->ProductTypeIsValid = TRUE;
    SharedUserData->NativeProcessorArchitecture = 9; /* PROCESSOR_ARCHITECTURE_AMD64 */
    SharedUserData->NtMajorVersion = 10;
    SharedUserData->NtMinorVersion = 0;
    SharedUserData->SuiteMask = 0x110;   /* single user, terminal services */
    SharedUserData->NXSupportPolicy = 1; /* always on */
    SharedUserData->ActiveProcessorCount = KeNumberProcessors;
    SharedUserData->NumberOfPhysicalPages = (ULONG)Statistics.NumberOfPhysicalPages;
    SharedUserData->QpcFrequency = HAL_COUNTER_FREQUENCY;
    SharedUserData->SystemCall = HalQueryLoadOption("INT2E") ? 1 : 0;
    InitProcessorFeatures(SharedUserData->ProcessorFeatures);
}
