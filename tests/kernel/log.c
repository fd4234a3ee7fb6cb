/* log.c - DbgPrint's formats: tests/test_kernel.py compares these lines with what they must be */
#include "kmtest.h"

KMT_TEST(log_formats) {
    UNICODE_STRING Counted = {.Length = 6, .MaximumLength = 6, .Buffer = (PWSTR)L"abcdef"};
    DbgPrint("KMTLOG %d %u %x %X %08x %5d|%-5d|\n", -1, 4000000000u, 0xBEEF, 0xBEEF, 0xBEEF, 42,
             42);
    DbgPrint("KMTLOG %s %.3s %10s|%-6s| %c %%\n", "text", "abcdef", "right", "left", 'c');
    DbgPrint("KMTLOG %llx %I64d %p\n", 0x123456789ABCDEFull, -5000000000ll,
             (PVOID)0xFFFFF80000001000);
    DbgPrint("KMTLOG %ws %wZ\n", L"wide", &Counted);
    DbgPrint("KMTLOG a line"
             " in one call\n");
}
