/*
 * secp.h - what the files about security descriptors share
 */
#ifndef VITRINE_SECP_H
#define VITRINE_SECP_H

#include "ntrtl.h"
#include "ntrtlsec.h"

/* acl.c: a SID, or a list, that is valid and no longer than Room bytes. */
BOOLEAN RtlpIsSidWithin(_In_ const VOID *Sid, _In_ ULONG Room);
BOOLEAN RtlpIsAclWithin(_In_ const ACL *Acl, _In_ ULONG Room);

/* The parts of a descriptor of either form; NULL for one that is not there. */
typedef struct _RTLP_SD_PARTS {
    PSID Owner;
    PSID Group;
    PACL Sacl;
    PACL Dacl;
} RTLP_SD_PARTS, *PRTLP_SD_PARTS;

/* sd.c */
VOID RtlpGetParts(_In_ PSECURITY_DESCRIPTOR SecurityDescriptor, _Out_ PRTLP_SD_PARTS Parts);

FORCEINLINE BOOLEAN RtlpIsSelfRelative(_In_ PSECURITY_DESCRIPTOR SecurityDescriptor) {
    return (((PISECURITY_DESCRIPTOR)SecurityDescriptor)->Control & SE_SELF_RELATIVE) != 0;
}

FORCEINLINE ULONG RtlpSidLength(_In_opt_ PSID Sid) {
    return Sid != NULL ? RtlLengthSid(Sid) : 0;
}

FORCEINLINE ULONG RtlpAclLength(_In_opt_ PACL Acl) {
    return Acl != NULL ? Acl->AclSize : 0;
}

/* Parts begin at multiples of 4. */
FORCEINLINE ULONG RtlpLongAlign(_In_ ULONG Length) {
    return (Length + 3) & ~3u;
}

#endif
