/*
 * bugstack.c - registers and stack of a bugcheck
 *
 * The walk is that of the exception dispatcher, but bounded: every stack slot is checked against
 * the stack's limits before it is read, since the stack may be what broke. A frame is shown as
 * module+offset; where the function is one that the module exports, by its name.
 */

#include "bugcheckp.h"
#include "ki.h"
#include "ntimage.h"
#include "ntrtl.h"
#include "rtlexcept.h"
#include "rtlimage.h"

#define KI_MAXIMUM_FRAMES 40
#define KI_CODEVIEW_NAME  24 /* offset of the path behind "RSDS", GUID and age */
#define KI_USER_SPACE_END 0x0000800000000000ull

VOID KiBugRegisters(const CONTEXT *Context) {
    KiBugPrint("rax=%016llx rbx=%016llx rcx=%016llx\n", Context->Rax, Context->Rbx, Context->Rcx);
    KiBugPrint("rdx=%016llx rsi=%016llx rdi=%016llx\n", Context->Rdx, Context->Rsi, Context->Rdi);
    KiBugPrint("rip=%016llx rsp=%016llx rbp=%016llx\n", Context->Rip, Context->Rsp, Context->Rbp);
    KiBugPrint(" r8=%016llx  r9=%016llx r10=%016llx\n", Context->R8, Context->R9, Context->R10);
    KiBugPrint("r11=%016llx r12=%016llx r13=%016llx\n", Context->R11, Context->R12, Context->R13);
    KiBugPrint("r14=%016llx r15=%016llx efl=%08x\n\n", Context->R14, Context->R15, Context->EFlags);
}

static BOOLEAN KiLiesOn(ULONG64 Rsp, PVOID Top, SIZE_T Size, PULONG64 Low, PULONG64 High) {
    *High = (ULONG64)Top;
    *Low = *High - Size;
    return Top != NULL && Rsp >= *Low && Rsp < *High;
}

VOID KeQueryStackLimits(ULONG64 Rsp, PULONG64 Low, PULONG64 High) {
    PKPCR Pcr = KeGetPcr();
    PKTHREAD Thread = Pcr->Prcb.CurrentThread;
    if (Thread != NULL &&
        KiLiesOn(Rsp, Thread->StackBase, (SIZE_T)Thread->StackBase - (SIZE_T)Thread->StackLimit,
                 Low, High)) {
        return;
    }
    if (KiLiesOn(Rsp, Pcr->Prcb.DpcStack, DPC_STACK_SIZE, Low, High)) {
        return;
    }
    for (ULONG Index = TSS_IST_PANIC; Index <= TSS_IST_NMI; Index += 1) {
        if (KiLiesOn(Rsp, (PVOID)Pcr->TssBase->Ist[Index], SYSTEM_STACK_SIZE, Low, High)) {
            return;
        }
    }
    *Low = (ULONG64)PAGE_ALIGN(Rsp); /* a stack of nobody's: no more of it than is surely there */
    *High = *Low + PAGE_SIZE;
}

/* The name of the export that begins at Rva, NULL if there is none. */
static PCSTR KiExportAt(PUCHAR Base, PIMAGE_EXPORT_DIRECTORY Exports, ULONG Rva) {
    PULONG Functions = (PULONG)(Base + Exports->AddressOfFunctions);
    PULONG Names = (PULONG)(Base + Exports->AddressOfNames);
    PUSHORT Ordinals = (PUSHORT)(Base + Exports->AddressOfNameOrdinals);
    for (ULONG Index = 0; Index < Exports->NumberOfNames; Index += 1) {
        if (Functions[Ordinals[Index]] == Rva) {
            return (PCSTR)(Base + Names[Index]);
        }
    }
    return NULL;
}

/* The path of the PDB that the linker noted in an image: its last part names the image. */
static PCSTR KiModuleName(PUCHAR Base, PULONG Length) {
    ULONG Size = 0;
    PIMAGE_DEBUG_DIRECTORY Debug =
        RtlImageDirectoryEntryToData(Base, TRUE, IMAGE_DIRECTORY_ENTRY_DEBUG, &Size);
    *Length = 0;
    for (ULONG Index = 0; Debug != NULL && Index < Size / sizeof(*Debug); Index += 1) {
        PCSTR Name;
        if (Debug[Index].Type != IMAGE_DEBUG_TYPE_CODEVIEW || Debug[Index].AddressOfRawData == 0) {
            continue;
        }
        Name = (PCSTR)Base + Debug[Index].AddressOfRawData + KI_CODEVIEW_NAME;
        for (PCSTR Next = Name; *Next != 0; Next += 1) {
            if (*Next == '/' || *Next == '\\') {
                Name = Next + 1;
            }
        }
        while (Name[*Length] != 0 && Name[*Length] != '.') {
            *Length += 1;
        }
        return Name;
    }
    return NULL;
}

/* Prints an address as well as it can be named. */
static VOID KiBugAddress(ULONG64 Address) {
    PIMAGE_EXPORT_DIRECTORY Exports;
    PRUNTIME_FUNCTION Entry;
    ULONG64 Base;
    ULONG Size, Rva, Length;
    PCSTR Module, Name = NULL;

    if (!RtlpFindImage(Address, &Base, &Size)) {
        KiBugPrint(Address < KI_USER_SPACE_END ? "(user mode) %016llx" : "%016llx", Address);
        return;
    }
    Rva = (ULONG)(Address - Base);
    Module = KiModuleName((PUCHAR)Base, &Length);
    if (Module != NULL) {
        KiBugPrint("%.*s+0x%x", (int)Length, Module, Rva);
    } else {
        KiBugPrint("%016llx+0x%x", Base, Rva);
    }
    Exports = RtlImageDirectoryEntryToData((PVOID)Base, TRUE, IMAGE_DIRECTORY_ENTRY_EXPORT, &Size);
    Entry = RtlLookupFunctionEntry(Address, &Base, NULL);
    if (Exports != NULL && Entry != NULL) {
        Name = KiExportAt((PUCHAR)Base, Exports, Entry->BeginAddress);
    }
    if (Name != NULL) {
        KiBugPrint(" (%s+0x%x)", Name, Rva - Entry->BeginAddress);
    }
}

/* One frame of a walk. Frame: where the function's own part of the stack begins. */
typedef struct _KI_BUG_STEP {
    ULONG64 Low, High;
    ULONG64 Frame;
    BOOLEAN MachineFrame;
} KI_BUG_STEP, *PKI_BUG_STEP;

/* Code without an unwind entry is a leaf function: its return address is at rsp. */
static NTSTATUS KiBugUnwind(PCONTEXT Context, PKI_BUG_STEP Step) {
    ULONG64 ImageBase;
    PVOID HandlerData;
    PEXCEPTION_ROUTINE Handler;
    PRUNTIME_FUNCTION Entry = RtlLookupFunctionEntry(Context->Rip, &ImageBase, NULL);
    Step->MachineFrame = FALSE;
    return RtlVirtualUnwind2(UNW_FLAG_NHANDLER, ImageBase, Context->Rip, Entry, Context,
                             &Step->MachineFrame, &HandlerData, &Step->Frame, NULL, &Step->Low,
                             &Step->High, &Handler, 0);
}

/* The frame by which the current thread entered from user mode, known by its place: rip is the
   program's to choose. */
static BOOLEAN KiLeftUserMode(const KI_BUG_STEP *Step) {
    PKTHREAD Thread = KeGetPcr()->Prcb.CurrentThread;
    return Step->MachineFrame && Thread != NULL && Thread->Teb != NULL &&
           (Step->Frame == (ULONG64)KeGetTrapFrame(Thread) ||
            Step->Frame == (ULONG64)KiGetStartFrame(Thread));
}

static VOID KiBugFrame(ULONG64 Rsp, ULONG64 Return, ULONG64 Rip) {
    KiBugPrint("%016llx %016llx ", Rsp, Return);
    KiBugAddress(Rip);
    KiBugPrint("\n");
}

/* The function that calls DPCs stands on their stack, but its frame is on the thread's. */
static BOOLEAN KiIsStackSwitch(ULONG64 Rip) {
    return Rip > (ULONG64)KiCallOnStack && Rip < (ULONG64)KiCallOnStackEnd;
}

/* The kernel's walk ends where user mode begins: that stack is the program's own. */
VOID KiBugStack(const CONTEXT *Start) {
    CONTEXT Context = *Start;
    BOOLEAN User = FALSE;
    KiBugPrint("Child-SP         RetAddr          Call Site\n");
    for (ULONG Count = 0; Count < KI_MAXIMUM_FRAMES; Count += 1) {
        KI_BUG_STEP Step;
        ULONG64 Rip = Context.Rip;
        ULONG64 Rsp = Context.Rsp;
        if (User) {
            KiBugFrame(Rsp, 0, Rip);
            return;
        }
        KeQueryStackLimits(KiIsStackSwitch(Rip) ? Context.Rbp : Rsp, &Step.Low, &Step.High);
        NTSTATUS Status = KiBugUnwind(&Context, &Step);
        KiBugFrame(Rsp, NT_SUCCESS(Status) ? Context.Rip : 0ull, Rip);
        User = KiLeftUserMode(&Step);
        /* rip 0 is the end of a system thread's stack, unless it was called. */
        if (!NT_SUCCESS(Status) || (Context.Rip == 0 && !Step.MachineFrame) ||
            (Context.Rsp <= Rsp && !Step.MachineFrame && !KiIsStackSwitch(Rip))) {
            return;
        }
    }
}

/* An address of the stack that was copied becomes one of the copy. */
static ULONG64 KiInCopy(const KI_STACK_COPY *Copy, ULONG64 Address) {
    return Address - Copy->Rsp < Copy->Words * sizeof(ULONG64)
               ? Address - Copy->Rsp + (ULONG64)Copy->Memory
               : Address;
}

VOID KiBugStackCopy(const KI_STACK_COPY *Copy) {
    KI_BUG_STEP Step = {.Low = (ULONG64)Copy->Memory, .High = (ULONG64)&Copy->Memory[Copy->Words]};
    CONTEXT Context = {.Rip = Copy->Rip, .Rsp = Step.Low, .Rbp = KiInCopy(Copy, Copy->Rbp)};
    for (ULONG Count = 0; Count < KI_MAXIMUM_FRAMES; Count += 1) {
        ULONG64 Rip = Context.Rip;
        ULONG64 Rsp = Context.Rsp - Step.Low + Copy->Rsp;
        if (Context.Rip == 0 || Context.Rsp < Step.Low || Context.Rsp >= Step.High) {
            return;
        }
        NTSTATUS Status = KiBugUnwind(&Context, &Step);
        KiBugFrame(Rsp, NT_SUCCESS(Status) ? Context.Rip : 0ull, Rip);
        if (!NT_SUCCESS(Status)) {
            return;
        }
        Context.Rsp = KiInCopy(Copy, Context.Rsp);
        Context.Rbp = KiInCopy(Copy, Context.Rbp);
    }
}

VOID KiBugStackList(const KI_STACK_LIST *List) {
    for (ULONG Index = 0; Index < KI_STACK_ADDRESSES && List->Address[Index] != NULL; Index += 1) {
        KiBugPrint("%34s", "");
        KiBugAddress((ULONG64)List->Address[Index]);
        KiBugPrint("\n");
    }
}
