# Which cache lines processors share: a program, and the QEMU plugin that watches it.

$(O)/lines/lines.exe: tests/lines/lines.c $(wildcard tests/conformance/*.h)
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(MINGW) $(CF_CFLAGS) -Itests/conformance -Wl,-e,Start $< -o $@ $(CF_LIBS)

$(O)/lines/stores.so: tests/lines/stores.c
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(HOST_CC) -O2 -g -std=gnu17 -shared -fPIC -fvisibility=hidden -Wall -Wextra \
	    -Wno-unused-parameter $(if $(CI),-Werror) $< -o $@

test-programs: $(O)/lines/lines.exe $(O)/lines/stores.so
