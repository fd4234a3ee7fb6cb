/*
 * keyboard.c - the machine's keyboard as input of an interactive console
 *
 * At start this file asks the port driver (drivers/i8042prt) to call ConKeyboardService with every
 * key.
 */
#include "condrv.h"
#include "kbdmou.h"

/* Called by the port driver at DISPATCH_LEVEL. */
static VOID ConKeyboardService(_In_ PVOID NormalContext, _In_ PVOID InputDataStart,
                               _In_ PVOID InputDataEnd, _Inout_ PVOID InputDataConsumed) {
    PCON_EXTENSION Console = ((PDEVICE_OBJECT)NormalContext)->DeviceExtension;
    PKEYBOARD_INPUT_DATA Key = InputDataStart, End = InputDataEnd;
    *(PULONG)InputDataConsumed += (ULONG)(End - Key);
    for (; Key < End; Key++) {
        UCHAR Character = ConTranslateKey(&Console->Keys, Key->MakeCode, Key->Flags);
        if (Character != 0) {
            ConPutByte(Console, Character);
        }
    }
}

/* Does nothing without a keyboard. The reference to the port's file is kept permanently. */
VOID ConConnectKeyboard(_Inout_ PDEVICE_OBJECT Device) {
    UNICODE_STRING Name = RTL_CONSTANT_STRING(L"\\Device\\KeyboardPort0");
    CONNECT_DATA Connect = {.ClassDeviceObject = Device, .ClassService = ConKeyboardService};
    PFILE_OBJECT File;
    PDEVICE_OBJECT Port;
    KEVENT Event;
    IO_STATUS_BLOCK IoStatus;
    NTSTATUS Status = IoGetDeviceObjectPointer(&Name, FILE_READ_DATA, &File, &Port);
    if (!NT_SUCCESS(Status)) {
        return;
    }
    KeInitializeEvent(&Event, NotificationEvent, FALSE);
    PIRP Irp = IoBuildDeviceIoControlRequest(IOCTL_INTERNAL_KEYBOARD_CONNECT, Port, &Connect,
                                             sizeof(Connect), NULL, 0, TRUE, &Event, &IoStatus);
    Status = Irp != NULL ? IoCallDriver(Port, Irp) : STATUS_INSUFFICIENT_RESOURCES;
    if (Status == STATUS_PENDING) {
        KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, NULL);
        Status = IoStatus.Status;
    }
    if (!NT_SUCCESS(Status)) {
        ObDereferenceObject(File);
    }
}
