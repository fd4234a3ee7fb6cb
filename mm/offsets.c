/*
 * offsets.c - proof that Mm's structures have their fields where Windows has them
 */
#include "mip.h"

#define OFFSETS_MM
#include "offsets.h"
