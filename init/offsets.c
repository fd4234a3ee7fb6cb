/*
 * offsets.c - checks that the fields of public structures are at Windows' offsets
 *
 * There is no code here: offsets.h consists of static_asserts generated from sdk/offsets.tbl.
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
