/* crtstrs.c - strings of bytes with the size of the buffer: the _s functions */
#define CHARACTER char
#define NLEN      strnlen
#define CPY_S     strcpy_s
#define NCPY_S    strncpy_s
#define CAT_S     strcat_s
#define NCAT_S    strncat_s
#include "crtsafe.h"
