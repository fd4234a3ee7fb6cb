/*
 * misbehave.c - asks the test driver of the same name to leave a service with a rule broken
 *
 * Run by test_bugchecks.py. The argument is the letter that is written to the driver's device.
 */
#include "objects.h"

void Start(void) {
    UNICODE_STRING Name;
    IO_STATUS_BLOCK IoStatus;
    HANDLE File;
    PCWSTR Line = NtCurrentTeb()->ProcessEnvironmentBlock->ProcessParameters->CommandLine.Buffer;
    ULONG Length = 0;
    while (Line[Length] != 0) {
        Length++;
    }
    char How = (char)Line[Length - 1];
    RtlInitUnicodeString(&Name, L"\\Device\\Misbehave");
    OBJECT_ATTRIBUTES Attributes = {.Length = sizeof(Attributes), .ObjectName = &Name};
    NTSTATUS Status = NtOpenFile(&File, FILE_WRITE_DATA | SYNCHRONIZE, &Attributes, &IoStatus, 0,
                                 FILE_SYNCHRONOUS_IO_NONALERT);
    if (Status != STATUS_SUCCESS) {
        ShowStatus("open", Status);
        Exit(1);
    }
    ShowStatus("write", NtWriteFile(File, NULL, NULL, NULL, &IoStatus, &How, 1, NULL, NULL));
    Exit(0);
}
