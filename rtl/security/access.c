/*
 * access.c - access masks and locally unique identifiers
 *
 * Any IRQL. Sources: WDK, RtlAreAllAccessesGranted, RtlMapGenericMask, RtlCopyLuid; phnt.
 */
#include "ntrtl.h"
#include "ntrtlsec.h"

BOOLEAN NTAPI RtlAreAllAccessesGranted(_In_ ACCESS_MASK GrantedAccess,
                                       _In_ ACCESS_MASK DesiredAccess) {
    return (DesiredAccess & ~GrantedAccess) == 0;
}

BOOLEAN NTAPI RtlAreAnyAccessesGranted(_In_ ACCESS_MASK GrantedAccess,
                                       _In_ ACCESS_MASK DesiredAccess) {
    return (GrantedAccess & DesiredAccess) != 0;
}

/* RtlMapGenericMask - replaces generic rights by what they mean for one type of object. */
VOID NTAPI RtlMapGenericMask(_Inout_ PACCESS_MASK AccessMask,
                             _In_ const GENERIC_MAPPING *GenericMapping) {
    ACCESS_MASK Mask = *AccessMask;

    if ((Mask & GENERIC_READ) != 0) {
        Mask |= GenericMapping->GenericRead;
    }
    if ((Mask & GENERIC_WRITE) != 0) {
        Mask |= GenericMapping->GenericWrite;
    }
    if ((Mask & GENERIC_EXECUTE) != 0) {
        Mask |= GenericMapping->GenericExecute;
    }
    if ((Mask & GENERIC_ALL) != 0) {
        Mask |= GenericMapping->GenericAll;
    }
    *AccessMask = Mask & ~(GENERIC_READ | GENERIC_WRITE | GENERIC_EXECUTE | GENERIC_ALL);
}

VOID NTAPI RtlCopyLuid(_Out_ PLUID DestinationLuid, _In_ PLUID SourceLuid) {
    *DestinationLuid = *SourceLuid;
}

VOID NTAPI RtlCopyLuidAndAttributesArray(_In_ ULONG Count, _In_ PLUID_AND_ATTRIBUTES Src,
                                         _Out_ PLUID_AND_ATTRIBUTES Dest) {
    RtlMoveMemory(Dest, Src, (SIZE_T)Count * sizeof(*Src));
}
