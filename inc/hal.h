/*
 * hal.h - the door of hal.dll: everything above the HAL that needs hardware comes through here.
 *
 * Nothing above the HAL touches an APIC, an I/O port or an ACPI table. The HAL in turn knows
 * nothing of threads or objects: it reads the firmware's tables, maps device registers in its own
 * address range, and offers clock, time, interrupts, serial ports, a screen and the power switch.
 * It imports only DbgPrint, KeBugCheckEx and Rtl*. The page docs/hal.md is this file in prose.
 *
 * Order of initialisation (init/ and kernel/ call it):
 *
 *   HalInitSystem(0, LoaderBlock)   boot processor, first thing, interrupts off, any IDT:
 *                                   load options, serial ports, ACPI tables, local APIC, counters
 *   (Ke loads its IDT)
 *   HalInitSystem(1, LoaderBlock)   screen console; nothing that can interrupt
 *   HalStartClockInterrupt()        from here on HAL_CLOCK_VECTOR arrives when Ke asks for it
 */
#ifndef VITRINE_HAL_H
#define VITRINE_HAL_H

#include "ntdef.h"
#include "arc.h"

#if defined(NTHAL_BUILD) || defined(NTOS_HOST)
#define NTHALAPI
#else
#define NTHALAPI __declspec(dllimport)
#endif

/* Interrupt vectors that the HAL programs. The IRQL of a vector is vector >> 4. */
#define HAL_APC_VECTOR      0x1F
#define HAL_DPC_VECTOR      0x2F
#define HAL_CLOCK_VECTOR    0xD1
#define HAL_SPURIOUS_VECTOR 0xDF
#define HAL_IPI_VECTOR      0xE1
#define HAL_ERROR_VECTOR    0xE3

/* One clock tick in units of 100 ns: 15.625 ms, Windows' default; and the shortest, 0.5 ms. */
#define HAL_CLOCK_INCREMENT         156250
#define HAL_MINIMUM_CLOCK_INCREMENT 5000

/* Frequency of KeQueryPerformanceCounter, the same on every machine as in Windows 10. */
#define HAL_COUNTER_FREQUENCY 10000000

/* How a device's line tells of an interrupt (WDK: KINTERRUPT_MODE). */
typedef enum _KINTERRUPT_MODE { LevelSensitive, Latched } KINTERRUPT_MODE;

/* Buses, in the WDK's order; the HAL knows the lines of Isa (IRQ numbers) and PCIBus (GSIs). */
typedef enum _INTERFACE_TYPE {
    InterfaceTypeUndefined = -1,
    Internal,
    Isa,
    Eisa,
    MicroChannel,
    TurboChannel,
    PCIBus
} INTERFACE_TYPE;

typedef enum _FIRMWARE_REENTRY {
    HalHaltRoutine,
    HalPowerDownRoutine,
    HalRestartRoutine,
    HalRebootRoutine,
    HalInteractiveModeRoutine,
    HalMaximumRoutine
} FIRMWARE_REENTRY;

/*
 * Initialises the HAL on the boot processor; see the order above.
 * Phase: 0 or 1. IRQL: HIGH_LEVEL (interrupts off). Returns FALSE for an unknown phase only: a
 * machine that the HAL cannot drive is bug check ACPI_BIOS_ERROR or HAL_INITIALIZATION_FAILED.
 */
NTHALAPI BOOLEAN HalInitSystem(_In_ ULONG Phase, _In_ PLOADER_PARAMETER_BLOCK LoaderBlock);

/*
 * Prepares the calling processor: local APIC on, both 8259 masked, page attribute table set.
 * HalInitSystem does it for the boot processor; each later processor calls it once.
 * Number: processor index, 0 first. IRQL: HIGH_LEVEL.
 */
NTHALAPI VOID HalInitializeProcessor(_In_ ULONG Number, _In_ PLOADER_PARAMETER_BLOCK LoaderBlock);

/* Number of enabled processors that the MADT lists (at least 1). */
NTHALAPI ULONG HalQueryProcessorCount(VOID);

/* What a processor starts with: rsp and cr3, and a function that never returns. */
typedef struct _HAL_PROCESSOR_START {
    ULONG Number;
    ULONG64 DirectoryTableBase;
    PVOID Stack; /* its highest address, 16-byte aligned */
    VOID (*Routine)(PVOID Argument);
    PVOID Argument;
} HAL_PROCESSOR_START;

/*
 * Starts processor Start->Number at Start->Routine: 64-bit mode, interrupts off, descriptor tables
 * that are not the kernel's. One at a time: the next may be started when this one has said that
 * it runs. FALSE if there is no such processor, or no memory where it could start. Takes about 10
 * ms. IRQL: PASSIVE_LEVEL. (Windows' name, with other parameters.)
 */
NTHALAPI BOOLEAN HalStartNextProcessor(_In_ PLOADER_PARAMETER_BLOCK LoaderBlock,
                                       _In_ const HAL_PROCESSOR_START *Start);

/* Processor Number did not start: it is parked, and the processors after it move up by one. */
NTHALAPI VOID HalForgetProcessor(_In_ ULONG Number);

/* ---- Interrupts ---- */

/*
 * Tells the local APIC that the interrupt in service is done (EOI). To be called once by the
 * service routine of each hardware interrupt and of each self-IPI, but not of a spurious one.
 */
NTHALAPI VOID HalEndSystemInterrupt(VOID);

/*
 * Sends the calling processor the software interrupt of RequestIrql, which arrives when IRQL drops
 * below it: APC_LEVEL, DISPATCH_LEVEL, or a device's level, whose vector (RequestIrql << 4 | 0Fh)
 * is never given to a line. Any IRQL.
 */
NTHALAPI VOID HalRequestSoftwareInterrupt(_In_ KIRQL RequestIrql);

/* Sends HAL_IPI_VECTOR to the processors of the mask (bit n = processor n). Any IRQL. */
NTHALAPI VOID HalRequestIpi(_In_ ULONG64 TargetProcessors);

/* Stops the other processors with an NMI; for a bug check. Any IRQL. */
NTHALAPI VOID HalSendNMI(_In_ ULONG64 TargetProcessors);

/*
 * The vector of a device's line, the same one each time it is asked for; its IRQL is Vector >> 4.
 * BusInterruptLevel: the IRQ number on the Isa bus, the global system interrupt on PCIBus.
 * *Affinity: the processors that the line can be directed to, of those that run so far.
 * Returns 0 (with *Irql and *Affinity 0) if no I/O APIC has such a line: a machine without one, an
 * unknown bus, no vectors left. IRQL: <= HIGH_LEVEL. Source: WDK page of HalGetInterruptVector.
 */
NTHALAPI ULONG HalGetInterruptVector(_In_ INTERFACE_TYPE InterfaceType, _In_ ULONG BusNumber,
                                     _In_ ULONG BusInterruptLevel, _In_ ULONG BusInterruptVector,
                                     _Out_ PKIRQL Irql, _Out_ PKAFFINITY Affinity);

/*
 * Lets the line of Vector interrupt processor number Processor, or masks it. InterruptMode is what
 * the driver says of its device; it counts where the firmware's tables say nothing. A processor
 * that runs not, or that no line can name (its APIC id has more than 8 bits), is replaced by the
 * first. HalEnableSystemInterrupt returns FALSE if the vector belongs to no line (only software can
 * raise it). IRQL: <= HIGH_LEVEL. (Windows' names; there the processor is the calling one.)
 */
NTHALAPI BOOLEAN HalEnableSystemInterrupt(_In_ ULONG Vector, _In_ KIRQL Irql,
                                          _In_ KINTERRUPT_MODE InterruptMode, _In_ ULONG Processor);
NTHALAPI VOID HalDisableSystemInterrupt(_In_ ULONG Vector, _In_ KIRQL Irql);

/*
 * What the calling processor's machine check (exception 12h) was about: the bank that reports it,
 * its status and, where it has one, the address. FALSE, and zeros, if no bank reports anything. Any
 * IRQL.
 */
NTHALAPI BOOLEAN HalQueryMachineCheck(_Out_ PULONG Bank, _Out_ PULONG64 Status,
                                      _Out_ PULONG64 Address);

/* Local APIC id of the calling processor. */
NTHALAPI ULONG HalQueryLocalApicId(VOID);

/* ---- Time ---- */

/*
 * Monotonic time in 1/HAL_COUNTER_FREQUENCY s since the HAL started; Frequency, if given, receives
 * HAL_COUNTER_FREQUENCY. Any IRQL. Source: WDK page of KeQueryPerformanceCounter.
 */
NTHALAPI LARGE_INTEGER KeQueryPerformanceCounter(_Out_opt_ PLARGE_INTEGER PerformanceFrequency);

/* Spins for at least MicroSeconds. Any IRQL. Source: WDK page of KeStallExecutionProcessor. */
NTHALAPI VOID KeStallExecutionProcessor(_In_ ULONG MicroSeconds);

/*
 * The clock interrupt: a one-shot timer of the calling processor, which sends it HAL_CLOCK_VECTOR.
 *
 * HalStartClockInterrupt needs Ke's IDT; the first interrupt comes after HAL_CLOCK_INCREMENT. From
 * then on each one that is wanted is asked for, by HalSetClockTimer, which replaces what was asked
 * for before: at DueTime, in units of KeQueryPerformanceCounter, or at once if that has passed. It
 * may be late, and a few microseconds early, so its receiver looks at the counter. IRQL: >=
 * CLOCK_LEVEL, or interrupts off (two callers on one processor would undo each other's time).
 */
NTHALAPI VOID HalStartClockInterrupt(VOID);
NTHALAPI VOID HalStopClockInterrupt(VOID);
NTHALAPI VOID HalSetClockTimer(_In_ ULONG64 DueTime);

/* Ticks of the time stamp counter per second, as calibrated. */
NTHALAPI ULONG64 HalQueryTscFrequency(VOID);

/*
 * Reads the battery clock, which is taken to hold UTC. Returns FALSE (and TimeFields untouched) if
 * its content is no valid date. IRQL: <= HIGH_LEVEL.
 */
NTHALAPI BOOLEAN HalQueryRealTimeClock(_Out_ PTIME_FIELDS TimeFields);

/* ---- Boot options ---- */

/*
 * Finds "/NAME" or "/NAME=VALUE" in the load options of the loader block (the part before " -- "),
 * letter case ignored. Returns a pointer behind the "=" (to the terminator or blank where there is
 * no value), NULL if the option is absent. The value ends at a blank or at the terminator.
 */
NTHALAPI PCSTR HalQueryLoadOption(_In_ PCSTR Name);

/* ---- Serial ports, screen, outcome port ---- */

/*
 * Serial ports are numbered as in their DOS names: 1 is COM1, up to 4. A port without a working
 * UART swallows output and never has input. Callers serialise among themselves, a second writer
 * can only mix its bytes in between. Any IRQL.
 */
NTHALAPI BOOLEAN HalSerialPresent(_In_ ULONG Port);
NTHALAPI VOID HalSerialWrite(_In_ ULONG Port, _In_reads_bytes_(Length) const VOID *Buffer,
                             _In_ SIZE_T Length);
NTHALAPI BOOLEAN HalSerialRead(_In_ ULONG Port, _Out_ PUCHAR Byte);

/*
 * Waits until all ports have sent what was written to them, to the last bit: a UART still holds the
 * last bytes when HalSerialWrite returns, and they are lost if the machine stops then. A port that
 * does not get empty within some seconds is given up. Any IRQL.
 */
NTHALAPI VOID HalSerialFlush(VOID);

/*
 * A port interrupts while it has input (HalSerialRead takes it), if that is enabled; off at first.
 * Its line is an IRQ number of the Isa bus. Any IRQL; the port's reader serialises.
 */
NTHALAPI BOOLEAN HalSerialInputReady(_In_ ULONG Port);
NTHALAPI VOID HalSerialEnableInterrupt(_In_ ULONG Port, _In_ BOOLEAN Enable);
NTHALAPI ULONG HalSerialQueryInterruptLevel(_In_ ULONG Port);

/* Port number of an option's value such as "COM2"; 0 if it names none of COM1 to COM4. */
NTHALAPI ULONG HalParseSerialPort(_In_opt_ PCSTR Value);

/* Shows a zero-terminated string on the framebuffer console; nothing without a framebuffer. */
NTHALAPI VOID HalDisplayString(_In_ PCSZ String);

/* The same for Length bytes that need no terminator. Any IRQL. */
NTHALAPI VOID HalDisplayBytes(_In_reads_bytes_(Length) const VOID *Buffer, _In_ SIZE_T Length);

/* TRUE if there is a framebuffer that HalDisplayString draws to. */
NTHALAPI BOOLEAN HalDisplayPresent(VOID);

/*
 * Makes the screen the bug check's: blue, cursor at the top left. Nothing without a framebuffer.
 */
NTHALAPI VOID HalDisplayBugCheckScreen(VOID);

/*
 * Writes a machine-readable line ("exit 0000002A\n") to the port of the /EXITPORT option; nothing
 * without that option. Any IRQL.
 */
NTHALAPI VOID HalWriteOutcome(_In_ PCSZ Line);

/* ---- Power ---- */

/*
 * HalPowerDownRoutine: ACPI S5. HalRebootRoutine, HalRestartRoutine: reset by the FADT's reset
 * register, else by the 8042, port CF9h or a triple fault. HalHaltRoutine: stops this processor for
 * ever. Serial output is sent first. Does not return. Any IRQL.
 */
NTHALAPI DECLSPEC_NORETURN VOID HalReturnToFirmware(_In_ FIRMWARE_REENTRY Routine);

/* ---- Registers and I/O ports (inline, for drivers; host tests bring their own) ---- */

#ifdef NTOS_HOST

ULONG READ_REGISTER_ULONG(const volatile ULONG *Register);
VOID WRITE_REGISTER_ULONG(volatile ULONG *Register, ULONG Value);
UCHAR READ_PORT_UCHAR(USHORT Port);
USHORT READ_PORT_USHORT(USHORT Port);
ULONG READ_PORT_ULONG(USHORT Port);
VOID WRITE_PORT_UCHAR(USHORT Port, UCHAR Value);
VOID WRITE_PORT_USHORT(USHORT Port, USHORT Value);
VOID WRITE_PORT_ULONG(USHORT Port, ULONG Value);
VOID WRITE_PORT_BUFFER_UCHAR(USHORT Port, const UCHAR *Buffer, ULONG Count);

#else

static inline ULONG READ_REGISTER_ULONG(const volatile ULONG *Register) {
    return *Register;
}
static inline VOID WRITE_REGISTER_ULONG(volatile ULONG *Register, ULONG Value) {
    *Register = Value;
}
static inline UCHAR READ_PORT_UCHAR(USHORT Port) {
    UCHAR Value;
    __asm__ volatile("inb %w1, %b0" : "=a"(Value) : "Nd"(Port));
    return Value;
}
static inline USHORT READ_PORT_USHORT(USHORT Port) {
    USHORT Value;
    __asm__ volatile("inw %w1, %w0" : "=a"(Value) : "Nd"(Port));
    return Value;
}
static inline ULONG READ_PORT_ULONG(USHORT Port) {
    ULONG Value;
    __asm__ volatile("inl %w1, %k0" : "=a"(Value) : "Nd"(Port));
    return Value;
}
static inline VOID WRITE_PORT_UCHAR(USHORT Port, UCHAR Value) {
    __asm__ volatile("outb %b0, %w1" : : "a"(Value), "Nd"(Port));
}
static inline VOID WRITE_PORT_USHORT(USHORT Port, USHORT Value) {
    __asm__ volatile("outw %w0, %w1" : : "a"(Value), "Nd"(Port));
}
static inline VOID WRITE_PORT_ULONG(USHORT Port, ULONG Value) {
    __asm__ volatile("outl %k0, %w1" : : "a"(Value), "Nd"(Port));
}
static inline VOID WRITE_PORT_BUFFER_UCHAR(USHORT Port, const UCHAR *Buffer, ULONG Count) {
    SIZE_T Left = Count; /* rcx counts with all its bits */
    __asm__ volatile("rep outsb" : "+S"(Buffer), "+c"(Left) : "d"(Port) : "memory");
}

#endif

#endif
