/*
 * walk.h - failure injection: what the walk and the list of services share
 *
 * A row of services.h is one call: the service, what is special about this call, what may be
 * returned when memory is refused, the call itself, and what undoes it. It may be of several
 * statements, in the form ({ ...; Status; }).
 */
#ifndef WALK_H
#define WALK_H

#include "../conformance/threading.h"

/* Statuses that a refusal may have; where one of the first two is allowed, a charge may be refused,
   too: STATUS_QUOTA_EXCEEDED. */
#define POOL     1 /* STATUS_INSUFFICIENT_RESOURCES: objects, handles, IRPs */
#define MEMORY   2 /* STATUS_NO_MEMORY, STATUS_COMMITMENT_LIMIT: pages of a program */
#define TOLERANT 4 /* success: the service can do without */

typedef struct _ROW {
    const char *Service;
    const char *What;
    ULONG Allowed;
    NTSTATUS (*Call)(void);
    void (*Undo)(void);
} ROW;

extern const ROW Rows[];
extern const ULONG RowCount;
extern const ROW GrowthRow; /* one handle more, which stays */

/* Makes what the rows use; once. */
void Prepare(void);

/* Counts of everything that a service could lose. */
typedef struct _STATE {
    ULONG Handles;   /* of this process */
    SIZE_T Quota[2]; /* paged and nonpaged pool charged to it */
    ULONG Types;
    struct {
        ULONG Objects, Handles;
    } Type[64];
    ULONG Tags;
    struct {
        ULONG Tag;
        SIZE_T Bytes;
    } Pool[512];
} STATE;

void TakeState(STATE *State);
/* NULL if both are the same, else words that say where they differ. */
const char *CompareObjects(const STATE *Before, const STATE *After); /* without pool */
const char *CompareStates(const STATE *Before, const STATE *After);

/* Pages of memory that nobody uses. Pool keeps some for later, so this is not to the page. */
ULONG AvailablePages(void);

#endif
