/*
 * ownfile.h - the one file that is there wherever a program runs: its own
 */
/* For reading; Options as of NtOpenFile. nt.h comes before it. */
static HANDLE OpenOwnFile(ULONG Options) {
    static WCHAR Path[1024] = L"\\??\\";
    UNICODE_STRING *Image = &AT(Parameters(), 0x60, UNICODE_STRING), Name;
    ULONG Skip = Image->Length >= 8 && Image->Buffer[0] == '\\' ? 4 : 0;
    OBJECT_ATTRIBUTES Attributes;
    IO_STATUS_BLOCK Io;
    HANDLE File = NULL;
    memcpy(Path + 4, Image->Buffer + Skip, Image->Length - 2 * Skip);
    Name.Buffer = Path;
    Name.Length = Name.MaximumLength = (USHORT)(8 + Image->Length - 2 * Skip);
    InitializeObjectAttributes(&Attributes, &Name, OBJ_CASE_INSENSITIVE, NULL, NULL);
    NTSTATUS Status = NtOpenFile(&File, FILE_GENERIC_READ | SYNCHRONIZE, &Attributes, &Io,
                                 FILE_SHARE_READ, Options);
    if (Status) {
        ShowStatus("open", Status);
    }
    return File;
}
