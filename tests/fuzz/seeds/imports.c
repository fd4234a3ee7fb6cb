/* An image with imports, relocations and zero-filled data. */
__declspec(dllimport) int NtClose(void *);
__declspec(dllimport) int NtYieldExecution(void);
static char Zeroed[0x2000];
static char *Pointers[4] = {Zeroed, Zeroed + 1, Zeroed + 2, Zeroed + 3};

int Entry(void) {
    Pointers[NtClose(Pointers[0]) & 3][0] = (char)NtYieldExecution();
    return Pointers[1][1];
}
