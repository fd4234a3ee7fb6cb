/*
 * ipp.h - what the files of this folder share: a text, of bytes or of characters, that is read from
 * its beginning
 */
#ifndef VITRINE_IPP_H
#define VITRINE_IPP_H

#include "ntrtl.h"
#include "ntrtlip.h"

typedef struct _RTLP_IP_TEXT {
    PCSTR Narrow; /* or NULL: then Wide */
    PCWSTR Wide;
    SIZE_T At;
} RTLP_IP_TEXT, *PRTLP_IP_TEXT;

FORCEINLINE RTLP_IP_TEXT RtlpIpNarrow(_In_ PCSTR Text) {
    RTLP_IP_TEXT Reader = {Text, NULL, 0};

    return Reader;
}

FORCEINLINE RTLP_IP_TEXT RtlpIpWide(_In_ PCWSTR Text) {
    RTLP_IP_TEXT Reader = {NULL, Text, 0};

    return Reader;
}

/* The character to be read next; a zero is never gone past. */
FORCEINLINE WCHAR RtlpIpNext(_In_ const RTLP_IP_TEXT *Text) {
    return Text->Narrow != NULL ? (UCHAR)Text->Narrow[Text->At] : Text->Wide[Text->At];
}

/* Goes past a character if it is that one. */
FORCEINLINE BOOLEAN RtlpIpSkip(_Inout_ PRTLP_IP_TEXT Text, _In_ WCHAR Character) {
    if (RtlpIpNext(Text) != Character) {
        return FALSE;
    }
    Text->At++;
    return TRUE;
}

/* ipnumber.c */
#define RTLP_IP_NO_DIGIT 16
ULONG RtlpIpDigit(_In_ const RTLP_IP_TEXT *Text);
BOOLEAN RtlpIpNumber(_Inout_ PRTLP_IP_TEXT Text, _In_ BOOLEAN DecimalOnly, _Out_ PULONG Value);
BOOLEAN RtlpIpPort(_Inout_ PRTLP_IP_TEXT Text, _Out_ PUSHORT Port);

#endif /* VITRINE_IPP_H */
