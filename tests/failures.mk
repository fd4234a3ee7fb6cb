# The walk of failure injection: one program of several files, for the checked build.

FAILURES_C := $(wildcard tests/failures/*.c)

$(O)/failures/failures.exe: $(FAILURES_C) $(wildcard tests/failures/*.h tests/conformance/*.h)
	@mkdir -p $(@D)
	$(call say,CC,tests/failures)
	$(Q)$(MINGW) $(CF_CFLAGS) -Wl,-e,Start $(FAILURES_C) -o $@ $(CF_LIBS)

test-programs: $(O)/failures/failures.exe
