/*
 * halmachine.h - the machine that the HAL's host tests run on
 *
 * What the HAL asks of hardware comes here instead: ports, device registers, machine specific
 * registers, CPUID, the time stamp counter. A test sets the hooks it needs; without a hook the
 * machine is empty: ports read as ones, registers are plain memory, CPUID knows nothing. A bug
 * check ends BugCheckOf(Function) and says which it was.
 */
#ifndef _HALMACHINE_H_
#define _HALMACHINE_H_

#include "../../hal/halp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static struct {
    ULONG (*ReadPort)(USHORT Port, ULONG Bytes);
    void (*WritePort)(USHORT Port, ULONG Bytes, ULONG Value);
    ULONG (*ReadRegister)(const volatile ULONG *Register);
    void (*WriteRegister)(volatile ULONG *Register, ULONG Value);
    ULONG64 (*ReadMsr)(ULONG Register);
    void (*WriteMsr)(ULONG Register, ULONG64 Value);
    ULONG64 (*ReadTsc)(void);
    void (*Cpuid)(ULONG Leaf, ULONG Registers[4]); /* eax, ebx, ecx, edx; zeros at first */
    PVOID (*Map)(ULONG64 PhysicalAddress, SIZE_T Length);
    void (*Unmap)(PVOID VirtualAddress, SIZE_T Length);
} Machine;

static char MachineLog[4096]; /* what the HAL has said */
static jmp_buf MachineStopped;
static ULONG MachineBugCheck;
static ULONG_PTR MachineBugCheckParameter;

static inline ULONG MachineReadPort(USHORT Port, ULONG Bytes) {
    return Machine.ReadPort ? Machine.ReadPort(Port, Bytes) : ~0u;
}
static inline void MachineWritePort(USHORT Port, ULONG Bytes, ULONG Value) {
    if (Machine.WritePort)
        Machine.WritePort(Port, Bytes, Value);
}
UCHAR READ_PORT_UCHAR(USHORT Port) {
    return (UCHAR)MachineReadPort(Port, 1);
}
USHORT READ_PORT_USHORT(USHORT Port) {
    return (USHORT)MachineReadPort(Port, 2);
}
ULONG READ_PORT_ULONG(USHORT Port) {
    return MachineReadPort(Port, 4);
}
VOID WRITE_PORT_UCHAR(USHORT Port, UCHAR Value) {
    MachineWritePort(Port, 1, Value);
}
VOID WRITE_PORT_USHORT(USHORT Port, USHORT Value) {
    MachineWritePort(Port, 2, Value);
}
VOID WRITE_PORT_ULONG(USHORT Port, ULONG Value) {
    MachineWritePort(Port, 4, Value);
}
VOID WRITE_PORT_BUFFER_UCHAR(USHORT Port, const UCHAR *Buffer, ULONG Count) {
    while (Count-- != 0)
        MachineWritePort(Port, 1, *Buffer++);
}
ULONG READ_REGISTER_ULONG(const volatile ULONG *Register) {
    return Machine.ReadRegister ? Machine.ReadRegister(Register) : *Register;
}
VOID WRITE_REGISTER_ULONG(volatile ULONG *Register, ULONG Value) {
    if (Machine.WriteRegister)
        Machine.WriteRegister(Register, Value);
    else
        *Register = Value;
}
ULONG64 HalpReadMsr(ULONG Register) {
    return Machine.ReadMsr ? Machine.ReadMsr(Register) : 0;
}
VOID HalpWriteMsr(ULONG Register, ULONG64 Value) {
    if (Machine.WriteMsr)
        Machine.WriteMsr(Register, Value);
}
ULONG64 HalpReadTsc(VOID) {
    return Machine.ReadTsc ? Machine.ReadTsc() : 0;
}
VOID HalpCpuid(ULONG Leaf, PULONG Eax, PULONG Ebx, PULONG Ecx, PULONG Edx) {
    ULONG Registers[4] = {0};
    if (Machine.Cpuid)
        Machine.Cpuid(Leaf, Registers);
    *Eax = Registers[0];
    *Ebx = Registers[1];
    *Ecx = Registers[2];
    *Edx = Registers[3];
}

ULONG DbgPrint(PCSTR Format, ...) {
    va_list Arguments;
    size_t Used = strlen(MachineLog);
    va_start(Arguments, Format);
    vsnprintf(MachineLog + Used, sizeof(MachineLog) - Used, Format, Arguments);
    va_end(Arguments);
    return 0;
}

DECLSPEC_NORETURN VOID KeBugCheckEx(ULONG BugCheckCode, ULONG_PTR P1, ULONG_PTR P2, ULONG_PTR P3,
                                    ULONG_PTR P4) {
    (void)P2, (void)P3, (void)P4;
    MachineBugCheck = BugCheckCode;
    MachineBugCheckParameter = P1;
    longjmp(MachineStopped, 1);
}

/* Runs Function; the code of the bug check that it ended in, 0 for none. */
static inline ULONG BugCheckOf(void (*Function)(void)) {
    MachineBugCheck = 0;
    if (setjmp(MachineStopped) == 0)
        Function();
    return MachineBugCheck;
}

PVOID HalpMapPhysicalMemory(ULONG64 PhysicalAddress, SIZE_T Length, HAL_CACHE_TYPE CacheType) {
    (void)CacheType;
    return Machine.Map ? Machine.Map(PhysicalAddress, Length) : NULL;
}
VOID HalpUnmapVirtualAddress(PVOID VirtualAddress, SIZE_T Length) {
    if (Machine.Unmap)
        Machine.Unmap(VirtualAddress, Length);
}

#endif
