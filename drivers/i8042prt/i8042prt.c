/*
 * i8042prt.c - the PC's keyboard: \Device\KeyboardPort0
 *
 * The keyboard controller (originally an Intel 8042) has two ports. Reading 64h gives its status,
 * writing 64h is a command; 60h is data, of the controller or of the keyboard behind it. The
 * controller raises IRQ 1 when a byte from the keyboard is ready at 60h.
 *
 * The path of a key: the service routine puts the byte into a small ring (at the interrupt's level,
 * with its lock) and requests the DPC. The DPC removes the bytes (KeSynchronizeExecution excludes
 * the service routine), converts them to KEYBOARD_INPUT_DATA and passes these to the connected
 * upper driver, as to Windows' class driver, which interprets them. Until a driver is connected,
 * the bytes stay in the ring.
 *
 * If the machine has no controller or the keyboard does not respond, there is no
 * \Device\KeyboardPort0, and the log says why. Every wait for the controller has a time limit.
 */
#include "hal.h"
#include "io.h"
#include "kbdmou.h"
#include "kd.h"
#include "ntrtl.h"

#define PORT_DATA   0x60
#define PORT_STATUS 0x64

#define STATUS_OUTPUT_FULL 0x01 /* a byte is ready at 60h */
#define STATUS_INPUT_FULL  0x02 /* the controller has not read the last byte yet */
#define STATUS_AUXILIARY   0x20 /* the byte is from the mouse */

#define COMMAND_READ_CONFIG       0x20
#define COMMAND_WRITE_CONFIG      0x60
#define COMMAND_DISABLE_AUXILIARY 0xA7
#define COMMAND_DISABLE_KEYBOARD  0xAD
#define COMMAND_ENABLE_KEYBOARD   0xAE
#define CONFIG_INTERRUPT          0x01
#define CONFIG_AUX_INTERRUPT      0x02
#define CONFIG_KEYBOARD_OFF       0x10
#define CONFIG_TRANSLATE          0x40 /* converts to scan code set 1 */
#define KEYBOARD_ENABLE_SCANNING  0xF4
#define KEYBOARD_ACKNOWLEDGE      0xFA

#define KEYBOARD_IRQ  1
#define WAIT_TRIES    2000 /* of 10 us */
#define DRAIN_TRIES   64
#define PREFIX_E0     0xE0
#define PREFIX_E1     0xE1
#define CODE_RELEASED 0x80
#define RING_SIZE     64

typedef struct _I8042_EXTENSION {
    PKINTERRUPT Interrupt;
    CONNECT_DATA Connect; /* written once, by the upper driver's request */
    USHORT Prefix;        /* KEY_E0 or KEY_E1 seen; used only by the DPC */
    ULONG First, Next;    /* of Ring, free-running; the interrupt's lock */
    UCHAR Ring[RING_SIZE];
} I8042_EXTENSION, *PI8042_EXTENSION;

/* ---- The controller, before it interrupts ---- */

static BOOLEAN I8042WaitFor(UCHAR Mask, UCHAR Wanted) {
    for (ULONG Try = 0; Try < WAIT_TRIES; Try++) {
        if ((READ_PORT_UCHAR(PORT_STATUS) & Mask) == Wanted) {
            return TRUE;
        }
        KeStallExecutionProcessor(10);
    }
    return FALSE;
}

static BOOLEAN I8042Write(USHORT Port, UCHAR Value) {
    if (!I8042WaitFor(STATUS_INPUT_FULL, 0)) {
        return FALSE;
    }
    WRITE_PORT_UCHAR(Port, Value);
    return TRUE;
}

static BOOLEAN I8042Read(PUCHAR Value) {
    if (!I8042WaitFor(STATUS_OUTPUT_FULL, STATUS_OUTPUT_FULL)) {
        return FALSE;
    }
    *Value = READ_PORT_UCHAR(PORT_DATA);
    return TRUE;
}

static VOID I8042Drain(VOID) {
    for (ULONG Try = 0; Try < DRAIN_TRIES; Try++) {
        if ((READ_PORT_UCHAR(PORT_STATUS) & STATUS_OUTPUT_FULL) == 0) {
            return;
        }
        READ_PORT_UCHAR(PORT_DATA);
    }
}

/* Enables the keyboard with translation and disables the mouse; no interrupts yet. */
static BOOLEAN I8042Configure(PUCHAR Config) {
    UCHAR Answer = 0;
    if (READ_PORT_UCHAR(PORT_STATUS) == 0xFF ||
        !I8042Write(PORT_STATUS, COMMAND_DISABLE_KEYBOARD) ||
        !I8042Write(PORT_STATUS, COMMAND_DISABLE_AUXILIARY)) {
        return FALSE;
    }
    I8042Drain();
    if (!I8042Write(PORT_STATUS, COMMAND_READ_CONFIG) || !I8042Read(Config)) {
        return FALSE;
    }
    *Config &= ~(CONFIG_AUX_INTERRUPT | CONFIG_KEYBOARD_OFF | CONFIG_INTERRUPT);
    *Config |= CONFIG_TRANSLATE;
    if (!I8042Write(PORT_STATUS, COMMAND_WRITE_CONFIG) || !I8042Write(PORT_DATA, *Config) ||
        !I8042Write(PORT_STATUS, COMMAND_ENABLE_KEYBOARD) ||
        !I8042Write(PORT_DATA, KEYBOARD_ENABLE_SCANNING)) {
        return FALSE;
    }
    for (ULONG Try = 0; Try < DRAIN_TRIES && Answer != KEYBOARD_ACKNOWLEDGE; Try++) {
        if (!I8042Read(&Answer)) { /* keys pressed now precede the answer */
            return FALSE;
        }
    }
    return Answer == KEYBOARD_ACKNOWLEDGE;
}

/* After this only the service routine reads port 60h. */
static BOOLEAN I8042EnableInterrupt(UCHAR Config) {
    return I8042Write(PORT_STATUS, COMMAND_WRITE_CONFIG) &&
           I8042Write(PORT_DATA, Config | CONFIG_INTERRUPT);
}

/* ---- Interrupt and DPC ---- */

static BOOLEAN I8042KeyboardInterruptService(_In_ PKINTERRUPT Interrupt, _In_opt_ PVOID Context) {
    PDEVICE_OBJECT Device = Context;
    PI8042_EXTENSION Keyboard = Device->DeviceExtension;
    UCHAR Status = READ_PORT_UCHAR(PORT_STATUS);
    UNREFERENCED_PARAMETER(Interrupt);
    if ((Status & STATUS_OUTPUT_FULL) == 0) {
        return FALSE;
    }
    UCHAR Byte = READ_PORT_UCHAR(PORT_DATA);
    if ((Status & STATUS_AUXILIARY) == 0 && Keyboard->Next - Keyboard->First < RING_SIZE) {
        Keyboard->Ring[Keyboard->Next++ % RING_SIZE] = Byte;
        IoRequestDpc(Device, NULL, NULL);
    }
    return TRUE;
}

typedef struct _I8042_TAKE {
    PI8042_EXTENSION Keyboard;
    UCHAR Byte;
} I8042_TAKE;

static BOOLEAN I8042TakeByte(_In_opt_ PVOID Context) {
    I8042_TAKE *Take = Context;
    PI8042_EXTENSION Keyboard = Take->Keyboard;
    if (Keyboard->First == Keyboard->Next) {
        return FALSE;
    }
    Take->Byte = Keyboard->Ring[Keyboard->First++ % RING_SIZE];
    return TRUE;
}

static VOID I8042ReportByte(PI8042_EXTENSION Keyboard, UCHAR Byte) {
    if (Byte == PREFIX_E0 || Byte == PREFIX_E1) {
        Keyboard->Prefix = Byte == PREFIX_E0 ? KEY_E0 : KEY_E1;
        return;
    }
    KEYBOARD_INPUT_DATA Key = {.MakeCode = Byte & ~CODE_RELEASED,
                               .Flags = Keyboard->Prefix |
                                        (Byte & CODE_RELEASED ? KEY_BREAK : KEY_MAKE)};
    PSERVICE_CALLBACK_ROUTINE Service = (PSERVICE_CALLBACK_ROUTINE)Keyboard->Connect.ClassService;
    ULONG Consumed = 0;
    Keyboard->Prefix = 0;
    Service(Keyboard->Connect.ClassDeviceObject, &Key, &Key + 1, &Consumed);
}

static VOID I8042KeyboardIsrDpc(_In_ PKDPC Dpc, _In_opt_ PVOID DeferredContext, _In_opt_ PVOID Irp,
                                _In_opt_ PVOID Context) {
    PDEVICE_OBJECT Device = DeferredContext;
    I8042_TAKE Take = {.Keyboard = Device->DeviceExtension};
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Irp);
    UNREFERENCED_PARAMETER(Context);
    if (__atomic_load_n(&Take.Keyboard->Connect.ClassService, __ATOMIC_ACQUIRE) == NULL) {
        return;
    }
    while (KeSynchronizeExecution(Take.Keyboard->Interrupt, I8042TakeByte, &Take)) {
        I8042ReportByte(Take.Keyboard, Take.Byte);
    }
}

/* ---- Requests ---- */

static NTSTATUS I8042Complete(PIRP Irp, NTSTATUS Status) {
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static NTSTATUS I8042CreateClose(_In_ PDEVICE_OBJECT DeviceObject, _Inout_ PIRP Irp) {
    UNREFERENCED_PARAMETER(DeviceObject);
    return I8042Complete(Irp, STATUS_SUCCESS);
}

/* Connects the upper driver. There is only one, and it stays connected. */
static NTSTATUS I8042InternalControl(_In_ PDEVICE_OBJECT DeviceObject, _Inout_ PIRP Irp) {
    PI8042_EXTENSION Keyboard = DeviceObject->DeviceExtension;
    PIO_STACK_LOCATION Location = IoGetCurrentIrpStackLocation(Irp);
    if (Location->Parameters.DeviceIoControl.IoControlCode != IOCTL_INTERNAL_KEYBOARD_CONNECT) {
        return I8042Complete(Irp, STATUS_INVALID_DEVICE_REQUEST);
    }
    if (Location->Parameters.DeviceIoControl.InputBufferLength < sizeof(CONNECT_DATA)) {
        return I8042Complete(Irp, STATUS_INVALID_PARAMETER);
    }
    if (Keyboard->Connect.ClassService != NULL) {
        return I8042Complete(Irp, STATUS_SHARING_VIOLATION);
    }
    PCONNECT_DATA Connect = Location->Parameters.DeviceIoControl.Type3InputBuffer;
    Keyboard->Connect.ClassDeviceObject = Connect->ClassDeviceObject;
    __atomic_store_n(&Keyboard->Connect.ClassService, Connect->ClassService, __ATOMIC_RELEASE);
    IoRequestDpc(DeviceObject, NULL, NULL); /* for keys that are already in the ring */
    return I8042Complete(Irp, STATUS_SUCCESS);
}

/* ---- Start ---- */

static NTSTATUS I8042Start(PDEVICE_OBJECT Device) {
    PI8042_EXTENSION Keyboard = Device->DeviceExtension;
    UCHAR Config;
    KIRQL Irql;
    KAFFINITY Affinity;
    ULONG Vector = HalGetInterruptVector(Isa, 0, KEYBOARD_IRQ, KEYBOARD_IRQ, &Irql, &Affinity);
    if (Vector == 0 || !I8042Configure(&Config)) {
        return STATUS_NO_SUCH_DEVICE;
    }
    IoInitializeDpcRequest(Device, I8042KeyboardIsrDpc);
    KeSetTargetProcessorDpc(&Device->Dpc, 0); /* always processor 0: never two at once */
    NTSTATUS Status =
        IoConnectInterrupt(&Keyboard->Interrupt, I8042KeyboardInterruptService, Device, NULL,
                           Vector, Irql, Irql, Latched, FALSE, Affinity, FALSE);
    if (NT_SUCCESS(Status) && !I8042EnableInterrupt(Config)) {
        IoDisconnectInterrupt(Keyboard->Interrupt);
        return STATUS_NO_SUCH_DEVICE;
    }
    return Status;
}

/* A machine without a keyboard is no failure: the driver is loaded without a device. */
NTSTATUS I8042DriverEntry(_In_ PDRIVER_OBJECT DriverObject, _In_ PUNICODE_STRING RegistryPath) {
    UNICODE_STRING Name = RTL_CONSTANT_STRING(L"\\Device\\KeyboardPort0");
    PDEVICE_OBJECT Device;
    UNREFERENCED_PARAMETER(RegistryPath);
    NTSTATUS Status = IoCreateDevice(DriverObject, sizeof(I8042_EXTENSION), &Name,
                                     FILE_DEVICE_KEYBOARD, 0, FALSE, &Device);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    DriverObject->MajorFunction[IRP_MJ_CREATE] = I8042CreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = I8042CreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = I8042CreateClose;
    DriverObject->MajorFunction[IRP_MJ_INTERNAL_DEVICE_CONTROL] = I8042InternalControl;
    Status = I8042Start(Device);
    if (!NT_SUCCESS(Status)) {
        DbgPrint("i8042prt: no keyboard (%08x)\n", Status);
        IoDeleteDevice(Device);
    } else {
        DbgPrint("i8042prt: keyboard at vector %02x\n",
                 ((PI8042_EXTENSION)Device->DeviceExtension)->Interrupt->Vector);
    }
    return STATUS_SUCCESS;
}
