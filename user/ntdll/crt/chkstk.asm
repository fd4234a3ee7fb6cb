; The probe of large stack frames, which compilers call with the frame's size in rax before they
; lower rsp. A stack grows by its guard page only, so no page of the frame may be skipped: each one
; below the limit is touched, from the top. Changes r10, r11 and the flags, as the ABI allows.
; Public source: Microsoft Learn, "x64 prolog and epilog".

%include "macamd64.inc"

%define TEB_STACK_LIMIT 10h

LEAF_ENTRY __chkstk
    lea r10, [rsp + 8]              ; rsp as the caller has it
    xor r11d, r11d
    sub r10, rax
    cmovb r10, r11                  ; larger than the address space: down to nothing
    mov r11, [gs:TEB_STACK_LIMIT]
    and r10, -1000h
.next:
    cmp r10, r11
    jae .done
    sub r11, 1000h
    mov byte [r11], 0
    jmp .next
.done:
    ret
LEAF_END __chkstk
