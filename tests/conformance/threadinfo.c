/* Opening threads and processes by id; what can be asked of them and set. */
#include "threading.h"

static HANDLE Go;

static NTSTATUS NTAPI Waiting(PVOID Parameter) {
    (void)Parameter;
    return NtWaitForSingleObject(Go, FALSE, NULL);
}

static OBJECT_ATTRIBUTES Plain = {.Length = sizeof(Plain)};

static void OpenProcesses(void) {
    CLIENT_ID Id = {MyProcessId(), NULL}, Both = {MyProcessId(), MyThreadId()};
    HANDLE Process = NULL;
    ULONG64 Info[6] = {0};
    ShowStatus("open myself", NtOpenProcess(&Process, PROCESS_ALL_ACCESS, &Plain, &Id));
    ShowStatus("query", NtQueryInformationProcess(Process, 0, Info, sizeof(Info), NULL));
    Check("it is me", Info[4] == (ULONG64)MyProcessId());
    NtClose(Process);
    ShowStatus("by process and thread", NtOpenProcess(&Process, PROCESS_ALL_ACCESS, &Plain, &Both));
    NtClose(Process);
    ShowStatus("query right", NtOpenProcess(&Process, PROCESS_QUERY_INFORMATION, &Plain, &Id));
    ShowStatus("query", NtQueryInformationProcess(Process, 0, Info, sizeof(Info), NULL));
    ShowStatus("terminate", NtTerminateProcess(Process, 1));
    NtClose(Process);
    Id.UniqueProcess = (HANDLE)0x7FFFFFF0;
    ShowStatus("no such process", NtOpenProcess(&Process, PROCESS_ALL_ACCESS, &Plain, &Id));
    Id.UniqueProcess = MyThreadId();
    Check("a thread's id is refused",
          !NT_SUCCESS(NtOpenProcess(&Process, PROCESS_ALL_ACCESS, &Plain, &Id)));
}

static void OpenThreads(void) {
    HANDLE Made = Begin(Waiting, NULL, FALSE), Thread = NULL;
    CLIENT_ID Id = {NULL, ThreadIdOf(Made)}, Full = {MyProcessId(), Id.UniqueThread};
    ShowStatus("open thread", NtOpenThread(&Thread, THREAD_ALL_ACCESS, &Plain, &Id));
    Check("same thread", ThreadIdOf(Thread) == Id.UniqueThread);
    NtClose(Thread);
    ShowStatus("with its process", NtOpenThread(&Thread, THREAD_ALL_ACCESS, &Plain, &Full));
    NtClose(Thread);
    Id.UniqueThread = (HANDLE)0x7FFFFFF0;
    ShowStatus("no such thread", NtOpenThread(&Thread, THREAD_ALL_ACCESS, &Plain, &Id));
    Id.UniqueThread = MyProcessId();
    ShowStatus("a process's id", NtOpenThread(&Thread, THREAD_ALL_ACCESS, &Plain, &Id));
    NtSetEvent(Go, NULL);
    EndOf(Made);
}

static int BaseOf(HANDLE Thread) {
    ULONG64 Info[6] = {0};
    NtQueryInformationThread(Thread, 0, Info, sizeof(Info), NULL);
    return (int)(Info[5] >> 32);
}

static void Priorities(void) {
    HANDLE Thread = Begin(Waiting, NULL, FALSE);
    HANDLE Weak = Weaker(Thread, THREAD_QUERY_INFORMATION | SYNCHRONIZE);
    for (int i = -2; i <= 2; i++) {
        NTSTATUS Status = NtSetInformationThread(Thread, 3, &i, sizeof(i));
        Print("base %d: %08x, %d\n", i, (unsigned)Status, BaseOf(Thread));
    }
    LONG Value = 1;
    ShowStatus("no right", NtSetInformationThread(Weak, 3, &Value, sizeof(Value)));
    ShowStatus("an event", NtSetInformationThread(Go, 3, &Value, sizeof(Value)));
    ShowStatus("stale", NtSetInformationThread(Stale(), 3, &Value, sizeof(Value)));
    ULONG64 Mask = 0, One = 1;
    ShowStatus("affinity 1", NtSetInformationThread(Thread, 4, &One, sizeof(One)));
    ShowStatus("affinity 0", NtSetInformationThread(Thread, 4, &Mask, sizeof(Mask)));
    BOOLEAN Hidden = 9;
    ShowStatus("hide, with data", NtSetInformationThread(Thread, 17, &Value, sizeof(Value)));
    NtQueryInformationThread(Thread, 17, &Hidden, sizeof(Hidden), NULL);
    Print("hidden: %d\n", Hidden);
    ShowStatus("hide", NtSetInformationThread(Thread, 17, NULL, 0));
    NtQueryInformationThread(Thread, 17, &Hidden, sizeof(Hidden), NULL);
    Print("hidden: %d\n", Hidden);
    NtSetEvent(Go, NULL);
    NtClose(Weak);
    EndOf(Thread);
}

static void Times(void) {
    LARGE_INTEGER Now, Thread[4] = {{{0, 0}}}, Process[4] = {{{0, 0}}};
    HANDLE Ended = Begin(Waiting, NULL, FALSE);
    NtSetEvent(Go, NULL);
    NtWaitForSingleObject(Ended, FALSE, NULL);
    NtQuerySystemTime(&Now);
    ULONG Length = 0;
    ShowStatus("thread times", NtQueryInformationThread(Ended, 1, Thread, sizeof(Thread), &Length));
    Print("length %u\n", Length);
    Check("created before it ended", Thread[0].QuadPart <= Thread[1].QuadPart);
    Check("ended before now", Thread[1].QuadPart && Thread[1].QuadPart <= Now.QuadPart);
    ShowStatus("process times",
               NtQueryInformationProcess(SELF, 4, Process, sizeof(Process), &Length));
    Print("length %u\n", Length);
    Check("process first", Process[0].QuadPart <= Thread[0].QuadPart);
    ShowStatus("short", NtQueryInformationProcess(SELF, 4, Process, 8, NULL));
    NtClose(Ended);
}

static void ImageName(void) {
    struct {
        UNICODE_STRING Name;
        WCHAR Text[300];
    } Image = {{0, 0, NULL}, {0}};
    ULONG Length = 0;
    ShowStatus("no room", NtQueryInformationProcess(SELF, 27, &Image, 4, &Length));
    Check("length is told", Length > sizeof(UNICODE_STRING));
    ShowStatus("image name", NtQueryInformationProcess(SELF, 27, &Image, sizeof(Image), &Length));
    Check("length", Length == sizeof(UNICODE_STRING) + Image.Name.Length + sizeof(WCHAR) ||
                        Length == sizeof(UNICODE_STRING) + Image.Name.MaximumLength);
    Check("in the buffer", Image.Name.Buffer == Image.Text);
    USHORT n = Image.Name.Length / sizeof(WCHAR);
    Check("ends in .exe", n > 4 && Image.Text[n - 4] == '.' && Image.Text[n - 1] == 'e');
}

static void ProcessSettings(void) {
    ULONG Mode = 99, New = 3;
    struct {
        BOOLEAN Foreground;
        UCHAR Class;
    } Class = {0, 0};
    ShowStatus("error mode", NtQueryInformationProcess(SELF, 12, &Mode, sizeof(Mode), NULL));
    ShowStatus("set", NtSetInformationProcess(SELF, 12, &New, sizeof(New)));
    NtQueryInformationProcess(SELF, 12, &Mode, sizeof(Mode), NULL);
    Print("mode %u\n", Mode);
    ShowStatus("priority class", NtQueryInformationProcess(SELF, 18, &Class, sizeof(Class), NULL));
    Print("class %u\n", Class.Class);
    ShowStatus("class", NtQueryInformationProcess(SELF, 0x7777, &Mode, sizeof(Mode), NULL));
}

void Start(void) {
    Go = EventOf(1);
    OpenProcesses();
    OpenThreads();
    Priorities();
    Times();
    ImageName();
    ProcessSettings();
    Exit(0);
}
