/* NtQueryInformationProcess, ...Thread and NtQuerySystemInformation: lengths, fields, statuses. */
#include "nt.h"

static void Process(void) {
    ULONG64 Info[6];
    ULONG Length = 99;
    ShowStatus("process", NtQueryInformationProcess(SELF, 0, Info, sizeof(Info), &Length));
    Print("length: %u\n", Length);
    Check("exit status is pending", (ULONG)Info[0] == STATUS_PENDING);
    Check("PEB", Info[1] == (ULONG64)PebPointer());
    Check("id", Info[4] == AT(TebPointer(), 0x40, ULONG64));
    ShowStatus("too short", NtQueryInformationProcess(SELF, 0, Info, 47, &Length));
    ShowStatus("too long", NtQueryInformationProcess(SELF, 0, Info, 40000, &Length));
    ShowStatus("class 9999", NtQueryInformationProcess(SELF, 9999, Info, 48, &Length));
    ShowStatus("bad handle", NtQueryInformationProcess((HANDLE)0xDEAD0, 0, Info, 48, &Length));
    ShowStatus("a thread's handle", NtQueryInformationProcess(SELF_THREAD, 0, Info, 48, &Length));
}

static void Thread(void) {
    ULONG64 Info[6];
    ULONG Length = 99;
    ShowStatus("thread", NtQueryInformationThread(SELF_THREAD, 0, Info, sizeof(Info), &Length));
    Print("length: %u\n", Length);
    Check("exit status is pending", (ULONG)Info[0] == STATUS_PENDING);
    Check("TEB", Info[1] == (ULONG64)TebPointer());
    Check("process id", Info[2] == AT(TebPointer(), 0x40, ULONG64));
    Check("thread id", Info[3] == AT(TebPointer(), 0x48, ULONG64));
    ShowFailure("class 9999", NtQueryInformationThread(SELF_THREAD, 9999, Info, 48, &Length));
    ShowStatus("a process's handle", NtQueryInformationThread(SELF, 0, Info, 48, &Length));
}

static void System(void) {
    SYSTEM_BASIC_INFORMATION Basic;
    ULONG64 Time[6];
    USHORT Cpu[6];
    ULONG Length = 99;
    ShowStatus("basic", NtQuerySystemInformation(0, &Basic, sizeof(Basic), &Length));
    Print("length: %u\n", Length);
    PUCHAR Raw = (PUCHAR)&Basic;
    Print("page size: %x\n", AT(Raw, 8, ULONG));
    Print("granularity: %x\n", AT(Raw, 24, ULONG));
    Print("lowest user address: %x\n", (ULONG)AT(Raw, 32, ULONG64));
    Check("highest user address", AT(Raw, 40, ULONG64) == 0x7FFFFFFEFFFF);
    Check("processors", AT(Raw, 56, UCHAR) >= 1);
    ShowStatus("too short", NtQuerySystemInformation(0, &Basic, 8, &Length));
    Print("wants: %u\n", Length);
    ShowStatus("time of day", NtQuerySystemInformation(3, Time, 48, &Length));
    Check("booted before now", Time[0] != 0 && Time[0] < Time[1]);
    ShowStatus("processor", NtQuerySystemInformation(1, Cpu, 12, &Length));
    Print("architecture: %u, length %u\n", Cpu[0], Length);
    ShowStatus("class 9999", NtQuerySystemInformation(9999, Time, 48, &Length));
}

void Start(void) {
    Process();
    Thread();
    System();
    Exit(0);
}
