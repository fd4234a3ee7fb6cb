/* crtwcss.c - strings of UTF-16 with the size of the buffer: the _s functions */
#define CHARACTER WCHAR
#define NLEN      wcsnlen
#define CPY_S     wcscpy_s
#define NCPY_S    wcsncpy_s
#define CAT_S     wcscat_s
#define NCAT_S    wcsncat_s
#include "crtsafe.h"
