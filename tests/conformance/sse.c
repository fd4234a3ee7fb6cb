/* SSE state belongs to the thread: it survives services, faults and other threads. */
#include "guard.h"
#include <emmintrin.h>

static float Sum(const float *Values, int Count) {
    __m128 Total = _mm_setzero_ps();
    for (int i = 0; i < Count; i += 4) {
        Total = _mm_add_ps(Total, _mm_loadu_ps(Values + i));
    }
    float Parts[4];
    _mm_storeu_ps(Parts, Total);
    return Parts[0] + Parts[1] + Parts[2] + Parts[3];
}

/* Loads all of XMM6 to XMM15 with Seed + n, yields Rounds times, returns how many were lost. */
static ULONG KeepAcross(ULONG64 Seed, ULONG Rounds) {
    ULONG64 In[10][2], Out[10][2];
    ULONG Lost = 0;
    for (int i = 0; i < 10; i++) {
        In[i][0] = Seed + i;
        In[i][1] = ~Seed - i;
    }
    while (Rounds--) {
        __asm__ volatile("subq $0x28, %%rsp\n"
                         "movups 0(%0), %%xmm6\n movups 16(%0), %%xmm7\n movups 32(%0), %%xmm8\n"
                         "movups 48(%0), %%xmm9\n movups 64(%0), %%xmm10\n movups 80(%0), %%xmm11\n"
                         "movups 96(%0), %%xmm12\n movups 112(%0), %%xmm13\n"
                         "movups 128(%0), %%xmm14\n movups 144(%0), %%xmm15\n"
                         "callq *%2\n"
                         "movups %%xmm6, 0(%1)\n movups %%xmm7, 16(%1)\n movups %%xmm8, 32(%1)\n"
                         "movups %%xmm9, 48(%1)\n movups %%xmm10, 64(%1)\n movups %%xmm11, 80(%1)\n"
                         "movups %%xmm12, 96(%1)\n movups %%xmm13, 112(%1)\n"
                         "movups %%xmm14, 128(%1)\n movups %%xmm15, 144(%1)\n"
                         "addq $0x28, %%rsp\n"
                         :
                         : "r"(In), "r"(Out), "r"(NtYieldExecution)
                         : "rax", "rcx", "rdx", "r8", "r9", "r10", "r11", "memory", "xmm0", "xmm1",
                           "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",
                           "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
        for (int i = 0; i < 10; i++) {
            Lost += In[i][0] != Out[i][0] || In[i][1] != Out[i][1];
        }
    }
    return Lost;
}

static NTSTATUS NTAPI OtherThread(PVOID Parameter) {
    *(ULONG *)Parameter = KeepAcross(0x1111111111111111, 2000);
    RtlExitUserThread(0);
    return 0;
}

void Start(void) {
    static float Values[64];
    ULONG OtherLost = 99;
    HANDLE Thread;
    for (int i = 0; i < 64; i++) {
        Values[i] = (float)i * 0.5f;
    }
    Print("sum: %d\n", (int)Sum(Values, 64));
    unsigned Control = _mm_getcsr();
    Print("MXCSR: %04x\n", Control & ~0x3F);
    ShowStatus("thread", RtlCreateUserThread(SELF, NULL, FALSE, 0, 0, 0, OtherThread, &OtherLost,
                                             &Thread, NULL));
    Print("lost here: %u\n", KeepAcross(0x2222222222222222, 2000));
    NtWaitForSingleObject(Thread, FALSE, NULL);
    Print("lost there: %u\n", OtherLost);
    Exit(0);
}
