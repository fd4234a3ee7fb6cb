# Programs: built by the stock mingw compiler, which knows nothing of this system. They import
# ntdll.dll only and run on Windows and under Wine as well.

MINGW_CC     := x86_64-w64-mingw32-gcc
MINGW_CFLAGS := -std=gnu17 -O2 -g -Wall -Wextra -nostdlib -fno-ident -Wl,-e,start
MINGW_LIBS   := -lntdll -lntdllcrt

PROGRAMS := $(patsubst user/programs/%.c,$(O)/programs/%.exe,$(wildcard user/programs/*.c))
HELLO    := $(O)/programs/hello.exe

all: $(PROGRAMS)

$(O)/programs/%.exe: user/programs/%.c user/user.mk
	@mkdir -p $(@D)
	$(call say,MINGW,$<)
	$(Q)$(MINGW_CC) $(MINGW_CFLAGS) -o $@ $< $(MINGW_LIBS)
