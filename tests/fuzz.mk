# Fuzzers. `make fuzz` runs clang's libFuzzer on the PE parser for a minute, under AddressSanitizer and UBSan, starting
# from images that mingw makes of the sources in tests/fuzz/seeds; then the campaign in the machine.

# The campaign: how long, from which seed on, how many machines at a time.
FUZZ_MINUTES ?= 10
FUZZ_SEED    ?= 1
FUZZ_JOBS    ?= 1
FUZZ_SECONDS ?= 60
FUZZ_CFLAGS  := -g -O1 -std=c17 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
                -fms-extensions -fshort-wchar -Wall -Wextra -Wno-microsoft -DNTOS_HOST -DDBG=1 -Isdk -Iinc
FUZZ_SEEDS   := $(patsubst tests/fuzz/seeds/%.c,$(O)/fuzz/corpus/image/%.bin,$(wildcard tests/fuzz/seeds/*.c)) \
                $(O)/fuzz/corpus/image/stripped.bin

$(O)/fuzz/fuzz_image: tests/fuzz/fuzz_image.c rtl/image/image.c rtl/image/imagereloc.c rtl/image/imagebind.c inc/rtlimage.h
	@mkdir -p $(@D)
	clang$(LLVM) $(FUZZ_CFLAGS) $(filter %.c,$^) -o $@

# Code of ntdll: names as paths, environments, addresses as text.
FUZZ_STRINGS := $(addprefix rtl/string/,string.c stringcmp.c stringalloc.c upcase.c stringansi.c stringconv.c codepage.c utf8.c)
FUZZ_TEXTS   := path env ip
$(O)/fuzz/fuzz_path: $(wildcard user/ntdll/path/*.c) $(FUZZ_STRINGS)
$(O)/fuzz/fuzz_env: $(wildcard user/ntdll/env/*.c) $(FUZZ_STRINGS)
$(O)/fuzz/fuzz_ip: $(wildcard rtl/ip/*.c)
$(FUZZ_TEXTS:%=$(O)/fuzz/fuzz_%): $(O)/fuzz/fuzz_%: tests/fuzz/fuzz_%.c $(wildcard user/ntdll/*/*.h rtl/ip/*.h sdk/ntrtl*.h)
	@mkdir -p $(@D)
	clang$(LLVM) $(FUZZ_CFLAGS) -Iuser/ntdll -Iuser/ntdll/path -Iuser/ntdll/env -Irtl/ip -Wno-unused-parameter $(filter %.c,$^) -o $@

$(O)/fuzz/corpus/image/%.bin: tests/fuzz/seeds/%.c
	@mkdir -p $(@D)
	x86_64-w64-mingw32-gcc -Os -s -nostdlib -shared -Wl,-e,Entry $< -lntdll -o $@
$(O)/fuzz/corpus/image/stripped.bin: tests/fuzz/seeds/imports.c
	@mkdir -p $(@D)
	x86_64-w64-mingw32-gcc -Os -s -nostdlib -Wl,-e,Entry,--disable-dynamicbase $< -lntdll -o $@

# A short run is part of `make test` (tests/test_fuzz.py).
host-tests: $(O)/fuzz/fuzz_image $(FUZZ_SEEDS) $(FUZZ_TEXTS:%=$(O)/fuzz/fuzz_%)

# The corpus that grows is kept apart from the seeds; a crash leaves its input beside it.
.PHONY: fuzz
fuzz: all free-build test-programs host-tests ## attack the kernel for FUZZ_MINUTES, from FUZZ_SEED on
	@mkdir -p $(O)/fuzz/found $(FUZZ_TEXTS:%=$(O)/fuzz/found-%)
	for name in $(FUZZ_TEXTS); do \
	    $(O)/fuzz/fuzz_$$name -max_total_time=$(FUZZ_SECONDS) -max_len=200 -timeout=10 -verbosity=0 -print_final_stats=1 \
	        -artifact_prefix=$(O)/fuzz/ $(O)/fuzz/found-$$name || exit 1; \
	done
	$(O)/fuzz/fuzz_image -max_total_time=$(FUZZ_SECONDS) -max_len=65536 -timeout=10 -verbosity=0 -print_final_stats=1 \
	    -artifact_prefix=$(O)/fuzz/ $(O)/fuzz/found $(O)/fuzz/corpus/image
	$(PYTHON) tests/fuzz/campaign.py --minutes $(FUZZ_MINUTES) --seed $(FUZZ_SEED) --jobs $(FUZZ_JOBS) \
	    --checked $(abspath $(O)) --free $(abspath $(FREE_O))

# --- the campaign: system services, entries and images, inside the machine ---------------------

CAMPAIGN_C := $(wildcard tests/fuzz/calls/*.c)

# All prototypes are in sdk/nt*.h; a service that has none stops the build.
$(O)/gen/fuzz_shapes.h: tests/fuzz/genshapes.py sdk/services.tbl $(wildcard sdk/nt*.h) | $(O)/gen/.dir
	$(Q)$(PYTHON) $< sdk $@

$(O)/fuzz/campaign.exe: $(CAMPAIGN_C) $(O)/gen/fuzz_shapes.h $(wildcard tests/fuzz/calls/*.h tests/conformance/*.h)
	@mkdir -p $(@D)
	$(call say,CC,tests/fuzz/calls)
	$(Q)$(MINGW) $(CF_CFLAGS) -I$(O)/gen -Wl,-e,Start $(CAMPAIGN_C) -o $@ $(CF_LIBS)

# Names and object attributes, for every service that creates or opens an object.
$(O)/fuzz/names.exe: tests/fuzz/names.c $(wildcard tests/conformance/*.h)
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(MINGW) $(CF_CFLAGS) -Itests/conformance -Wl,-e,Start $< -o $@ $(CF_LIBS)

test-programs: $(O)/fuzz/campaign.exe $(O)/fuzz/names.exe
