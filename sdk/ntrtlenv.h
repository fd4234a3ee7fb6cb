/*
 * ntrtlenv.h - environments: blocks of NAME=VALUE strings
 *
 * User-mode functions (user/ntdll/env/). An Environment of NULL is the process's own. Lengths are in
 * characters, except where a UNICODE_STRING or a ULONG counts bytes.
 *
 * Sources: phnt; GetEnvironmentVariable, SetEnvironmentVariable, ExpandEnvironmentStrings and
 * "Environment Variables" (learn.microsoft.com); nullprogram.com/blog/2023/08/23.
 */
#ifndef VITRINE_NTRTLENV_H
#define VITRINE_NTRTLENV_H

#include "ntdef.h"

/* RtlCreateEnvironmentEx: the source is ANSI text, or OEM text (both flags); take no source. */
#define RTL_CREATE_ENVIRONMENT_TRANSLATE          0x1
#define RTL_CREATE_ENVIRONMENT_TRANSLATE_FROM_OEM 0x2
#define RTL_CREATE_ENVIRONMENT_EMPTY              0x4

/*
 * A new block: empty, or a copy of the process's or of SourceEnvironment. To be freed by
 * RtlDestroyEnvironment. STATUS_NO_MEMORY; STATUS_INVALID_PARAMETER for unknown flags.
 */
NTSTATUS NTAPI RtlCreateEnvironment(_In_ BOOLEAN CloneCurrentEnvironment, _Out_ PVOID *Environment);
NTSTATUS NTAPI RtlCreateEnvironmentEx(_In_opt_ PVOID SourceEnvironment, _Out_ PVOID *Environment,
                                      _In_ ULONG Flags);
NTSTATUS NTAPI RtlDestroyEnvironment(_In_opt_ PVOID Environment);

/* Makes a block the process's own. The old one goes to the caller, or is freed. */
NTSTATUS NTAPI RtlSetCurrentEnvironment(_In_ PVOID Environment,
                                        _Out_opt_ PVOID *PreviousEnvironment);

/*
 * Sets a variable, or removes it (no Value). *Environment may be moved. A name may begin with '='
 * but has none after that.
 *
 * STATUS_INVALID_PARAMETER_1 (an empty name), STATUS_INVALID_PARAMETER ('=' inside the name, a zero
 * in name or value, too long), STATUS_NO_MEMORY. To remove what is not there is a success.
 */
NTSTATUS NTAPI RtlSetEnvironmentVariable(_Inout_opt_ PVOID *Environment, _In_ PCUNICODE_STRING Name,
                                         _In_opt_ PCUNICODE_STRING Value);
NTSTATUS NTAPI RtlSetEnvironmentVar(_Inout_opt_ PVOID *Environment, _In_ PCWSTR Name,
                                    _In_ SIZE_T NameLength, _In_opt_ PCWSTR Value,
                                    _In_ SIZE_T ValueLength);

/*
 * A variable's value; a zero follows it where there is room. STATUS_VARIABLE_NOT_FOUND, with the
 * length 0; STATUS_BUFFER_TOO_SMALL: _U gives the value's length, the other form the size needed
 * with the zero.
 */
NTSTATUS NTAPI RtlQueryEnvironmentVariable_U(_In_opt_ PVOID Environment, _In_ PCUNICODE_STRING Name,
                                             _Inout_ PUNICODE_STRING Value);
NTSTATUS NTAPI RtlQueryEnvironmentVariable(_In_opt_ PVOID Environment, _In_ PCWSTR Name,
                                           _In_ SIZE_T NameLength, _Out_ PWSTR Value,
                                           _In_ SIZE_T ValueLength, _Out_ PSIZE_T ReturnLength);

/*
 * Source with each %NAME% replaced by the variable's value; a name that is not there stays as it
 * is. The zero at the end is counted in the returned length. STATUS_BUFFER_TOO_SMALL: Destination
 * has what fits, without a zero.
 */
NTSTATUS NTAPI RtlExpandEnvironmentStrings_U(_In_opt_ PVOID Environment,
                                             _In_ PCUNICODE_STRING Source,
                                             _Inout_ PUNICODE_STRING Destination,
                                             _Out_opt_ PULONG ReturnedLength);
NTSTATUS NTAPI RtlExpandEnvironmentStrings(_In_opt_ PVOID Environment, _In_ PCWSTR Source,
                                           _In_ SIZE_T SourceLength, _Out_ PWSTR Destination,
                                           _In_ SIZE_T DestinationLength,
                                           _Out_opt_ PSIZE_T ReturnLength);

#endif /* VITRINE_NTRTLENV_H */
