/*
 * ntdos.c - Win32 error codes for statuses
 *
 * The Win32 layer reports in the error codes of DOS and OS/2 what the kernel reports in NTSTATUS.
 * Many statuses share one code, so there is no way back. Any IRQL.
 *
 * There are two tables of pairs: statuses that ntstatus.h names, and the others (RPC, IPSEC, volume
 * manager, side by side, security packages, ...), which only this function knows.
 *
 * Source: WDK, RtlNtStatusToDosError; the table of pairs in Microsoft's knowledge base (KB113996).
 */
#include "ntdef.h"
#include "ntrtl.h"

#define ERROR_MR_MID_NOT_FOUND 317

#define CUSTOMER_BIT 0x20000000u

typedef struct _RTLP_STATUS_ERROR {
    ULONG Status;
    ULONG Error;
} RTLP_STATUS_ERROR;

static const RTLP_STATUS_ERROR RtlpStatusErrors[] = {
#include "ntdosmap.h"
};

static const RTLP_STATUS_ERROR RtlpUnnamedErrors[] = {
#include "ntdosrest.h"
};

/* The error of Status in a sorted table, or ERROR_MR_MID_NOT_FOUND. */
static ULONG RtlpFindError(const RTLP_STATUS_ERROR *Errors, ULONG Count, ULONG Status) {
    ULONG Low = 0;
    ULONG High = Count;

    while (Low < High) {
        ULONG Middle = (Low + High) / 2;
        if (Errors[Middle].Status == Status) {
            return Errors[Middle].Error;
        }
        if (Errors[Middle].Status < Status) {
            Low = Middle + 1;
        } else {
            High = Middle;
        }
    }
    return ERROR_MR_MID_NOT_FOUND;
}

/*
 * RtlNtStatusToDosErrorNoTeb - the Win32 error for a status. A customer's status stands for itself;
 * an HRESULT or a status made of a Win32 error (8007xxxx, C007xxxx) and an RPC status (C001xxxx) hold
 * theirs.
 */
ULONG NTAPI RtlNtStatusToDosErrorNoTeb(_In_ NTSTATUS Status) {
    ULONG Code = (ULONG)Status;

    if ((Code & CUSTOMER_BIT) != 0) {
        return Code;
    }
    if ((Code & 0xF0000000u) == 0xD0000000u) {
        Code &= ~0x10000000u; /* FACILITY_NT_BIT: a status dressed as an HRESULT */
    }
    if (HIWORD(Code) == 0x8007 || HIWORD(Code) == 0xC001 || HIWORD(Code) == 0xC007) {
        return LOWORD(Code);
    }
    ULONG Error = RtlpFindError(RtlpStatusErrors, ARRAYSIZE(RtlpStatusErrors), Code);
    return Error != ERROR_MR_MID_NOT_FOUND
               ? Error
               : RtlpFindError(RtlpUnnamedErrors, ARRAYSIZE(RtlpUnnamedErrors), Code);
}

/* RtlNtStatusToDosError - the same; in ntdll it also leaves the status in the TEB. */
ULONG NTAPI RtlNtStatusToDosError(_In_ NTSTATUS Status) {
#if defined(NTOS_USER)
    NtCurrentTeb()->LastStatusValue = Status;
#endif
    return RtlNtStatusToDosErrorNoTeb(Status);
}
