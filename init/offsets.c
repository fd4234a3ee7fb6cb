/*
 * offsets.c - proof that public structures have their fields where Windows has them
 *
 * There is no code here: offsets.h is made of static_asserts from sdk/offsets.tbl.
 */
#include "ex.h"
#include "io.h"
#include "ke.h"
#include "ntkuser.h"
#include "ntpebteb.h"
#include "ob.h"
#include "ps.h"
#include "se.h"

#define OFFSETS_INC
#include "offsets.h"
