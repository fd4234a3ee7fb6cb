/* The program reloc, aligned to 16 bytes (tests.mk): a flat image that has to be relocated. */
#include "reloc.c"
