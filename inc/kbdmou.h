/*
 * kbdmou.h - how a keyboard's port driver and the driver above it meet (WDK: kbdmou.h, ntddkbd.h)
 *
 * The upper driver sends IOCTL_INTERNAL_KEYBOARD_CONNECT with a CONNECT_DATA. From then on the port
 * driver calls ClassService at DISPATCH_LEVEL with the keys that came, as an array.
 */
#ifndef VITRINE_KBDMOU_H
#define VITRINE_KBDMOU_H

#include "io.h"

#define IOCTL_INTERNAL_KEYBOARD_CONNECT 0x000B0203

typedef struct _CONNECT_DATA {
    PDEVICE_OBJECT ClassDeviceObject;
    PVOID ClassService; /* PSERVICE_CALLBACK_ROUTINE */
} CONNECT_DATA, *PCONNECT_DATA;

/* NormalContext: ClassDeviceObject. The keys from InputDataStart up to InputDataEnd; how many were
   taken is added to *InputDataConsumed. */
typedef VOID (*PSERVICE_CALLBACK_ROUTINE)(_In_ PVOID NormalContext, _In_ PVOID InputDataStart,
                                          _In_ PVOID InputDataEnd, _Inout_ PVOID InputDataConsumed);

/* KEYBOARD_INPUT_DATA.Flags */
#define KEY_MAKE  0
#define KEY_BREAK 1
#define KEY_E0    2
#define KEY_E1    4

typedef struct _KEYBOARD_INPUT_DATA {
    USHORT UnitId;
    USHORT MakeCode; /* scan code set 1, without the bit that says "released" */
    USHORT Flags;
    USHORT Reserved;
    ULONG ExtraInformation;
} KEYBOARD_INPUT_DATA, *PKEYBOARD_INPUT_DATA;

#endif
