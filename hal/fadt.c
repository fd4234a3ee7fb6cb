/*
 * fadt.c - the tables that name registers: FADT, HPET, MCFG
 *
 * The FADT (ACPI 6.5, 5.2.9) has grown with each version; a field beyond its length does not exist.
 * It names each port twice, as a 32-bit number and, in later versions, as a generic address. The
 * number is used unless it is 0. A port number that exceeds 16 bits is ignored.
 */
#include "halp.h"

#define AML_LIMIT          (512u << 10)
#define FADT_LENGTH_RESET  FIELD_OFFSET(FADT, arm_boot_arch)
#define FADT_LENGTH_DSDT   FIELD_OFFSET(FADT, x_pm1a_evt_blk)
#define FADT_LENGTH_ALL    sizeof(FADT)
#define CMOS_REGISTERS     0x80
#define PCI_BYTES_OF_BUS   (1ull << 20)
#define FADT_TMR_VAL_EXT   0x00000100
#define FADT_RESET_REG_SUP 0x00000400
#define FADT_LENGTH_V1     116 /* up to the reset register: the fields of ACPI 1.0 */
#define PM_TIMER_BYTES     4

/* Looks for the S5 package in the DSDT that the FADT points to. */
static VOID HalpReadDsdt(ULONG64 Physical) {
    PDESCRIPTION_HEADER Dsdt = HalpMapTable(Physical, ACPI_SIGNATURE('D', 'S', 'D', 'T'));
    if (Dsdt == NULL) {
        return;
    }
    ULONG Length = Dsdt->Length - (ULONG)sizeof(DESCRIPTION_HEADER);
    if (Length <= AML_LIMIT) {
        HalpAcpi.SleepTypeValid = HalpFindSleepType((PUCHAR)(Dsdt + 1), Length,
                                                    &HalpAcpi.SleepTypeA, &HalpAcpi.SleepTypeB);
    }
    HalpUnmapTable(Dsdt);
}

/* Extended is the offset of the generic address, which a short table does not have. */
static USHORT HalpPort(PFADT Fadt, ULONG Port, ULONG Extended) {
    ULONG64 Found = Port;
    if (Port == 0 && Fadt->Header.Length >= FADT_LENGTH_ALL) {
        PGEN_ADDR Address = (PGEN_ADDR)((PUCHAR)Fadt + Extended);
        Found = Address->AddressSpaceID == GEN_ADDR_IO ? Address->Address : 0;
    }
    return Found <= MAXUSHORT ? (USHORT)Found : 0;
}

static VOID HalpReadPorts(PFADT Fadt) {
    HalpAcpi.PmTimerPort =
        Fadt->pm_tmr_len >= PM_TIMER_BYTES
            ? HalpPort(Fadt, Fadt->pm_tmr_blk_io_port, FIELD_OFFSET(FADT, x_pm_tmr_blk))
            : 0;
    HalpAcpi.PmTimer32Bit = (Fadt->flags & FADT_TMR_VAL_EXT) != 0;
    HalpAcpi.Pm1aControlPort =
        HalpPort(Fadt, Fadt->pm1a_ctrl_blk_io_port, FIELD_OFFSET(FADT, x_pm1a_ctrl_blk));
    HalpAcpi.Pm1bControlPort =
        HalpPort(Fadt, Fadt->pm1b_ctrl_blk_io_port, FIELD_OFFSET(FADT, x_pm1b_ctrl_blk));
    HalpAcpi.SmiCommandPort =
        Fadt->smi_cmd_io_port <= MAXUSHORT ? (USHORT)Fadt->smi_cmd_io_port : 0;
    HalpAcpi.AcpiEnableValue = Fadt->acpi_on_value;
}

VOID HalpReadFadt(_In_ PDESCRIPTION_HEADER Header) {
    PFADT Fadt = (PFADT)Header;
    if (Header->Length < FADT_LENGTH_V1) {
        return;
    }
    HalpReadPorts(Fadt);
    HalpAcpi.CenturyRegister =
        Fadt->century_alarm_index < CMOS_REGISTERS ? Fadt->century_alarm_index : 0;
    if (Header->Length >= FADT_LENGTH_RESET && (Fadt->flags & FADT_RESET_REG_SUP) &&
        Fadt->reset_reg.Address != 0) {
        HalpAcpi.ResetRegister = Fadt->reset_reg;
        HalpAcpi.ResetValue = Fadt->reset_val;
        HalpAcpi.ResetRegisterValid = TRUE;
    }
    BOOLEAN Wide = Header->Length >= FADT_LENGTH_DSDT && Fadt->x_dsdt != 0;
    HalpReadDsdt(Wide ? Fadt->x_dsdt : Fadt->dsdt);
}

VOID HalpReadHpetTable(_In_ PDESCRIPTION_HEADER Header) {
    PHPET_TABLE Table = (PHPET_TABLE)Header;
    if (Header->Length >= sizeof(HPET_TABLE) &&
        Table->BaseAddress.AddressSpaceID == GEN_ADDR_MEMORY) {
        HalpAcpi.HpetAddress = Table->BaseAddress.Address;
    }
}

/* Uses the first range of segment group 0, the only group that every PC has. */
VOID HalpReadMcfg(_In_ PDESCRIPTION_HEADER Header) {
    PMCFG Mcfg = (PMCFG)Header;
    if (Header->Length < sizeof(MCFG)) {
        return;
    }
    ULONG Count = (Header->Length - (ULONG)sizeof(MCFG)) / (ULONG)sizeof(MCFG_SEGMENT);
    for (ULONG Index = 0; Index < Count && HalpAcpi.PciAddress == 0; Index++) {
        PMCFG_SEGMENT Segment = &Mcfg->Segments[Index];
        if (Segment->SegmentGroup == 0 && Segment->StartBus <= Segment->EndBus &&
            Segment->BaseAddress % PCI_BYTES_OF_BUS == 0) {
            HalpAcpi.PciAddress = Segment->BaseAddress;
            HalpAcpi.PciFirstBus = Segment->StartBus;
            HalpAcpi.PciLastBus = Segment->EndBus;
        }
    }
}
