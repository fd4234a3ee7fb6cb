# The UEFI loader: gcc and GNU-EFI, linked as a shared ELF object and turned into PE by objcopy.

BOOT_CC      ?= gcc
BOOT_OBJCOPY ?= objcopy
EFI_INCLUDE  ?= /usr/include/efi
# Where distributions put GNU-EFI's start-up object, linker script and library.
EFI_DIRS := /usr/lib /usr/lib/x86_64-linux-gnu /usr/lib/gnuefi /usr/lib/x86_64-linux-gnu/gnuefi
EFI_CRT0 := $(firstword $(wildcard $(EFI_DIRS:%=%/crt0-efi-x86_64.o)))
EFI_LDS  := $(firstword $(wildcard $(EFI_DIRS:%=%/elf_x86_64_efi.lds)))
EFI_LIB  := $(firstword $(wildcard $(EFI_DIRS:%=%/libgnuefi.a)))

BOOT_CFLAGS := -std=gnu17 -O2 -ffreestanding -fshort-wchar -fpic -fno-stack-protector \
               -fno-strict-aliasing -fno-tree-loop-distribute-patterns -mno-red-zone \
               -mgeneral-regs-only -maccumulate-outgoing-args -fno-asynchronous-unwind-tables \
               -Wall -Wextra -Wno-unused-parameter $(if $(CI),-Werror) \
               -DGNU_EFI_USE_MS_ABI -DNTOS_LOADER \
               -Iboot -Isdk -Iinc -isystem $(EFI_INCLUDE) -isystem $(EFI_INCLUDE)/x86_64
BOOT_C    := $(wildcard boot/*.c) rtl/image/image.c rtl/image/imagereloc.c rtl/image/imagebind.c
BOOT_OBJ  := $(BOOT_C:%.c=$(O)/boot/%.o)
EFI_SECTIONS := .text .sdata .data .rodata .dynamic .dynsym .rel .rela .rel.* .rela.* .reloc

$(O)/boot/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(BOOT_CC) $(BOOT_CFLAGS) -MMD -MP -MF $(@:.o=.d) -c $< -o $@

$(O)/BOOTX64.so: $(BOOT_OBJ)
	$(if $(EFI_CRT0),,$(error GNU-EFI is missing: install the package gnu-efi))
	$(call say,LINK,$@)
	$(Q)ld -nostdlib -znocombreloc -znoexecstack -shared -Bsymbolic --no-undefined -T $(EFI_LDS) \
	    $(EFI_CRT0) $^ $(EFI_LIB) -o $@

$(O)/BOOTX64.EFI: $(O)/BOOTX64.so
	$(Q)$(BOOT_OBJCOPY) $(EFI_SECTIONS:%=-j %) --output-target=efi-app-x86_64 --subsystem=10 $< $@

-include $(BOOT_OBJ:.o=.d)
