/* power.c - the ends of a machine, run by the load option /KMTCRASH=name: tests/test_power.py looks
 * at what QEMU says of each, and sends a machine that spins an NMI or a machine check */
#include "kmtest.h"
#include "hal.h"

KMT_CRASH(reset) {
    HalReturnToFirmware(HalRebootRoutine);
}

KMT_CRASH(power_off) {
    HalReturnToFirmware(HalPowerDownRoutine);
}

KMT_CRASH(spin) {
    DbgPrint("KMTEST spins\n");
    for (;;) {
        YieldProcessor();
    }
}
