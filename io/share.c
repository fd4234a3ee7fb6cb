/*
 * share.c - share access: whether two opens of one file are compatible
 *
 * A file system keeps a SHARE_ACCESS for each open file, under its own lock: the number of opens,
 * how many read, write or delete, and how many allow others to do so. An open is rejected if it
 * asks for access that an existing open does not share, or does not share access that an existing
 * open has. Opens that only read attributes do not count.
 */
#include "iop.h"

static VOID IopSetAccessFlags(PFILE_OBJECT FileObject, ACCESS_MASK DesiredAccess,
                              ULONG ShareAccess) {
    FileObject->ReadAccess = (DesiredAccess & (FILE_READ_DATA | FILE_EXECUTE)) != 0;
    FileObject->WriteAccess = (DesiredAccess & (FILE_WRITE_DATA | FILE_APPEND_DATA)) != 0;
    FileObject->DeleteAccess = (DesiredAccess & DELETE) != 0;
    BOOLEAN Counts = FileObject->ReadAccess || FileObject->WriteAccess || FileObject->DeleteAccess;
    FileObject->SharedRead = Counts && (ShareAccess & FILE_SHARE_READ) != 0;
    FileObject->SharedWrite = Counts && (ShareAccess & FILE_SHARE_WRITE) != 0;
    FileObject->SharedDelete = Counts && (ShareAccess & FILE_SHARE_DELETE) != 0;
}

static BOOLEAN IopFileCounts(PFILE_OBJECT FileObject) {
    return FileObject->ReadAccess || FileObject->WriteAccess || FileObject->DeleteAccess;
}

VOID IoUpdateShareAccess(_In_ PFILE_OBJECT FileObject, _Inout_ PSHARE_ACCESS ShareAccess) {
    if (!IopFileCounts(FileObject)) {
        return;
    }
    ShareAccess->OpenCount++;
    ShareAccess->Readers += FileObject->ReadAccess;
    ShareAccess->Writers += FileObject->WriteAccess;
    ShareAccess->Deleters += FileObject->DeleteAccess;
    ShareAccess->SharedRead += FileObject->SharedRead;
    ShareAccess->SharedWrite += FileObject->SharedWrite;
    ShareAccess->SharedDelete += FileObject->SharedDelete;
}

VOID IoRemoveShareAccess(_In_ PFILE_OBJECT FileObject, _Inout_ PSHARE_ACCESS ShareAccess) {
    if (!IopFileCounts(FileObject)) {
        return;
    }
    ShareAccess->OpenCount--;
    ShareAccess->Readers -= FileObject->ReadAccess;
    ShareAccess->Writers -= FileObject->WriteAccess;
    ShareAccess->Deleters -= FileObject->DeleteAccess;
    ShareAccess->SharedRead -= FileObject->SharedRead;
    ShareAccess->SharedWrite -= FileObject->SharedWrite;
    ShareAccess->SharedDelete -= FileObject->SharedDelete;
}

/* Source: WDK page of IoCheckShareAccess. STATUS_SHARING_VIOLATION. */
NTSTATUS IoCheckShareAccess(_In_ ACCESS_MASK DesiredAccess, _In_ ULONG DesiredShareAccess,
                            _Inout_ PFILE_OBJECT FileObject, _Inout_ PSHARE_ACCESS ShareAccess,
                            _In_ BOOLEAN Update) {
    IopSetAccessFlags(FileObject, DesiredAccess, DesiredShareAccess);
    ULONG Opens = ShareAccess->OpenCount;
    if (IopFileCounts(FileObject) &&
        ((FileObject->ReadAccess && ShareAccess->SharedRead < Opens) ||
         (FileObject->WriteAccess && ShareAccess->SharedWrite < Opens) ||
         (FileObject->DeleteAccess && ShareAccess->SharedDelete < Opens) ||
         (ShareAccess->Readers != 0 && !FileObject->SharedRead) ||
         (ShareAccess->Writers != 0 && !FileObject->SharedWrite) ||
         (ShareAccess->Deleters != 0 && !FileObject->SharedDelete))) {
        return STATUS_SHARING_VIOLATION;
    }
    if (Update) {
        IoUpdateShareAccess(FileObject, ShareAccess);
    }
    return STATUS_SUCCESS;
}
