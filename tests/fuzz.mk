# Fuzzers: clang's libFuzzer under AddressSanitizer and UBSan. `make fuzz` runs each for FUZZ_SECONDS,
# starting from images that mingw makes of the sources in tests/fuzz/seeds.

FUZZ_SECONDS ?= 30
# The fuzzers of services run with so many seeds, from this one on.
FUZZ_FIRST   ?= 100
FUZZ_SEEDS_EACH ?= 5
FUZZ_CFLAGS  := -g -O1 -std=c17 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
                -fms-extensions -fshort-wchar -Wall -Wextra -Wno-microsoft -DNTOS_HOST -DDBG=1 -Isdk -Iinc
FUZZ_SEEDS   := $(patsubst tests/fuzz/seeds/%.c,$(O)/fuzz/corpus/image/%.bin,$(wildcard tests/fuzz/seeds/*.c)) \
                $(O)/fuzz/corpus/image/stripped.bin

$(O)/fuzz/fuzz_image: tests/fuzz/fuzz_image.c rtl/image/image.c rtl/image/imagereloc.c rtl/image/imagebind.c inc/rtlimage.h
	@mkdir -p $(@D)
	clang$(LLVM) $(FUZZ_CFLAGS) $(filter %.c,$^) -o $@

$(O)/fuzz/corpus/image/%.bin: tests/fuzz/seeds/%.c
	@mkdir -p $(@D)
	x86_64-w64-mingw32-gcc -Os -s -nostdlib -shared -Wl,-e,Entry $< -lntdll -o $@
$(O)/fuzz/corpus/image/stripped.bin: tests/fuzz/seeds/imports.c
	@mkdir -p $(@D)
	x86_64-w64-mingw32-gcc -Os -s -nostdlib -Wl,-e,Entry,--disable-dynamicbase $< -lntdll -o $@

# A short run is part of `make test` (tests/test_fuzz.py).
host-tests: $(O)/fuzz/fuzz_image $(FUZZ_SEEDS)

# The corpus that grows is kept apart from the seeds; a crash leaves its input beside it.
.PHONY: fuzz
fuzz: all test-programs $(O)/fuzz/fuzz_image $(FUZZ_SEEDS) ## fuzz the PE parser for FUZZ_SECONDS, services by seed
	@mkdir -p $(O)/fuzz/found
	$< -max_total_time=$(FUZZ_SECONDS) -max_len=65536 -timeout=10 -verbosity=0 -print_final_stats=1 \
	    -artifact_prefix=$(O)/fuzz/ $(O)/fuzz/found $(O)/fuzz/corpus/image
	for seed in $$(seq $(FUZZ_FIRST) $$(($(FUZZ_FIRST) + $(FUZZ_SEEDS_EACH) - 1))); do \
	    tools/vmrun --build $(O) --timeout 600 $(O)/fuzz/names.exe $$seed 200000 1000000 || exit 1; \
	    tools/vmrun --build $(O) --timeout 600 $(O)/fuzz/syscalls.exe $$seed; \
	    case $$? in 124|125|126) exit 1;; esac; \
	done

# --- system services with random arguments, inside the machine ---------------------------------

# Those that end or stop their caller by what they are for.
FUZZ_NOT := NtTerminateProcess NtTerminateThread NtContinue NtRaiseException NtDelayExecution \
            NtWaitForSingleObject NtWaitForMultipleObjects NtSignalAndWaitForSingleObject \
            NtWaitForKeyedEvent NtReleaseKeyedEvent NtWaitForAlertByThreadId NtSuspendThread \
            NtRemoveIoCompletion NtRemoveIoCompletionEx NtReadFile NtSetContextThread

$(O)/gen/fuzz_services.h: sdk/services.tbl tests/fuzz.mk | $(O)/gen/.dir
	$(Q)awk 'BEGIN {n = split("$(FUZZ_NOT)", names); for (i = 1; i <= n; i++) skip[names[i]] = 1} \
	    /^0x/ && $$3 != "-" && !($$2 in skip) {printf "{%s, %s}, /* %s */\n", $$1, $$3, $$2}' $< > $@

$(O)/fuzz/syscalls.exe: tests/fuzz/syscalls.c $(O)/gen/fuzz_services.h tests/conformance/nt.h
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(MINGW) $(CF_CFLAGS) -Itests/conformance -I$(O)/gen -Wl,-e,Start $< -o $@ $(CF_LIBS)

# Names and object attributes, for every service that creates or opens an object.
$(O)/fuzz/names.exe: tests/fuzz/names.c $(wildcard tests/conformance/*.h)
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(MINGW) $(CF_CFLAGS) -Itests/conformance -Wl,-e,Start $< -o $@ $(CF_LIBS)

test-programs: $(O)/fuzz/syscalls.exe $(O)/fuzz/names.exe
