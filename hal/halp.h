/*
 * halp.h - declarations shared by the HAL's files
 *
 * Each part of the HAL is one file; halinit.c lists them. HalInitSystem writes their state on the
 * boot processor before a second processor runs, and it is only read afterwards. The exceptions are
 * the I/O APICs, the screen's cursor and the CMOS index port; their files say what guards them.
 */
#ifndef VITRINE_HALP_H
#define VITRINE_HALP_H

#include "hal.h"
#include "kd.h"

/* Besides DbgPrint the HAL's only upward call. The loader binds it to ntoskrnl. */
DECLSPEC_NORETURN VOID KeBugCheckEx(_In_ ULONG BugCheckCode, _In_ ULONG_PTR P1, _In_ ULONG_PTR P2,
                                    _In_ ULONG_PTR P3, _In_ ULONG_PTR P4);

#define HAL_INITIALIZATION_FAILED 0x5C
#define ACPI_BIOS_ERROR           0xA5

/* ---- ACPI tables as the specification lays them out (ACPI 6.5, chapter 5) ---- */

#pragma pack(push, 1)

typedef struct _DESCRIPTION_HEADER {
    ULONG Signature;
    ULONG Length;
    UCHAR Revision;
    UCHAR Checksum;
    CHAR OEMID[6];
    CHAR OEMTableID[8];
    ULONG OEMRevision;
    CHAR CreatorID[4];
    ULONG CreatorRev;
} DESCRIPTION_HEADER, *PDESCRIPTION_HEADER;

typedef struct _GEN_ADDR {
    UCHAR AddressSpaceID; /* GEN_ADDR_ */
    UCHAR BitWidth;
    UCHAR BitOffset;
    UCHAR AccessSize;
    ULONG64 Address;
} GEN_ADDR, *PGEN_ADDR;

typedef struct _FADT {
    DESCRIPTION_HEADER Header;
    ULONG facs;
    ULONG dsdt;
    UCHAR int_model;
    UCHAR pm_profile;
    USHORT sci_int_vector;
    ULONG smi_cmd_io_port;
    UCHAR acpi_on_value;
    UCHAR acpi_off_value;
    UCHAR s4bios_req;
    UCHAR pstate_control;
    ULONG pm1a_evt_blk_io_port;
    ULONG pm1b_evt_blk_io_port;
    ULONG pm1a_ctrl_blk_io_port;
    ULONG pm1b_ctrl_blk_io_port;
    ULONG pm2_ctrl_blk_io_port;
    ULONG pm_tmr_blk_io_port;
    ULONG gp0_blk_io_port;
    ULONG gp1_blk_io_port;
    UCHAR pm1_evt_len;
    UCHAR pm1_ctrl_len;
    UCHAR pm2_ctrl_len;
    UCHAR pm_tmr_len;
    UCHAR gp0_blk_len;
    UCHAR gp1_blk_len;
    UCHAR gp1_base;
    UCHAR cstate_control;
    USHORT lvl2_latency;
    USHORT lvl3_latency;
    USHORT flush_size;
    USHORT flush_stride;
    UCHAR duty_offset;
    UCHAR duty_width;
    UCHAR day_alarm_index;
    UCHAR month_alarm_index;
    UCHAR century_alarm_index;
    USHORT boot_arch;
    UCHAR reserved3;
    ULONG flags;
    GEN_ADDR reset_reg;
    UCHAR reset_val;
    USHORT arm_boot_arch;
    UCHAR minor_version;
    ULONG64 x_firmware_ctrl;
    ULONG64 x_dsdt;
    GEN_ADDR x_pm1a_evt_blk;
    GEN_ADDR x_pm1b_evt_blk;
    GEN_ADDR x_pm1a_ctrl_blk;
    GEN_ADDR x_pm1b_ctrl_blk;
    GEN_ADDR x_pm2_ctrl_blk;
    GEN_ADDR x_pm_tmr_blk;
    GEN_ADDR x_gp0_blk;
    GEN_ADDR x_gp1_blk;
} FADT, *PFADT;

typedef struct _MAPIC {
    DESCRIPTION_HEADER Header;
    ULONG LocalAPICAddress;
    ULONG Flags;
} MAPIC, *PMAPIC;

typedef struct _HPET_TABLE {
    DESCRIPTION_HEADER Header;
    ULONG EventTimerBlockId;
    GEN_ADDR BaseAddress;
    UCHAR Number;
    USHORT MinimumTick;
    UCHAR PageProtection;
} HPET_TABLE, *PHPET_TABLE;

/* One memory range of the MCFG, with 4 KiB for each function of its buses. */
typedef struct _MCFG_SEGMENT {
    ULONG64 BaseAddress;
    USHORT SegmentGroup;
    UCHAR StartBus;
    UCHAR EndBus;
    ULONG Reserved;
} MCFG_SEGMENT, *PMCFG_SEGMENT;

typedef struct _MCFG {
    DESCRIPTION_HEADER Header;
    UCHAR Reserved[8];
    MCFG_SEGMENT Segments[];
} MCFG, *PMCFG;

#pragma pack(pop)

_Static_assert(sizeof(DESCRIPTION_HEADER) == 36, "ACPI table header");
_Static_assert(FIELD_OFFSET(FADT, reset_reg) == 116, "FADT reset register");
_Static_assert(FIELD_OFFSET(FADT, x_dsdt) == 140, "FADT 64-bit DSDT pointer");
_Static_assert(FIELD_OFFSET(FADT, x_pm_tmr_blk) == 208, "FADT 64-bit PM timer");
_Static_assert(FIELD_OFFSET(HPET_TABLE, BaseAddress) == 40, "HPET address");
_Static_assert(FIELD_OFFSET(MCFG, Segments) == 44, "MCFG segments");

#define GEN_ADDR_MEMORY 0
#define GEN_ADDR_IO     1
#define GEN_ADDR_PCI    2

#define ACPI_SIGNATURE(A, B, C, D)                                                                 \
    ((ULONG)(A) | (ULONG)(B) << 8 | (ULONG)(C) << 16 | (ULONG)(D) << 24)

#define HAL_MAXIMUM_PROCESSORS 64

/* What the tables say. Every field has a usable default if the tables do not set it. */
typedef struct _HAL_ACPI_FACTS {
    BOOLEAN TablesValid;
    BOOLEAN PmTimer32Bit;
    BOOLEAN ResetRegisterValid;
    BOOLEAN SleepTypeValid;
    BOOLEAN ProcessorsLeftOut; /* the machine has processors that are not used */
    UCHAR SleepTypeA;
    UCHAR SleepTypeB;
    UCHAR ResetValue;
    UCHAR CenturyRegister;
    USHORT PmTimerPort;
    USHORT Pm1aControlPort;
    USHORT Pm1bControlPort;
    USHORT SmiCommandPort;
    UCHAR AcpiEnableValue;
    ULONG ProcessorCount;
    GEN_ADDR ResetRegister;
    ULONG64 HpetAddress; /* 0: none */
    ULONG64 PciAddress;  /* configuration space of bus PciFirstBus, segment 0; 0: none */
    UCHAR PciFirstBus;
    UCHAR PciLastBus;
    UCHAR NmiInput; /* LINT input of the local APICs that is NMI */
    BOOLEAN NmiActiveLow;
    ULONG ApicIds[HAL_MAXIMUM_PROCESSORS]; /* by processor number, boot processor first */
} HAL_ACPI_FACTS;

extern HAL_ACPI_FACTS HalpAcpi;

/* acpi.c. Maps a table only if its length and sum are right; Signature 0 accepts any. */
VOID HalpInitializeAcpi(_In_ PLOADER_PARAMETER_BLOCK LoaderBlock);
PDESCRIPTION_HEADER HalpMapTable(_In_ ULONG64 Physical, _In_ ULONG Signature);
VOID HalpUnmapTable(_In_ PDESCRIPTION_HEADER Header);

/* madt.c, fadt.c: each reads a checked table into HalpAcpi. */
VOID HalpReadMadt(_In_ PDESCRIPTION_HEADER Header);
VOID HalpReadFadt(_In_ PDESCRIPTION_HEADER Header);
VOID HalpReadHpetTable(_In_ PDESCRIPTION_HEADER Header);
VOID HalpReadMcfg(_In_ PDESCRIPTION_HEADER Header);

/* aml.c */
BOOLEAN HalpFindSleepType(_In_reads_bytes_(Length) const UCHAR *Aml, _In_ ULONG Length,
                          _Out_ PUCHAR TypeA, _Out_ PUCHAR TypeB);

/* map.c: each returns NULL if the HAL's range is full or the address is implausible. */
typedef enum _HAL_CACHE_TYPE { HalpWriteBack, HalpUncached } HAL_CACHE_TYPE;
PVOID HalpMapPhysicalMemory(_In_ ULONG64 PhysicalAddress, _In_ SIZE_T Length,
                            _In_ HAL_CACHE_TYPE CacheType);
VOID HalpUnmapVirtualAddress(_In_ PVOID VirtualAddress, _In_ SIZE_T Length);
PVOID HalpMapFrameBuffer(_In_ ULONG64 PhysicalAddress, _In_ SIZE_T Length);
VOID HalpInitializePageAttributes(VOID);

/* apic.c */
VOID HalpInitializeLocalApic(VOID);
VOID HalpApicWrite(_In_ ULONG Register, _In_ ULONG Value);
ULONG HalpApicRead(_In_ ULONG Register);
BOOLEAN HalpApicIdUsable(_In_ ULONG ApicId);
VOID HalpSendInit(_In_ ULONG Number);
VOID HalpSendStartup(_In_ ULONG Number, _In_ ULONG Page);
VOID HalpNoteStarted(_In_ ULONG Number);
ULONG64 HalpStartedProcessors(VOID);
PCSTR HalpApicName(VOID);

#define APIC_ID            0x020
#define APIC_TPR           0x080
#define APIC_EOI           0x0B0
#define APIC_LDR           0x0D0
#define APIC_DFR           0x0E0
#define APIC_SVR           0x0F0
#define APIC_TMR           0x180
#define APIC_ICR_LOW       0x300
#define APIC_ICR_HIGH      0x310
#define APIC_LVT_TIMER     0x320
#define APIC_LVT_PERF      0x340
#define APIC_LVT_LINT0     0x350
#define APIC_LVT_LINT1     0x360
#define APIC_LVT_ERROR     0x370
#define APIC_TIMER_INITIAL 0x380
#define APIC_TIMER_CURRENT 0x390
#define APIC_TIMER_DIVIDE  0x3E0
#define APIC_LVT_MASKED    0x00010000
#define APIC_LVT_DEADLINE  0x00040000
#define APIC_DIVIDE_BY_1   0xB

/* ioapic.c */
VOID HalpAddIoApic(_In_ ULONG64 Address, _In_ ULONG FirstLine);
VOID HalpOverrideIsaLine(_In_ ULONG Irq, _In_ ULONG Line, _In_ USHORT Flags);
VOID HalpInitializeIoApics(VOID);
VOID HalpReportIoApics(VOID);

/* mca.c */
VOID HalpEnableMachineChecks(VOID);

/* pic.c */
VOID HalpMaskPics(VOID);

/* hpet.c */
VOID HalpInitializeHpet(VOID);
ULONG64 HalpHpetFrequency(VOID);
BOOLEAN HalpHpetIs64Bit(VOID);
ULONG HalpReadHpetLow(VOID);
ULONG64 HalpReadHpet(VOID);

/* calibrate.c */
typedef struct _HALP_SPEEDS {
    ULONG64 Tsc;     /* per second */
    ULONG64 Apic;    /* the local APIC's timer, undivided */
    PCSTR Reference; /* the clock they were measured with */
} HALP_SPEEDS, *PHALP_SPEEDS;
VOID HalpCalibrateTimers(_Out_ PHALP_SPEEDS Speeds);

/* counter.c */
VOID HalpInitializeCounter(_In_ ULONG64 TscFrequency);
BOOLEAN HalpCounterIsTsc(VOID);
ULONG64 HalpTscOfCounter(_In_ ULONG64 Counter);
PCSTR HalpCounterName(VOID);

/* timer.c */
VOID HalpInitializeClock(_In_ ULONG64 ApicFrequency);
PCSTR HalpClockName(VOID);

/* serial.c */
VOID HalpInitializeSerial(VOID);

/* display.c */
VOID HalpInitializeDisplay(_In_ PLOADER_PARAMETER_BLOCK LoaderBlock);

/* exitport.c */
VOID HalpInitializeOptions(_In_ PLOADER_PARAMETER_BLOCK LoaderBlock);

/* The font, generated by tools/psf2c.py: 256 glyphs of 8 x HalpFontHeight pixels. */
extern const UCHAR HalpFontHeight;
extern const UCHAR HalpFont[];

/* ---- Processor instructions; host tests supply their own ---- */

#ifdef NTOS_HOST

ULONG64 HalpReadMsr(ULONG Register);
VOID HalpWriteMsr(ULONG Register, ULONG64 Value);
ULONG64 HalpReadTsc(VOID);
VOID HalpCpuid(ULONG Leaf, PULONG Eax, PULONG Ebx, PULONG Ecx, PULONG Edx);

/* Disables interrupts; returns the previous flags. */
static inline ULONG64 HalpDisableInterrupts(VOID) {
    return 0;
}
static inline VOID HalpRestoreInterrupts(ULONG64 Flags) {
    (void)Flags;
}
VOID HalpEnableMachineCheckException(VOID);

#else

static inline ULONG64 HalpReadMsr(ULONG Register) {
    ULONG Low, High;
    __asm__ volatile("rdmsr" : "=a"(Low), "=d"(High) : "c"(Register));
    return (ULONG64)High << 32 | Low;
}

static inline VOID HalpWriteMsr(ULONG Register, ULONG64 Value) {
    __asm__ volatile("wrmsr" : : "c"(Register), "a"((ULONG)Value), "d"((ULONG)(Value >> 32)));
}

static inline ULONG64 HalpReadTsc(VOID) {
    ULONG Low, High;
    __asm__ volatile("rdtsc" : "=a"(Low), "=d"(High));
    return (ULONG64)High << 32 | Low;
}

static inline VOID HalpCpuid(ULONG Leaf, PULONG Eax, PULONG Ebx, PULONG Ecx, PULONG Edx) {
    __asm__ volatile("cpuid" : "=a"(*Eax), "=b"(*Ebx), "=c"(*Ecx), "=d"(*Edx) : "a"(Leaf), "c"(0));
}

/* Disables interrupts; returns the previous flags. */
static inline ULONG64 HalpDisableInterrupts(VOID) {
    ULONG64 Flags;
    __asm__ volatile("pushfq; popq %0; cli" : "=r"(Flags) : : "memory");
    return Flags;
}

static inline VOID HalpRestoreInterrupts(ULONG64 Flags) {
    if (Flags & 0x200) {
        __asm__ volatile("sti" : : : "memory");
    }
}

static inline VOID HalpEnableMachineCheckException(VOID) {
    ULONG64 Cr4;
    __asm__ volatile("mov %%cr4, %0" : "=r"(Cr4));
    __asm__ volatile("mov %0, %%cr4" : : "r"(Cr4 | 0x40) : "memory");
}

#endif

static inline VOID HalpMemoryFence(VOID) {
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    __asm__ volatile("mfence" : : : "memory");
}

static inline VOID HalpPause(VOID) {
    __asm__ volatile("pause");
}

#endif
