/*
 * shape.h - the shapes of system services: what kind of value each argument takes
 *
 * fuzz_shapes.h, which has the rows, is made by tests/fuzz/genshapes.py of sdk/services.tbl and the
 * prototypes of sdk/nt*.h.
 */
#ifndef VITRINE_FUZZ_SHAPE_H
#define VITRINE_FUZZ_SHAPE_H

#include "../../conformance/spawn.h"

typedef enum _KIND {
    Kind_NUMBER,       /* a number that means something to the service */
    Kind_BOOLEAN,      /* Table: 1 if it is TRUE mostly */
    Kind_ENUM,         /* Table: its values */
    Kind_FLAGS,        /* Table: its bits */
    Kind_ACCESS,       /* an access mask; Table: rights */
    Kind_ATOM,         /* */
    Kind_ID,           /* of a thread or a process */
    Kind_HANDLE,       /* Table: the class of the handle */
    Kind_COUNT,        /* the number of elements in the array that follows */
    Kind_LENGTH,       /* of the buffer before it */
    Kind_IN,           /* a buffer that is read */
    Kind_OUT,          /* a buffer that is written, and perhaps read */
    Kind_OUTHANDLE,    /* receives a handle of the class Table */
    Kind_HANDLES,      /* an array of handles */
    Kind_TIME,         /* a LARGE_INTEGER: time-out, due time */
    Kind_LARGE,        /* a LARGE_INTEGER: offset, size */
    Kind_BASE,         /* a PVOID that is read and written: the base of a range */
    Kind_SIZE,         /* a SIZE_T that is read and written: the size of a range */
    Kind_ADDRESS,      /* an address that the service looks at, but does not read or write */
    Kind_CODE,         /* the address of a function */
    Kind_TEXT,         /* WCHARs, with a length in the next argument */
    Kind_NAME,         /* UNICODE_STRING */
    Kind_ATTRIBUTES,   /* OBJECT_ATTRIBUTES */
    Kind_CONTEXT,      /* CONTEXT */
    Kind_RECORD,       /* EXCEPTION_RECORD */
    Kind_CLIENTID,     /* CLIENT_ID */
    Kind_PSATTRIBUTES, /* PS_ATTRIBUTE_LIST */
} KIND;

#define MAXIMUM_ARGUMENTS 19

typedef struct _ARGUMENT {
    UCHAR Kind;
    UCHAR Table;
} ARGUMENT;

typedef struct _SHAPE {
    USHORT Number;
    UCHAR Count;
    UCHAR Seldom; /* 0: as often as any, 1: seldom, 2: once in a long while */
    const char *Name;
    ARGUMENT Arguments[MAXIMUM_ARGUMENTS];
} SHAPE;

typedef struct _VALUES {
    ULONG Count;
    const ULONG *Values;
} VALUES;

extern const SHAPE Shapes[];
extern const VALUES Tables[];
extern const ULONG ShapeCount, ClassCount;
extern const char *const ClassNames[];

#endif
