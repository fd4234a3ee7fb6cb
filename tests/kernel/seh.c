/* seh.c - tests of structured exception handling in the kernel, and of the user-mode accessors */
#include "kmtest.h"
#include "ntrtl.h"

#define KERNEL_ADDRESS ((PVOID)0xFFFFF80000000000)

static volatile ULONG Zero;

static __attribute__((noinline)) VOID Illegal(VOID) {
    __asm__ volatile("ud2");
}

static __attribute__((noinline)) VOID Wild(VOID) {
    *(volatile ULONG *)0x8000000000000000 = 1;
}

static __attribute__((noinline)) VOID Divide(VOID) {
    __asm__ volatile("xorl %%edx, %%edx\n divl %0" : : "m"(Zero), "a"(1) : "edx");
}

static NTSTATUS CodeOf(VOID (*Routine)(VOID)) {
    __try {
        Routine();
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return STATUS_SUCCESS;
}

KMT_TEST(seh_catches_processor_exceptions) {
    KMT_CHECK(CodeOf(Illegal) == STATUS_ILLEGAL_INSTRUCTION);
    KMT_CHECK(CodeOf(Divide) == STATUS_INTEGER_DIVIDE_BY_ZERO);
    KMT_CHECK(CodeOf(Wild) == STATUS_ACCESS_VIOLATION);
}

static VOID RaiseNoMemory(VOID) {
    RtlRaiseStatus(STATUS_NO_MEMORY);
}

KMT_TEST(seh_catches_a_raised_status) {
    KMT_CHECK(CodeOf(RaiseNoMemory) == STATUS_NO_MEMORY);
}

static ULONG Trace;

static LONG Filter(ULONG Step, LONG Answer) {
    Trace = Trace * 10 + Step;
    return Answer;
}

KMT_TEST(seh_nests_and_runs_finally_from_the_inside) {
    Trace = 0;
    __try {
        __try {
            __try {
                RtlRaiseStatus(STATUS_UNSUCCESSFUL);
            } __finally {
                Trace = Trace * 10 + 3;
            }
        } __except (Filter(1, EXCEPTION_CONTINUE_SEARCH)) {
            Trace = 999;
        }
    } __except (Filter(2, EXCEPTION_EXECUTE_HANDLER)) {
        Trace = Trace * 10 + 4;
    }
    KMT_CHECK(Trace == 1234);
}

KMT_TEST(seh_runs_finally_without_an_exception) {
    Trace = 0;
    __try {
        Trace = 1;
    } __finally {
        Trace = Trace * 10 + 2;
    }
    KMT_CHECK(Trace == 12);
}

static __attribute__((noinline)) ULONG Deep(ULONG Depth) {
    if (Depth == 0) {
        RtlRaiseStatus(STATUS_CANCELLED);
    }
    return Deep(Depth - 1) + 1;
}

static VOID RaiseFromDeep(VOID) {
    Trace = Deep(20);
}

KMT_TEST(seh_unwinds_many_frames) {
    KMT_CHECK(CodeOf(RaiseFromDeep) == STATUS_CANCELLED);
}

KMT_TEST(seh_an_exception_in_a_handler_goes_outwards) {
    NTSTATUS Inner = 0, Outer = 0;
    __try {
        __try {
            RtlRaiseStatus(STATUS_NO_MEMORY);
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            Inner = GetExceptionCode();
            RtlRaiseStatus(STATUS_CANCELLED);
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        Outer = GetExceptionCode();
    }
    KMT_CHECK(Inner == STATUS_NO_MEMORY && Outer == STATUS_CANCELLED);
}

/* Leaves __finally by an exception of its own, while an unwind runs it. */
static VOID RaiseInFinally(VOID) {
    __try {
        RtlRaiseStatus(STATUS_NO_MEMORY);
    } __finally {
        Trace = KeAreApcsDisabled();
        RtlRaiseStatus(STATUS_CANCELLED);
    }
}

/* APCs are held off while frames are left, however that ends. */
KMT_TEST(seh_unwinding_lets_apcs_in_again) {
    KMT_CHECK(CodeOf(RaiseFromDeep) == STATUS_CANCELLED);
    KMT_CHECK(!KeAreApcsDisabled());
    KMT_CHECK(CodeOf(RaiseInFinally) == STATUS_CANCELLED);
    KMT_CHECK(Trace == TRUE && !KeAreApcsDisabled());
}

static NTSTATUS ReadFrom(PVOID Address) {
    __try {
        ReadULongFromUser(Address);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return STATUS_SUCCESS;
}

static NTSTATUS CopyTo(PVOID Address, SIZE_T Length) {
    static UCHAR Source[64];
    __try {
        CopyToUser(Address, Source, Length);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return STATUS_SUCCESS;
}

static NTSTATUS Probe(PVOID Address, SIZE_T Length, ULONG Alignment) {
    __try {
        ProbeForRead(Address, Length, Alignment);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return STATUS_SUCCESS;
}

KMT_TEST(uaccess_refuses_kernel_addresses) {
    KMT_CHECK(ReadFrom(KERNEL_ADDRESS) == STATUS_ACCESS_VIOLATION);
    KMT_CHECK(CopyTo(KERNEL_ADDRESS, 8) == STATUS_ACCESS_VIOLATION);
    KMT_CHECK(ReadFrom((PVOID)0x00007FFFFFFF0000) == STATUS_ACCESS_VIOLATION);
    KMT_CHECK(ReadFrom((PVOID)0x8000000000000000) == STATUS_ACCESS_VIOLATION);
    KMT_CHECK(ReadFrom((PVOID)~0ull) == STATUS_ACCESS_VIOLATION);
    KMT_CHECK(CopyTo((PVOID)0x00007FFFFFFEFFF0, 64) == STATUS_ACCESS_VIOLATION);
}

KMT_TEST(uaccess_survives_what_is_not_mapped) {
    KMT_CHECK(ReadFrom(NULL) == STATUS_ACCESS_VIOLATION);
    KMT_CHECK(ReadFrom((PVOID)0x10000) == STATUS_ACCESS_VIOLATION);
    KMT_CHECK(CopyTo((PVOID)0x12345678, 8) == STATUS_ACCESS_VIOLATION);
}

KMT_TEST(probe_checks_alignment_and_range) {
    KMT_CHECK(Probe((PVOID)0x10001, 4, 4) == STATUS_DATATYPE_MISALIGNMENT);
    KMT_CHECK(Probe((PVOID)0x10000, ~(SIZE_T)0, 1) == STATUS_ACCESS_VIOLATION);
    KMT_CHECK(Probe((PVOID)0x10000, 16, 4) == STATUS_SUCCESS);
    KMT_CHECK(Probe(KERNEL_ADDRESS, 0, 1) == STATUS_SUCCESS);
}
