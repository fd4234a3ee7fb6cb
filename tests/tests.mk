# Tests: the programs that run inside the machine, the oracle, and the front doors of pytest.
# $(O) holds everything that is built; tests find it through VITRINE_O.

MINGW        := x86_64-w64-mingw32-gcc
MINGWDLLTOOL := x86_64-w64-mingw32-dlltool
PYTEST       := $(PYTHON) -m pytest
PYTEST_JOBS  ?= 2

# --- conformance programs: stock mingw, ntdll.dll only -----------------------------------------

CF        := $(O)/conformance
CF_DLLS   := testlib second refusal
CF_EXES   := $(filter-out $(CF_DLLS),$(basename $(notdir $(wildcard tests/conformance/*.c))))
CF_CFLAGS := -std=gnu11 -O1 -Wall -Wextra -Wno-unused-function -Wno-array-bounds -Wno-infinite-recursion -ffreestanding \
             -fno-ident -nostdlib -fno-builtin $(if $(CI),-Werror)
CF_LIBS   := -lntdll -lntdllcrt -lgcc
CF_PROGRAMS := $(CF_EXES:%=$(CF)/%.exe) $(CF_DLLS:%=$(CF)/%.dll)

# Less than a page: what Microsoft's linker does for /ALIGN:16 and /ALIGN:512.
$(CF)/flat.exe $(CF)/bare.exe: CF_LDFLAGS := -Wl,--section-alignment=16,--file-alignment=16 -s
$(CF)/flat512.exe: CF_LDFLAGS := -Wl,--section-alignment=512,--file-alignment=512 -s
$(CF)/flatmoved.exe: CF_LDFLAGS := -Wl,--section-alignment=16,--file-alignment=16 -s \
    -Wl,--image-base=0x7FFE0000 -Wl,--dynamicbase
$(CF)/flat512.exe: tests/conformance/flat.c
$(CF)/flatmoved.exe: tests/conformance/reloc.c
$(CF)/reloc.exe: CF_LDFLAGS := -Wl,--image-base=0x7FFE0000 -Wl,--dynamicbase
$(CF)/testlib.dll: CF_LDFLAGS := -Wl,--image-base=0x140000000
$(CF)/dlluser.exe: CF_EXTRA := $(CF)/testlib.lib
$(CF)/nodll.exe: CF_EXTRA := $(CF)/second.lib
$(CF)/noentry.exe: CF_EXTRA := $(CF)/noentry.lib
$(CF)/refuses.exe: CF_EXTRA := $(CF)/refusal.lib
$(CF)/testlib.dll: CF_EXTRA := $(CF)/second.lib
$(CF)/second.dll: CF_EXTRA := $(CF)/testlib.lib
$(CF)/dlluser.exe $(CF)/second.dll: $(CF)/testlib.lib
$(CF)/nodll.exe $(CF)/testlib.dll: $(CF)/second.lib
$(CF)/noentry.exe: $(CF)/noentry.lib
$(CF)/refuses.exe: $(CF)/refusal.lib

$(CF)/%.exe: tests/conformance/%.c $(wildcard tests/conformance/*.h) | $(CF)/.dir
	$(call say,CC,$<)
	$(Q)$(MINGW) $(CF_CFLAGS) -Wl,-e,Start $(CF_LDFLAGS) $< -o $@ $(CF_EXTRA) $(CF_LIBS)

$(CF)/%.dll: tests/conformance/%.c tests/conformance/%.def $(wildcard tests/conformance/*.h) | $(CF)/.dir
	$(call say,CC,$<)
	$(Q)$(MINGW) $(CF_CFLAGS) -shared -Wl,-e,DllMain $(CF_LDFLAGS) $< tests/conformance/$*.def -o $@ $(CF_EXTRA) $(CF_LIBS)

# badargs.c has a row for each service that is there.
$(O)/gen/all_services.h: sdk/services.tbl | $(O)/gen/.dir
	$(Q)awk '/^0x/ && $$3 != "-" {printf "{%s, %s, \"%s\"},\n", $$1, $$3, $$2}' $< > $@
$(CF)/badargs.exe: $(O)/gen/all_services.h
$(CF)/badargs.exe: CF_LDFLAGS := -I$(O)/gen -Wno-missing-field-initializers

# Import libraries from the .def files, so that two DLLs can import each other.
$(CF)/%.lib: tests/conformance/%.def | $(CF)/.dir
	$(Q)$(MINGWDLLTOOL) -d $< -l $@

# --- what runs under Wine to record the expected outputs ----------------------------------------

$(CF)/runner/runner.exe: tests/conformance/oracle/runner.c
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(MINGW) -O1 -Wall -municode $< -o $@

.PHONY: oracle
oracle: $(CF_PROGRAMS) $(CF)/runner/runner.exe ## record what the conformance programs do under Wine
	$(PYTHON) tools/oracle --build $(O)

# --- benchmarks -----------------------------------------------------------------------------------

$(O)/bench/%.exe: tests/bench/%.c $(wildcard tests/bench/*.h) tests/conformance/nt.h
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(MINGW) -std=gnu11 -O2 -Wall -Wextra -Wno-unused-function -Wno-array-bounds -ffreestanding -nostdlib -fno-ident \
	    -Itests/conformance -Wl,-e,Start $< -o $@ $(CF_LIBS)

# A boot driver, for what only the kernel can measure.
KBENCH := $(O)/bench/kbench
$(KBENCH).obj: tests/bench/kbench.c
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(KERNEL_CFLAGS) -MMD -MP -MF $(@:.obj=.d) -c $< -o $@
$(KBENCH).sys: $(KBENCH).obj $(O)/gen/ntoskrnl.lib $(O)/gen/hal.lib
	$(call say,LINK,$@)
	$(Q)$(LD) $(LDFLAGS) /driver /subsystem:native /entry:DriverEntry /base:0xFFFFF80010000000 /align:0x1000 \
	    /merge:.buildid=.rdata /out:$@ $^
-include $(wildcard $(KBENCH).d)

# The other build, from the same makefile.
FREE_O := $(if $(filter build/%,$(O)),build/free,$(O)/free)

.PHONY: free-build
free-build:
	@$(MAKE) --no-print-directory BUILD=free O=$(FREE_O) all $(FREE_O)/bench/bench.exe $(FREE_O)/bench/kbench.sys \
	    $(FREE_O)/kmtest/spawn.sys $(FREE_O)/kmtest/watch.sys

.PHONY: bench-now
bench-now: free-build
	VITRINE_O=$(abspath $(FREE_O)) $(PYTHON) tools/bench

# --- kernel tests: a boot driver -----------------------------------------------------------------

KMT   := $(O)/kmtest
KMT_C := $(wildcard tests/kernel/*.c)

$(KMT)/%.obj: tests/kernel/%.c
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(KERNEL_CFLAGS) -UDBG -DDBG=0 -Itests/kernel -MMD -MP -MF $(@:.obj=.d) -c $< -o $@

$(KMT)/kmtest.full.sys: $(KMT_C:tests/kernel/%.c=$(KMT)/%.obj) $(O)/gen/ntoskrnl.lib $(O)/gen/hal.lib
	$(call say,LINK,$@)
	$(Q)$(LD) $(LDFLAGS) -lldmingw /debug:full /pdb:$(KMT)/kmtest.pdb /map:$@.map /driver /subsystem:native /entry:DriverEntry \
	    /base:0xFFFFF80010000000 /align:0x1000 /merge:.buildid=.rdata /out:$@ $^
$(KMT)/kmtest.sys: $(KMT)/kmtest.full.sys
	$(OBJCOPY) --strip-debug $< $@

# Drivers that stand alone: spawn starts the second process of programs that want one, watch ends
# processes that do not end.
$(KMT)/%.obj: tests/drivers/%.c
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(KERNEL_CFLAGS) -UDBG -DDBG=0 -MMD -MP -MF $(@:.obj=.d) -c $< -o $@
$(KMT)/spawn.sys $(KMT)/watch.sys $(KMT)/misbehave.sys: $(KMT)/%.sys: $(KMT)/%.obj $(O)/gen/ntoskrnl.lib $(O)/gen/hal.lib
	$(call say,LINK,$@)
	$(Q)$(LD) $(LDFLAGS) /driver /subsystem:native /entry:DriverEntry /align:0x1000 /merge:.buildid=.rdata /out:$@ $^

# A driver as others build them: mingw's own DDK headers and import library.
$(KMT)/ddkirql.sys: tests/drivers/ddkirql.c
	@mkdir -p $(@D)
	$(call say,MINGW,$<)
	$(Q)$(MINGW) -std=gnu17 -O2 -Wall -Wno-array-bounds -I/usr/x86_64-w64-mingw32/include/ddk -nostdlib -shared \
	    -Wl,--subsystem,native -Wl,-e,DriverEntry $< -o $@ -lntoskrnl

-include $(wildcard $(KMT)/*.d)

# --- pytest ---------------------------------------------------------------------------------------

.PHONY: test-programs
test-programs: $(CF_PROGRAMS) $(KMT)/kmtest.sys $(KMT)/spawn.sys $(KMT)/watch.sys $(KMT)/misbehave.sys $(KMT)/ddkirql.sys

.PHONY: test-now
test-now: all free-build test-programs host-tests
	VITRINE_O=$(abspath $(O)) VITRINE_FREE_O=$(abspath $(FREE_O)) $(PYTEST) -q -n $(PYTEST_JOBS) --dist loadgroup -p no:cacheprovider $(PYTEST_ARGS) tests

# Without the debugger's transcripts and the slower boots.
.PHONY: check
check: all free-build test-programs host-tests ## the short form of make test
	VITRINE_O=$(abspath $(O)) VITRINE_FREE_O=$(abspath $(FREE_O)) $(PYTEST) -q -n $(PYTEST_JOBS) --dist loadgroup -p no:cacheprovider -m "not slow" tests

# --- host tests: native, under AddressSanitizer and UBSan ------------------------------------------
#
# A test names its sources in a comment of its first lines: "Sources: rtl/a.c rtl/b.c", which may go
# on in further lines.

HOST_CC     := clang$(LLVM)
HOST_CFLAGS := -g -O1 -std=gnu17 -fsanitize=address,undefined -fno-sanitize-recover=all -fms-extensions \
               -fshort-wchar -Wall -Wextra -Wno-microsoft -Wno-unused-parameter -Wno-unknown-pragmas \
               -DNTOS_HOST -DDBG=1 -Isdk -Iinc -I$(O)/gen $(addprefix -I,$(call subjects,rtl kernel ex ob mm user/ntdll)) $(if $(CI),-Werror)
HOST_TESTS  := $(patsubst tests/host/%.c,$(O)/host/%,$(wildcard tests/host/test_*.c))
host_sources = $(shell awk 'sub(/.*[Ss]ources:/, "") { on = 1 } \
    on { if (!/\.c/) exit; for (i = 1; i <= NF; i++) if ($$i ~ /\.c$$/) print $$i }' tests/host/$(1).c)

define HOST_RULE
$(O)/host/$(1): tests/host/$(1).c $(call host_sources,$(1)) | $(O)/gen/offsets.h
	@mkdir -p $$(@D)
	$$(call say,CC,$$<)
	$(Q)$(HOST_CC) $(HOST_CFLAGS) -MMD -MP -MF $$@.d -o $$@ $$< $(call host_sources,$(1))
endef
$(foreach test,$(HOST_TESTS),$(eval $(call HOST_RULE,$(notdir $(test)))))

.PHONY: host-tests
host-tests: $(HOST_TESTS)
-include $(wildcard $(O)/host/*.d)
