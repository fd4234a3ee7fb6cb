/* An image with exports by name and a forwarder. */
__asm__(".section .drectve\n.ascii \" -export:Forwarded=other.Name\"\n.text");
__declspec(dllexport) int Alpha(void) {
    return 1;
}

__declspec(dllexport) int Beta = 2;

int Entry(void) {
    return Alpha() + Beta;
}
