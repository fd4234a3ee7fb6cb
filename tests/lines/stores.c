/*
 * stores.c - a plugin for QEMU's TCG: which cache lines of the kernel do several processors write?
 *
 * The program under test (lines.c) runs one thread on each processor. It marks what is to be looked
 * at with no-operations that carry a number: "begin phase n", "end", "report". Between begin and
 * end every store to a kernel address is kept for its processor; at the end they are counted,
 * unless an interrupt came in between (an IRETQ was executed): its stores are not the path's.
 * The report has a line for each processor, "runs PHASE CPU COUNT STORES", and one for each cache
 * line that more than one wrote: "line PHASE ADDRESS MASK RIP...", with a RIP of each writer.
 *
 * QEMU's plugin interface has no header in the packages, so what is used of it is declared here.
 * Source: QEMU's documentation, "QEMU TCG Plugins".
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

typedef uint64_t qemu_plugin_id_t;
typedef uint32_t qemu_plugin_meminfo_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_info_t;
enum { QEMU_PLUGIN_CB_NO_REGS = 0, QEMU_PLUGIN_MEM_W = 2 };
typedef void (*qemu_plugin_tb_cb)(qemu_plugin_id_t Id, struct qemu_plugin_tb *Block);
typedef void (*qemu_plugin_udata_cb)(unsigned Cpu, void *Context);
typedef void (*qemu_plugin_mem_cb)(unsigned Cpu, qemu_plugin_meminfo_t Info, uint64_t Address,
                                   void *Context);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t, qemu_plugin_tb_cb);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *, qemu_plugin_udata_cb, int,
                                            void *);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *, qemu_plugin_mem_cb, int, int,
                                      void *);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *);
unsigned qemu_plugin_mem_size_shift(qemu_plugin_meminfo_t);
_Bool qemu_plugin_mem_is_store(qemu_plugin_meminfo_t);

EXPORT int qemu_plugin_version = 1;

#define CPUS      8
#define PHASES    8
#define MOST      4096 /* stores between two marks */
#define LINES     (1 << 16)
#define LINE_SIZE 64
#define KERNEL    0xFFFF800000000000ull
#define LOADED    0x100000000ull /* above the firmware, which is not looked at */

typedef struct {
    uint64_t Line, Rip;
} STORE;

/* A processor's stores since its last "begin". Touched by that processor only. */
static struct {
    unsigned Phase; /* 0: not between marks */
    int Spoilt;
    unsigned Count;
    STORE Stores[MOST];
} Cpus[CPUS];

/* What has been counted; under Lock. */
static pthread_mutex_t Lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
    uint64_t Line;
    unsigned Phase, Mask;
    uint64_t Rip[CPUS];
} Lines[LINES];
static unsigned Runs[PHASES][CPUS], Stores[PHASES][CPUS];
static const char *Report;

static void CountLine(unsigned Phase, unsigned Cpu, const STORE *Store) {
    uint64_t Key = Store->Line + Phase;
    unsigned At = Key * 0x9E3779B97F4A7C15ull >> 48;
    while (Lines[At].Line != 0 && (Lines[At].Line != Store->Line || Lines[At].Phase != Phase)) {
        At = (At + 1) % LINES;
    }
    Lines[At].Line = Store->Line;
    Lines[At].Phase = Phase;
    Lines[At].Mask |= 1u << Cpu;
    Lines[At].Rip[Cpu] = Store->Rip;
}

static void WriteReport(void) {
    FILE *File = fopen(Report, "w");
    for (unsigned Phase = 1; File != NULL && Phase < PHASES; Phase++) {
        for (unsigned Cpu = 0; Cpu < CPUS; Cpu++) {
            if (Runs[Phase][Cpu] != 0) {
                fprintf(File, "runs %u %u %u %u\n", Phase, Cpu, Runs[Phase][Cpu],
                        Stores[Phase][Cpu]);
            }
        }
    }
    for (unsigned At = 0; File != NULL && At < LINES; At++) {
        if ((Lines[At].Mask & (Lines[At].Mask - 1)) != 0) {
            fprintf(File, "line %u %016" PRIx64 " %x", Lines[At].Phase, Lines[At].Line,
                    Lines[At].Mask);
            for (unsigned Cpu = 0; Cpu < CPUS; Cpu++) {
                if ((Lines[At].Mask >> Cpu & 1) != 0) {
                    fprintf(File, " %016" PRIx64, Lines[At].Rip[Cpu]);
                }
            }
            fputc('\n', File);
        }
    }
    if (File != NULL) {
        fclose(File);
    }
}

/* The marks: NOPL with a displacement of "VT", kind, phase. */
static const unsigned char Mark[] = {0x0F, 0x1F, 0x84, 0x00, 'V', 'T'};

static void Begin(unsigned Cpu, void *Phase) {
    Cpus[Cpu].Phase = (unsigned)(uintptr_t)Phase % PHASES;
    Cpus[Cpu].Spoilt = 0;
    Cpus[Cpu].Count = 0;
}

static void End(unsigned Cpu, void *Context) {
    unsigned Phase = Cpus[Cpu].Phase;
    Cpus[Cpu].Phase = 0;
    if (Phase == 0 || Cpus[Cpu].Spoilt) {
        return;
    }
    pthread_mutex_lock(&Lock);
    Runs[Phase][Cpu]++;
    Stores[Phase][Cpu] += Cpus[Cpu].Count;
    for (unsigned i = 0; i < Cpus[Cpu].Count; i++) {
        CountLine(Phase, Cpu, &Cpus[Cpu].Stores[i]);
    }
    pthread_mutex_unlock(&Lock);
}

static void Finish(unsigned Cpu, void *Context) {
    pthread_mutex_lock(&Lock);
    WriteReport();
    pthread_mutex_unlock(&Lock);
}

static void Interrupted(unsigned Cpu, void *Context) {
    Cpus[Cpu].Spoilt = 1;
}

static void Keep(unsigned Cpu, uint64_t Address, uint64_t Rip) {
    if (Cpus[Cpu].Count == MOST) {
        Cpus[Cpu].Spoilt = 1;
        return;
    }
    Cpus[Cpu].Stores[Cpus[Cpu].Count++] = (STORE){Address & ~(uint64_t)(LINE_SIZE - 1), Rip};
}

static void Stored(unsigned Cpu, qemu_plugin_meminfo_t Info, uint64_t Address, void *Rip) {
    uint64_t Last = Address + (1u << qemu_plugin_mem_size_shift(Info)) - 1;
    if (Cpus[Cpu].Phase == 0 || Address < KERNEL || !qemu_plugin_mem_is_store(Info)) {
        return;
    }
    Keep(Cpu, Address, (uintptr_t)Rip);
    if ((Address ^ Last) >= LINE_SIZE) {
        Keep(Cpu, Last, (uintptr_t)Rip);
    }
}

static void Translate(qemu_plugin_id_t Id, struct qemu_plugin_tb *Block) {
    static const qemu_plugin_udata_cb Kinds[] = {Begin, End, Finish};
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(Block); i++) {
        struct qemu_plugin_insn *Instruction = qemu_plugin_tb_get_insn(Block, i);
        const unsigned char *Bytes = qemu_plugin_insn_data(Instruction);
        size_t Size = qemu_plugin_insn_size(Instruction);
        uint64_t Rip = qemu_plugin_insn_vaddr(Instruction);
        if (Rip < LOADED) {
            continue;
        }
        if (Size == 8 && memcmp(Bytes, Mark, sizeof(Mark)) == 0 && Bytes[6] < 3) {
            qemu_plugin_register_vcpu_insn_exec_cb(
                Instruction, Kinds[Bytes[6]], QEMU_PLUGIN_CB_NO_REGS, (void *)(uintptr_t)Bytes[7]);
        } else if (Size == 2 && Bytes[0] == 0x48 && Bytes[1] == 0xCF) {
            qemu_plugin_register_vcpu_insn_exec_cb(Instruction, Interrupted, QEMU_PLUGIN_CB_NO_REGS,
                                                   NULL);
        } else {
            qemu_plugin_register_vcpu_mem_cb(Instruction, Stored, QEMU_PLUGIN_CB_NO_REGS,
                                             QEMU_PLUGIN_MEM_W, (void *)(uintptr_t)Rip);
        }
    }
}

/* One argument, report=FILE. */
EXPORT int qemu_plugin_install(qemu_plugin_id_t Id, const struct qemu_info_t *Info, int Count,
                               char **Arguments) {
    if (Count != 1 || strncmp(Arguments[0], "report=", 7) != 0) {
        return 1;
    }
    Report = strdup(Arguments[0] + 7);
    qemu_plugin_register_vcpu_tb_trans_cb(Id, Translate);
    return 0;
}
