/* ntlayout.h - assertions on layouts that cross the user boundary.
 *
 * A field's offset is part of the ABI: compiled programs, debuggers and assembly rely on it. Each
 * header that declares such a structure proves the offsets with these two macros.
 */
#ifndef _NTLAYOUT_H_
#define _NTLAYOUT_H_

#define CHECK_OFFSET(Type, Field, Offset)                                                          \
    _Static_assert(__builtin_offsetof(Type, Field) == (Offset), #Type "." #Field " is misplaced")

#define CHECK_SIZE(Type, Size) _Static_assert(sizeof(Type) == (Size), "wrong size of " #Type)

#ifndef DECLSPEC_ALIGN
#define DECLSPEC_ALIGN(Bytes) __attribute__((aligned(Bytes)))
#endif

#endif /* _NTLAYOUT_H_ */
