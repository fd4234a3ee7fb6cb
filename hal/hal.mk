# The console font: a PSF of Debian's console-setup-linux (or kbd), turned into C at build time.
HAL_FONT ?= $(firstword $(wildcard /usr/share/consolefonts/Lat15-VGA16.psf.gz \
              /usr/share/consolefonts/Lat1-16.psf.gz /usr/share/consolefonts/default8x16.psf.gz) \
              /usr/share/consolefonts/Lat15-VGA16.psf.gz)

$(O)/gen/halfont.c: $(HAL_FONT) tools/psf2c.py | $(O)/gen/.dir
	$(Q)$(PYTHON) tools/psf2c.py $< $@

$(O)/kernel/gen/halfont.obj: $(O)/gen/halfont.c hal/halp.h
	@mkdir -p $(@D)
	$(Q)$(CC) $(KERNEL_CFLAGS) -DNTHAL_BUILD -Ihal -c $< -o $@

$(O)/hal.dll: $(O)/kernel/gen/halfont.obj
