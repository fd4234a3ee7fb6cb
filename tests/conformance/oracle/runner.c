/*
 * runner.exe OUTCOME COMMAND LINE... - runs the command line under Wine and writes the full 32-bit
 * exit code of the process to the file OUTCOME: a Unix exit status has 8 bits.
 */
#include <stdio.h>
#include <windows.h>

/* Skips one argument and the blanks behind it. */
static WCHAR *Next(WCHAR *At) {
    BOOL Quoted = FALSE;
    while (*At && (Quoted || *At != ' ')) {
        Quoted ^= *At++ == '"';
    }
    while (*At == ' ') {
        At++;
    }
    return At;
}

int wmain(int Count, WCHAR **Arguments) {
    STARTUPINFOW Startup = {.cb = sizeof(Startup), .dwFlags = STARTF_USESTDHANDLES};
    PROCESS_INFORMATION Process;
    DWORD Code;
    Startup.hStdInput = GetStdHandle(STD_INPUT_HANDLE);
    Startup.hStdOutput = GetStdHandle(STD_OUTPUT_HANDLE);
    Startup.hStdError = GetStdHandle(STD_ERROR_HANDLE);
    SetErrorMode(SEM_NOGPFAULTERRORBOX | SEM_FAILCRITICALERRORS);
    if (Count < 3 || !CreateProcessW(NULL, Next(Next(GetCommandLineW())), NULL, NULL, TRUE, 0, NULL,
                                     NULL, &Startup, &Process)) {
        fprintf(stderr, "runner: error %lu\n", GetLastError());
        return 1;
    }
    WaitForSingleObject(Process.hProcess, INFINITE);
    GetExitCodeProcess(Process.hProcess, &Code);
    FILE *Outcome = _wfopen(Arguments[1], L"w");
    fprintf(Outcome, "%08lX\n", Code);
    return fclose(Outcome);
}
