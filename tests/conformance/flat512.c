/* The same program aligned to 512 bytes (tests.mk). */
#include "flat.c"
