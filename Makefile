# Vitrine. `make help` lists what can be done.
#
# One makefile for all images; folders with rules of their own bring them in X.mk files beside
# their sources. BUILD chooses between NT's two builds; O is where everything goes.

BUILD  ?= checked
O      ?= build/$(BUILD)
# One name for one folder: what the objects depend on is noted under the name that was used.
override O := $(patsubst $(CURDIR)/%,%,$(O))
PYTHON ?= /usr/bin/python3

ifeq ($(filter checked free,$(BUILD)),)
$(error BUILD is checked or free, not "$(BUILD)")
endif

LLVM   ?= -19
CC      := clang$(LLVM)
LD      := lld-link$(LLVM)
OBJCOPY := llvm-objcopy$(LLVM)
DLLTOOL := llvm-dlltool$(LLVM)
NASM    := nasm

# `make V=1` shows the commands, otherwise each says what it makes.
ifdef V
Q   :=
say  = @:
else
Q   := @
say  = @printf '  %-8s %s\n' $(1) $(2)
endif

# --- what is compiled how ---------------------------------------------------------------------

INCLUDES := -Isdk -Iinc -I$(O)/gen
COMMON   := --target=x86_64-pc-windows-msvc -std=c17 -ffreestanding -fms-extensions \
            -fasync-exceptions -fasynchronous-unwind-tables -fshort-wchar -fno-stack-protector \
            -fno-strict-aliasing -fno-common -fno-ident -mno-red-zone -mno-stack-arg-probe \
            -gdwarf-4 -gcodeview -gno-column-info \
            -Wall -Wextra -Wno-microsoft -Wno-unused-parameter \
            -Wno-missing-field-initializers $(INCLUDES)
ifdef CI
COMMON   += -Werror
endif
checked_FLAGS := -DDBG=1 -O1 -fno-omit-frame-pointer -fsanitize=undefined -fsanitize-trap=all \
                 -fno-sanitize=function,vptr,alignment,null,pointer-overflow
free_FLAGS    := -DDBG=0 -O2
KERNEL_CFLAGS := $(COMMON) $($(BUILD)_FLAGS) -DNTOS_KERNEL -mno-sse -mno-mmx -mno-80387 -mno-avx
USER_CFLAGS   := $(COMMON) -DDBG=$(if $(filter checked,$(BUILD)),1,0) -O2 -DNTOS_USER
NASMFLAGS     := -Iinc/ -I$(O)/gen/ -DDBG=$(if $(filter checked,$(BUILD)),1,0)

# A folder and the folders of its subjects, one level below it. What is there may include the
# private header of the folder itself (mm/phys/pfn.c: mip.h).
subjects     = $(1) $(patsubst %/,%,$(wildcard $(addsuffix /*/,$(1))))
KERNEL_DIRS := $(call subjects,kernel mm ex ob ps se io kd rtl init) \
               drivers/condrv drivers/i8042prt drivers/null drivers/bootfs
NTDLL_DIRS  := $(call subjects,user/ntdll rtl)
component    = $(if $(filter user/%,$(1)),user/ntdll,$(firstword $(subst /, ,$(1))))
NTOS_C   := $(wildcard $(addsuffix /*.c,$(KERNEL_DIRS)))
NTOS_ASM := $(wildcard $(addsuffix /*.asm,$(KERNEL_DIRS)))
HAL_C    := $(wildcard hal/*.c)
HAL_ASM  := $(wildcard hal/*.asm)
NTDLL_C  := $(wildcard $(addsuffix /*.c,$(NTDLL_DIRS)))
NTDLL_ASM := $(wildcard $(addsuffix /*.asm,$(NTDLL_DIRS)))

KOBJ  = $(foreach f,$(1),$(if $(filter %.asm,$f),$(O)/kernel/$f.obj,$(patsubst %.c,$(O)/kernel/%.obj,$f)))
UOBJ  = $(foreach f,$(1),$(if $(filter %.asm,$f),$(O)/user/$f.obj,$(patsubst %.c,$(O)/user/%.obj,$f)))

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:

# --- the images -------------------------------------------------------------------------------

IMAGES := $(O)/image/ntoskrnl.exe $(O)/image/hal.dll $(O)/image/ntdll.dll $(O)/image/BOOTX64.EFI

.PHONY: all
all: $(IMAGES) ## build the loader, the kernel, the HAL, ntdll and the programs

include $(wildcard boot/*.mk hal/*.mk user/*.mk tests/*.mk drivers/*.mk tools/*.mk)

# Images whose sections can each have 2 MiB pages of their own (section alignment 2 MiB).
LARGE_LDFLAGS := /align:0x200000 /driver /merge:.pdata=.rdata /merge:.buildid=.rdata
# Both a PDB and DWARF in one link is what lld-link does for mingw.
# The image names its PDB without a path; the kernel's is called as on every multiprocessor Windows,
# because stock tools look for that name.
PDB           = $(if $(filter %/ntoskrnl.exe,$@),$(@D)/ntkrnlmp.pdb,$@.pdb)
DEBUG_LDFLAGS = /debug:full -lldmingw /pdb:$(PDB) /pdbaltpath:$(notdir $(PDB)) /map:$(@:%=%.map)
LDFLAGS       := /nologo /nodefaultlib /machine:x64 /opt:ref /opt:noicf /incremental:no /Brepro

$(O)/ntoskrnl.exe: $(call KOBJ,$(NTOS_C) $(NTOS_ASM)) $(O)/kernel/gen/ssdt.asm.obj $(O)/gen/hal.lib init/ntoskrnl.def
	$(call say,LINK,$@)
	$(Q)$(LD) $(LDFLAGS) $(DEBUG_LDFLAGS) $(LARGE_LDFLAGS) /entry:KiSystemStartup /subsystem:native \
	    /base:0xFFFFF80000000000 /stack:0x6000,0x6000 /def:init/ntoskrnl.def /implib:$(O)/gen/ntoskrnl.link.lib /out:$@ \
	    $(filter %.obj %.lib,$^)

$(O)/hal.dll: $(call KOBJ,$(HAL_C) $(HAL_ASM)) $(O)/gen/ntoskrnl.lib hal/hal.def
	$(call say,LINK,$@)
	$(Q)$(LD) $(LDFLAGS) $(DEBUG_LDFLAGS) $(LARGE_LDFLAGS) /dll /noentry /subsystem:native \
	    /base:0xFFFFF80004000000 /def:hal/hal.def /implib:$(O)/gen/hal.link.lib /out:$@ \
	    $(filter %.obj %.lib,$^)

$(O)/gen/ntdll.def: user/ntdll/ntdll.def $(O)/gen/ntdll_services.def
	$(Q)cat $^ > $@

$(O)/ntdll.dll: $(call UOBJ,$(NTDLL_C) $(NTDLL_ASM)) $(O)/user/gen/ntdll_stubs.asm.obj $(O)/gen/ntdll.def
	$(call say,LINK,$@)
	$(Q)$(LD) $(LDFLAGS) $(DEBUG_LDFLAGS) /merge:.buildid=.rdata /dll /noentry /subsystem:native \
	    /base:0x7FF800000000 /def:$(O)/gen/ntdll.def /implib:$(O)/gen/ntdll.link.lib /out:$@ \
	    $(filter %.obj,$^)

# Import libraries come from the .def files, so that ntoskrnl and hal can import each other.
$(O)/gen/ntoskrnl.lib: init/ntoskrnl.def | $(O)/gen/.dir
	$(Q)$(DLLTOOL) -m i386:x86-64 -D ntoskrnl.exe -d $< -l $@
$(O)/gen/hal.lib: hal/hal.def | $(O)/gen/.dir
	$(Q)$(DLLTOOL) -m i386:x86-64 -D hal.dll -d $< -l $@

# What is booted: the same images without their debug sections.
$(O)/image/%: $(O)/% | $(O)/image/.dir
	$(Q)$(OBJCOPY) --strip-debug $< $@
$(O)/image/BOOTX64.EFI: $(O)/BOOTX64.EFI | $(O)/image/.dir
	$(Q)cp $< $@

$(O)/gen/ssdt.asm $(O)/gen/ntdll_stubs.asm $(O)/gen/ntdll_services.def &: sdk/services.tbl tools/gensvc.py
	$(Q)$(PYTHON) tools/gensvc.py sdk/services.tbl $(O)/gen

# Windows' offsets as static_asserts, for the files that include them.
$(O)/gen/offsets.h: sdk/offsets.tbl tools/genoffsets.py | $(O)/gen/.dir
	$(Q)$(PYTHON) tools/genoffsets.py $< $@
$(O)/kernel/init/offsets.obj $(O)/kernel/mm/offsets.obj $(O)/kernel/mm/pool/pool.obj \
$(O)/kernel/ex/nttimer.obj: $(O)/gen/offsets.h

# --- objects ----------------------------------------------------------------------------------

$(O)/kernel/%.obj: %.c
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(KERNEL_CFLAGS) -I$(call component,$<) -MMD -MP -MF $(@:.obj=.d) -MJ $@.json -c $< -o $@
$(O)/kernel/hal/%.obj: KERNEL_CFLAGS += -DNTHAL_BUILD
$(O)/user/%.obj: %.c
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(USER_CFLAGS) -I$(call component,$<) -MMD -MP -MF $(@:.obj=.d) -MJ $@.json -c $< -o $@

# Assembly twice: for the image, and as an ELF twin whose DWARF lines gdb can load.
define ASM_RULE
$(O)/$(1)/%.asm.obj: $(2)%.asm $(wildcard inc/*.inc)
	@mkdir -p $$(@D)
	$$(call say,NASM,$$<)
	$(Q)$(NASM) -f win64 $(NASMFLAGS) -MD $$(@:.obj=.d) -MT $$@ -o $$@ $$<
	$(Q)$(NASM) -f elf64 -g -F dwarf $(NASMFLAGS) -o $$(@:.obj=.elf.o) $$<
endef
$(eval $(call ASM_RULE,kernel,))
$(eval $(call ASM_RULE,user,))
$(eval $(call ASM_RULE,kernel/gen,$(O)/gen/))
$(eval $(call ASM_RULE,user/gen,$(O)/gen/))

%/.dir:
	@mkdir -p $(@D)
	@touch $@

-include $(shell find $(O)/kernel $(O)/user -name '*.d' 2>/dev/null)

# make objs DIR=mm: compile one folder only, for the kernel (rtl and user/ntdll also as user code).
.PHONY: objs
objs: $(if $(filter user/%,$(DIR)),,$(call KOBJ,$(wildcard $(addsuffix /*.c,$(call subjects,$(DIR))) $(addsuffix /*.asm,$(call subjects,$(DIR)))))) \
      $(if $(filter rtl user/%,$(DIR)),$(call UOBJ,$(wildcard $(addsuffix /*.c,$(call subjects,$(DIR))) $(addsuffix /*.asm,$(call subjects,$(DIR))))))

# --- front doors: each installs what it lacks first, then calls itself with what that brought ------

run_DEPS   := build run
gdb_DEPS   := build run debug
test_DEPS  := build run test debug
bench_DEPS := build run
lint_DEPS  := build test

.PHONY: run gdb test bench lint deps
run:   ## boot a disk image in QEMU, on this terminal; EXE=path ARGS="..." runs a program of yours
gdb:   ## the same machine, stopped, with gdb attached and WinDbg's commands in it
test:  ## host tests, kernel tests, conformance programs, debugger tests
bench: ## guest instructions per operation, beside those of other systems
lint:  ## formatting, clang-tidy, layers and lengths
run gdb test bench lint:
	@tools/deps $($@_DEPS)
	@$(MAKE) --no-print-directory $@-now
deps:  ## install what building, running, testing and debugging need
	@tools/deps build run test debug oracle

EXE  ?= $(HELLO)
ARGS ?=
DISK := $(O)/disk.img

# A machine as one would buy it: firmware, a GPT disk, no files handed in from outside.
.PHONY: run-now gdb-now
run-now: all
	tools/mkdisk --images $(O)/image $(DISK) $(EXE) $(ARGS)
	tools/bootdisk $(BOOTDISK_FLAGS) $(DISK)
gdb-now: all
	tools/gdb/start --build $(O) $(EXE) $(ARGS)

# --- care -----------------------------------------------------------------------------------------

LINT_C := $(NTOS_C) $(HAL_C) $(filter-out $(NTOS_C),$(NTDLL_C))

compile_commands.json: all ## for editors and clang-tidy
	(echo '['; find $(O)/kernel $(O)/user -name '*.obj.json' | sort | xargs cat | sed '$$s/,$$//'; echo ']') > $@

.PHONY: lint-now
lint-now: compile_commands.json
	@clang-format$(LLVM) --dry-run -Werror $(shell git ls-files '*.c' '*.h')
	$(PYTHON) tools/lint
	@echo $(LINT_C) | tr ' ' '\n' | xargs -P2 -n8 clang-tidy$(LLVM) -p . --quiet

.PHONY: clean
clean: ## remove everything that was built
	rm -rf build compile_commands.json

.PHONY: help
help: ## this list
	@grep -hE '^[a-z_-]+:.*## ' $(MAKEFILE_LIST) | sort -u | sed -E 's/^([a-z_-]+):.*## (.*)/  make \1\t\2/' | expand -t 24
	@echo "  BUILD=free chooses the free build (default: checked)."
