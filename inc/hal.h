/*
 * hal.h - the interface of hal.dll, through which all code above the HAL reaches hardware
 *
 * Code above the HAL accesses no APIC, I/O port or ACPI table. The HAL knows nothing of threads or
 * objects: it reads the firmware's tables, maps device registers in its address range, and provides
 * clock, time, interrupts, serial ports, a screen and power control. It imports only DbgPrint,
 * KeBugCheckEx and Rtl*. docs/hal.md describes this interface in prose.
 *
 * Order of initialization (by init/ and kernel/):
 *
 *   HalInitSystem(0, LoaderBlock)   first, on the boot processor, interrupts off, with any IDT:
 *                                   load options, serial ports, ACPI tables, local APIC, counters
 *   (Ke loads its IDT)
 *   HalInitSystem(1, LoaderBlock)   screen console; enables no interrupt
 *   HalStartClockInterrupt()        from here on HAL_CLOCK_VECTOR arrives when Ke requests it
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

/* One clock tick in units of 100 ns: 15.625 ms, Windows' default, and the shortest, 0.5 ms. */
#define HAL_CLOCK_INCREMENT         156250
#define HAL_MINIMUM_CLOCK_INCREMENT 5000

/* Frequency of KeQueryPerformanceCounter, the same on every machine, as in Windows 10. */
#define HAL_COUNTER_FREQUENCY 10000000

/* How a device's line signals an interrupt (WDK: KINTERRUPT_MODE). */
typedef enum _KINTERRUPT_MODE { LevelSensitive, Latched } KINTERRUPT_MODE;

/* Buses, in the WDK's order. The HAL supports lines of Isa (IRQ numbers) and PCIBus (GSIs). */
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
 * Initializes the HAL on the boot processor, in the order above.
 * Phase: 0 or 1. IRQL: HIGH_LEVEL (interrupts off). Returns FALSE only for an unknown phase. A
 * machine that the HAL cannot support causes bug check ACPI_BIOS_ERROR or
 * HAL_INITIALIZATION_FAILED.
 */
NTHALAPI BOOLEAN HalInitSystem(_In_ ULONG Phase, _In_ PLOADER_PARAMETER_BLOCK LoaderBlock);

/*
 * Prepares the calling processor: enables the local APIC, masks both 8259s, sets the page attribute
 * table. HalInitSystem calls it for the boot processor; every other processor calls it once.
 * Number: processor index, starting at 0. IRQL: HIGH_LEVEL.
 */
NTHALAPI VOID HalInitializeProcessor(_In_ ULONG Number, _In_ PLOADER_PARAMETER_BLOCK LoaderBlock);

/* Number of enabled processors that the MADT lists (at least 1). */
NTHALAPI ULONG HalQueryProcessorCount(VOID);

/* The initial state of a processor: rsp, cr3 and a function that never returns. */
typedef struct _HAL_PROCESSOR_START {
    ULONG Number;
    ULONG64 DirectoryTableBase;
    PVOID Stack; /* its highest address, 16-byte aligned */
    VOID (*Routine)(PVOID Argument);
    PVOID Argument;
} HAL_PROCESSOR_START;

/*
 * Starts processor Start->Number at Start->Routine in 64-bit mode, with interrupts off and not yet
 * with the kernel's descriptor tables. Only one processor may be starting at a time; the next may
 * be started when this one has reported that it runs. FALSE if there is no such processor, or no
 * memory in which it can start. Takes about 10 ms. IRQL: PASSIVE_LEVEL. (Windows' name, with other
 * parameters.)
 */
NTHALAPI BOOLEAN HalStartNextProcessor(_In_ PLOADER_PARAMETER_BLOCK LoaderBlock,
                                       _In_ const HAL_PROCESSOR_START *Start);

/* Parks processor Number, which did not start; the numbers of those after it decrease by one. */
NTHALAPI VOID HalForgetProcessor(_In_ ULONG Number);

/* ---- Interrupts ---- */

/*
 * Tells the local APIC that the interrupt in service is finished (EOI). Every service routine of a
 * hardware interrupt or a self-IPI calls it once; the one for spurious interrupts does not.
 */
NTHALAPI VOID HalEndSystemInterrupt(VOID);

/*
 * Sends the calling processor the software interrupt of RequestIrql, which is delivered when IRQL
 * drops below it. RequestIrql is APC_LEVEL, DISPATCH_LEVEL or a device's level, whose vector
 * (RequestIrql << 4 | 0Fh) is never assigned to a line. Any IRQL.
 */
NTHALAPI VOID HalRequestSoftwareInterrupt(_In_ KIRQL RequestIrql);

/* Sends HAL_IPI_VECTOR to the processors of the mask (bit n = processor n). Any IRQL. */
NTHALAPI VOID HalRequestIpi(_In_ ULONG64 TargetProcessors);

/* Stops other processors with an NMI; used by a bug check. Any IRQL. */
NTHALAPI VOID HalSendNMI(_In_ ULONG64 TargetProcessors);

/*
 * Returns the vector of a device's line, the same on each call; its IRQL is Vector >> 4.
 * BusInterruptLevel: the IRQ number on the Isa bus, the global system interrupt on PCIBus.
 * *Affinity: the running processors to which the line can be directed.
 * Returns 0 (with *Irql and *Affinity 0) if no I/O APIC has the line, the bus is unknown or no
 * vector is left. IRQL: <= HIGH_LEVEL. Source: WDK page of HalGetInterruptVector.
 */
NTHALAPI ULONG HalGetInterruptVector(_In_ INTERFACE_TYPE InterfaceType, _In_ ULONG BusNumber,
                                     _In_ ULONG BusInterruptLevel, _In_ ULONG BusInterruptVector,
                                     _Out_ PKIRQL Irql, _Out_ PKAFFINITY Affinity);

/*
 * HalEnableSystemInterrupt lets the line of Vector interrupt processor number Processor;
 * HalDisableSystemInterrupt masks it. InterruptMode is the driver's; it is used if the firmware's
 * tables do not describe the line. A processor that is not running, or whose APIC id exceeds the
 * line's 8 bits, is replaced by the first. HalEnableSystemInterrupt returns FALSE if the vector
 * belongs to no line, so that only software can raise it. IRQL: <= HIGH_LEVEL. (Windows' names;
 * there the processor is the calling one.)
 */
NTHALAPI BOOLEAN HalEnableSystemInterrupt(_In_ ULONG Vector, _In_ KIRQL Irql,
                                          _In_ KINTERRUPT_MODE InterruptMode, _In_ ULONG Processor);
NTHALAPI VOID HalDisableSystemInterrupt(_In_ ULONG Vector, _In_ KIRQL Irql);

/*
 * Describes the calling processor's machine check (exception 12h): the bank that reports it, its
 * status and, if there is one, the address. FALSE, and zeros, if no bank reports anything. Any
 * IRQL.
 */
NTHALAPI BOOLEAN HalQueryMachineCheck(_Out_ PULONG Bank, _Out_ PULONG64 Status,
                                      _Out_ PULONG64 Address);

/* Local APIC id of the calling processor. */
NTHALAPI ULONG HalQueryLocalApicId(VOID);

/* ---- Time ---- */

/*
 * Returns the time since the HAL started, monotonic, in 1/HAL_COUNTER_FREQUENCY s. The frequency is
 * stored if its pointer is not NULL. Any IRQL. Source: WDK page of KeQueryPerformanceCounter.
 */
NTHALAPI LARGE_INTEGER KeQueryPerformanceCounter(_Out_opt_ PLARGE_INTEGER PerformanceFrequency);

/* Spins for at least MicroSeconds. Any IRQL. Source: WDK page of KeStallExecutionProcessor. */
NTHALAPI VOID KeStallExecutionProcessor(_In_ ULONG MicroSeconds);

/*
 * The clock interrupt: a one-shot timer of the calling processor, which sends it HAL_CLOCK_VECTOR.
 *
 * Rules:
 * - HalStartClockInterrupt needs Ke's IDT. The first interrupt is HAL_CLOCK_INCREMENT later.
 * - Every later interrupt is requested with HalSetClockTimer, which replaces the previous request.
 *   It is due at DueTime, in units of KeQueryPerformanceCounter, or at once if that has passed.
 * - The interrupt may be late, or early by a few microseconds, so its handler reads the counter.
 * - IRQL >= CLOCK_LEVEL, or interrupts off, so that two callers on one processor do not overwrite
 *   each other's request.
 */
NTHALAPI VOID HalStartClockInterrupt(VOID);
NTHALAPI VOID HalStopClockInterrupt(VOID);
NTHALAPI VOID HalSetClockTimer(_In_ ULONG64 DueTime);

/* Time stamp counter ticks per second, as calibrated. */
NTHALAPI ULONG64 HalQueryTscFrequency(VOID);

/*
 * Reads the battery clock, which is assumed to hold UTC. Returns FALSE, with TimeFields unchanged,
 * if it holds no valid date. IRQL: <= HIGH_LEVEL.
 */
NTHALAPI BOOLEAN HalQueryRealTimeClock(_Out_ PTIME_FIELDS TimeFields);

/* ---- Boot options ---- */

/*
 * Finds "/NAME" or "/NAME=VALUE" in the load options of the loader block (the part before " -- "),
 * ignoring case. Returns a pointer to what follows the "=" (without a value, to the blank or the
 * terminator); NULL if the option is absent. The value ends at a blank or the terminator.
 */
NTHALAPI PCSTR HalQueryLoadOption(_In_ PCSTR Name);

/* ---- Serial ports, screen, outcome port ---- */

/*
 * Serial ports are numbered as in their DOS names: 1 is COM1, up to 4. A port without a working
 * UART discards output and never has input. Callers serialise their own calls; bytes of concurrent
 * writers are mixed. Any IRQL.
 */
NTHALAPI BOOLEAN HalSerialPresent(_In_ ULONG Port);
NTHALAPI VOID HalSerialWrite(_In_ ULONG Port, _In_reads_bytes_(Length) const VOID *Buffer,
                             _In_ SIZE_T Length);
NTHALAPI BOOLEAN HalSerialRead(_In_ ULONG Port, _Out_ PUCHAR Byte);

/*
 * Waits until all ports have sent the last bit of their output. A UART still holds the last bytes
 * when HalSerialWrite returns, and they are lost if the machine then stops. A port that does not
 * become empty within some seconds is disabled. Any IRQL.
 */
NTHALAPI VOID HalSerialFlush(VOID);

/*
 * If enabled, a port interrupts while it has input (HalSerialRead takes it); initially it is
 * disabled. Its line is an IRQ number of the Isa bus. Any IRQL; the port's reader serialises.
 */
NTHALAPI BOOLEAN HalSerialInputReady(_In_ ULONG Port);
NTHALAPI VOID HalSerialEnableInterrupt(_In_ ULONG Port, _In_ BOOLEAN Enable);
NTHALAPI ULONG HalSerialQueryInterruptLevel(_In_ ULONG Port);

/* Returns the port number of an option's value such as "COM2"; 0 if it is none of COM1 to COM4. */
NTHALAPI ULONG HalParseSerialPort(_In_opt_ PCSTR Value);

/* Shows a zero-terminated string on the framebuffer console; does nothing without a framebuffer. */
NTHALAPI VOID HalDisplayString(_In_ PCSZ String);

/* The same for Length bytes, which need no terminator. Any IRQL. */
NTHALAPI VOID HalDisplayBytes(_In_reads_bytes_(Length) const VOID *Buffer, _In_ SIZE_T Length);

/* TRUE if there is a framebuffer that HalDisplayString draws to. */
NTHALAPI BOOLEAN HalDisplayPresent(VOID);

/* Clears the screen for a bug check: blue, cursor at top left. Nothing without a framebuffer. */
NTHALAPI VOID HalDisplayBugCheckScreen(VOID);

/*
 * Writes a machine-readable line ("exit 0000002A\n") to the port of the /EXITPORT option; does
 * nothing without that option. Any IRQL.
 */
NTHALAPI VOID HalWriteOutcome(_In_ PCSZ Line);

/* ---- Power ---- */

/*
 * HalPowerDownRoutine: ACPI S5. HalRebootRoutine, HalRestartRoutine: reset by the FADT's reset
 * register, else by the 8042, port CF9h or a triple fault. HalHaltRoutine: stops this processor
 * permanently. Flushes serial output first. Does not return. Any IRQL.
 */
NTHALAPI DECLSPEC_NORETURN VOID HalReturnToFirmware(_In_ FIRMWARE_REENTRY Routine);

/* ---- Registers and I/O ports (inline, for drivers; host tests supply their own) ---- */

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
    SIZE_T Left = Count; /* rep uses all bits of rcx */
    __asm__ volatile("rep outsb" : "+S"(Buffer), "+c"(Left) : "d"(Port) : "memory");
}

#endif

#endif
