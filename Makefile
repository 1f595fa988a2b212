# What one does with this project, each in one word. CMakePresets.json says how each build is made.
#
#   make            the server: build/release/brilliantserver
#   make run        serves the demo site on http://127.0.0.1:8080/
#   make test       all tests; the unit tests with sanitizers and with the other compiler as well
#   make test-all   everything with everything, clang-tidy and a short run of each fuzz target: slower
#   make fuzz       each fuzz target, or those in FUZZ, for FUZZ_SECONDS (60);   make fuzz-merge: takes in what they found
#   make bench      micro benchmarks and a load run, beside nginx where it is installed
#   make lint       layout and clang-tidy;   make format: mends the layout
#   make install    with DESTDIR and PREFIX (/usr/local);   make clean
#
# Debian packages that are missing are installed first. `make -jN` uses N cores, otherwise all are used.

JOBS = $(or $(patsubst -j%,%,$(filter -j%,$(MAKEFLAGS))),$(shell nproc))
PREFIX ?= /usr/local
FUZZ_SECONDS ?= 60
export CMAKE_CXX_COMPILER_LAUNCHER ?= $(shell command -v ccache)
export GTEST_BRIEF ?= 1

configure = cmake --preset $(1) -DBRILLIANT_TESTS=ON
build = cmake --build --preset $(1) --parallel $(JOBS)
ctest = ctest --preset $(1) --parallel $(JOBS)

.NOTPARALLEL:
.PHONY: all run test test-all test-release test-asan test-gcc fuzz fuzz-merge bench lint format install clean build-packages test-packages

all: build-packages
	@cmake --preset release $(if $(wildcard build/release/CMakeCache.txt),,-DBRILLIANT_TESTS=OFF)
	@$(call build,release) --target brilliantserver

run: all
	@echo "Serving the demo site on http://127.0.0.1:8080/ (Ctrl-C ends it)"
	@config=examples/demo.conf; \
	[ "$$(id -u)" != 0 ] || chmod 1777 examples/drop examples/trash; \
	if [ "$$(id -u)" = 0 ] && ! setpriv --reuid=65534 --clear-groups test -r "$(CURDIR)/examples/demo/index.html"; then \
	  config=examples/demo-as-root.conf; \
	fi; \
	exec build/release/brilliantserver $$config

test: test-packages
	@$(call configure,asan) && $(call build,asan) && $(call ctest,asan) --label-regex 'unit|corpus'
	@$(call configure,gcc) && $(call build,gcc) && $(call ctest,gcc) --label-regex unit
	@$(call configure,release) && $(call build,release) && $(call ctest,release)

test-all: export BRILLIANT_LARGE = 1
test-all: test-packages
	@$(call configure,release) && $(call build,release) && $(call ctest,release)
	@$(call configure,asan) && $(call build,asan) && $(call ctest,asan)
	@$(call configure,gcc) && $(call build,gcc) && $(call ctest,gcc)
	@$(call configure,portable) && $(call build,portable) && $(call ctest,portable) --label-regex 'unit|end_to_end'
	@JOBS=$(JOBS) tools/lint
	@$(MAKE) --no-print-directory fuzz FUZZ_SECONDS=20

fuzz: test-packages
	@$(call configure,fuzz) && $(call build,fuzz) --target fuzz/all
	@JOBS=$(JOBS) tools/fuzz build/fuzz $(FUZZ_SECONDS) $(FUZZ)

fuzz-merge:
	@JOBS=$(JOBS) tools/fuzz --merge build/fuzz $(FUZZ)

bench:
	@tools/install-packages build bench
	@cmake --preset release -DBRILLIANT_BENCH=ON $(if $(wildcard build/release/CMakeCache.txt),,-DBRILLIANT_TESTS=OFF)
	@$(call build,release) --target brilliantserver micro_benchmark
	@build/release/bench/micro_benchmark
	@bench/compare

lint: test-packages
	@$(call configure,release) && $(call build,release)
	@JOBS=$(JOBS) tools/lint

format: test-packages
	@find src fuzz bench tests -name '*.cc' -o -name '*.h' | xargs clang-format-19 -i

install: all
	@cmake --install build/release --prefix $(PREFIX)

clean:
	@rm -rf build

build-packages:
	@tools/install-packages build

test-packages:
	@tools/install-packages build test
