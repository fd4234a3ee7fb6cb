/*
 * envp.h - what the files of this folder share
 *
 * An environment is one block of text: NAME=VALUE, a zero, the next, and one more zero at the end.
 * A name may begin with '=', so the sign that ends it is looked for from the second character on.
 * Names do not differ by case, and the block is sorted by them. A change makes a new block.
 *
 * The PEB's lock guards the process's own block, and is held while any block is read.
 */
#ifndef VITRINE_ENVP_H
#define VITRINE_ENVP_H

#include "ntdllp.h"

/* Text of known length, in characters; it need not be terminated. */
typedef struct _RTLP_TEXT {
    PCWSTR Buffer;
    SIZE_T Length;
} RTLP_TEXT, *PRTLP_TEXT;

/* envblock.c */
SIZE_T RtlpBlockLength(_In_ PCWSTR Block);
PCWSTR RtlpBlockOf(_In_opt_ PVOID Environment);
BOOLEAN RtlpFindVariable(_In_ PCWSTR Block, _In_ RTLP_TEXT Name, _Out_ PRTLP_TEXT Entry,
                         _Out_ PRTLP_TEXT Value);

FORCEINLINE RTLP_TEXT RtlpText(_In_ PCWSTR Buffer, _In_ SIZE_T Length) {
    RTLP_TEXT Text = {Buffer, Length};

    return Text;
}

#endif /* VITRINE_ENVP_H */
