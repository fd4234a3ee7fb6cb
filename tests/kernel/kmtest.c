/* kmtest.c - the driver: runs the tests that kmtest.h collects, one after the other. */
#include "kmtest.h"
#include "bugcodes.h"
#include "hal.h"
#include "io.h"

__attribute__((section(".kmt$a"), used)) static const KMT_ENTRY KmtFirst = {NULL, NULL};
__attribute__((section(".kmt$z"), used)) static const KMT_ENTRY KmtLast = {NULL, NULL};

__attribute__((section(".kmc$a"), used)) static const KMT_ENTRY KmtFirstCrash = {NULL, NULL};
__attribute__((section(".kmc$z"), used)) static const KMT_ENTRY KmtLastCrash = {NULL, NULL};

static struct {
    PCSTR File;
    ULONG Line;
    PCSTR Condition;
    BOOLEAN HasValues;
    ULONG64 Value, Expected;
} KmtFailure;

VOID KmtFail(_In_ PCSTR File, _In_ ULONG Line, _In_ PCSTR Condition) {
    if (KmtFailure.Condition == NULL) {
        KmtFailure.File = File;
        KmtFailure.Line = Line;
        KmtFailure.Condition = Condition;
        KmtFailure.HasValues = FALSE;
    }
}

VOID KmtFailEqual(_In_ PCSTR File, _In_ ULONG Line, _In_ PCSTR Condition, _In_ ULONG64 Value,
                  _In_ ULONG64 Expected) {
    if (KmtFailure.Condition == NULL) {
        KmtFail(File, Line, Condition);
        KmtFailure.HasValues = TRUE;
        KmtFailure.Value = Value;
        KmtFailure.Expected = Expected;
    }
}

static VOID KmtShowFailure(PCSTR Name) {
    DbgPrint("KMTEST not ok %s: %s:%u: %s", Name, KmtFailure.File, KmtFailure.Line,
             KmtFailure.Condition);
    if (KmtFailure.HasValues) {
        DbgPrint(": %I64x and %I64x", KmtFailure.Value, KmtFailure.Expected);
    }
    DbgPrint("\n");
}

/* A test must leave the thread as it found it. */
static BOOLEAN KmtRun(const KMT_ENTRY *Entry) {
    KmtFailure.Condition = NULL;
    Entry->Routine();
    KMT_CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
    KMT_CHECK(!KeAreApcsDisabled());
    if (KmtFailure.Condition == NULL) {
        DbgPrint("KMTEST ok %s\n", Entry->Name);
        return TRUE;
    }
    KmtShowFailure(Entry->Name);
    return FALSE;
}

/* Whether Name begins with an option's Value, which ends with a space or the string; or, if Whole,
   is all of it. */
static BOOLEAN KmtIsNamed(PCSTR Name, PCSTR Value, BOOLEAN Whole) {
    while (*Name != 0 && *Name == *Value) {
        Name++;
        Value++;
    }
    return (*Name == 0 || !Whole) && (*Value == 0 || *Value == ' ');
}

static VOID KmtCrashIfAsked(VOID) {
    PCSTR Kind = HalQueryLoadOption("KMTCRASH");
    if (Kind == NULL) {
        return;
    }
    for (const KMT_ENTRY *Entry = &KmtFirstCrash + 1; Entry < &KmtLastCrash; Entry++) {
        if (Entry->Name != NULL && KmtIsNamed(Entry->Name, Kind, TRUE)) {
            Entry->Routine();
        }
    }
    DbgPrint("KMTEST no crash\n");
    KeBugCheckEx(MANUALLY_INITIATED_CRASH1, 1, 2, 3, 4);
}

struct _DRIVER_OBJECT *KmtDriver;

NTSTATUS DriverEntry(_In_ PDRIVER_OBJECT DriverObject, _In_ PUNICODE_STRING RegistryPath) {
    ULONG Passed = 0, Failed = 0;
    PCSTR Only = HalQueryLoadOption("KMTEST"); /* tests whose names begin like this */
    KmtDriver = DriverObject;
    KmtCrashIfAsked();
    for (const KMT_ENTRY *Entry = &KmtFirst + 1; Entry < &KmtLast; Entry++) {
        if (Entry->Name != NULL && (Only == NULL || KmtIsNamed(Entry->Name, Only, FALSE))) {
            KmtRun(Entry) ? Passed++ : Failed++;
        }
    }
    DbgPrint("KMTEST done: %u ok, %u not ok\n", Passed, Failed);
    return STATUS_SUCCESS;
}
