# The libraries that programs link: packages unpacked by `pipelines/packages bring .deps`, where nothing can be installed,
# or those of the system.
DEPS ?= $(wildcard .deps)
ifneq ($(DEPS),)
triplet := $(shell $(CC) -print-multiarch)
override CPPFLAGS += $(foreach d,usr/include usr/include/$(triplet) usr/include/$(triplet)/openblas-pthread,-isystem $(DEPS)/$(d))
# As RPATH, which is for what libraries need too.
override LDFLAGS += -Wl$(comma)--disable-new-dtags $(foreach d,usr/lib/$(triplet) usr/lib/$(triplet)/openblas-pthread lib/$(triplet),\
	-L$(DEPS)/$(d) -Wl$(comma)-rpath$(comma)$(realpath $(DEPS))/$(d))
endif

# Says in one line what is missing and which command installs it.
build/packages-%: pipelines/packages
	$(if $(DEPS),,pipelines/packages check $* &&) mkdir -p build && touch $@
