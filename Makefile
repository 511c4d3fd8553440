# One command for each need. `make help` lists them.

NVCIM_DATA ?= ../shared/data
NVCIM_ORACLES ?= ../shared/oracles
PREFIX ?= /usr/local

# Programs and tests read the two folders from the environment only.
export NVCIM_DATA := $(abspath $(NVCIM_DATA))
export NVCIM_ORACLES := $(abspath $(NVCIM_ORACLES))

# One release build serves everything: the physics is 300 times slower in debug.
BUILD := swift build -c release
BIN := .build/release

.PHONY: help bootstrap build test test-build test-all demo fidelity bench format tidy proto golden install clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

bootstrap:
	@scripts/bootstrap

build: bootstrap ## build chipd, chipctl, hostagent and nvcim-fidelity
	$(BUILD) --product chipd
	$(BUILD) --product chipctl
	$(BUILD) --product hostagent
	$(BUILD) --product nvcim-fidelity

test: test-build ## install what is missing, build, pass all tests
	swift test -c release --skip-build

test-build: build
	# Not --build-tests: it also compiles the programs of every dependency.
	$(BUILD) --product nvcimPackageTests
	$(BUILD) --product nvcim-bench

test-all: test-build ## the same with tests that take minutes, and every experiment's --quick
	NVCIM_TEST_ALL=1 swift test -c release --skip-build
	scripts/experiments-quick $(BIN)

demo: build ## install what is missing, build, run the main job
	$(BIN)/hostagent demo --report demo-report.html

fidelity: bootstrap ## hold running chips to the device model, write fidelity.html and .json
	$(BUILD) --product chipd
	$(BUILD) --product nvcim-fidelity
	scripts/fidelity $(BIN) firmware-specs --json fidelity.json --html fidelity.html

bench: bootstrap ## speed, one JSON object a line, each beside a floor of the same run
	$(BUILD) --product nvcim-bench
	$(BUILD) --product chipd
	@$(BIN)/nvcim-bench

format: ## format the Swift sources in place
	swift format --in-place --recursive --parallel Package.swift Sources Tests Benchmarks

tidy: ## say what the formatter would change
	swift format lint --strict --recursive --parallel Package.swift Sources Tests Benchmarks

proto: bootstrap ## generate the Swift messages of the wire anew
	$(BUILD) --product protoc-gen-swift
	protoc --plugin=$(BIN)/protoc-gen-swift --swift_opt=Visibility=Public \
	  --swift_opt=UseAccessLevelOnImports=true \
	  --swift_out=Sources/Protocol/Generated --proto_path=firmware-specs \
	  firmware-specs/wire.proto

golden: bootstrap ## write the golden messages of firmware-specs anew
	/usr/bin/python3 scripts/golden --write

install: build ## install the programs and specs under PREFIX
	install -d "$(DESTDIR)$(PREFIX)/bin" "$(DESTDIR)$(PREFIX)/share/nvcim"
	install -m 755 $(addprefix $(BIN)/,chipd chipctl hostagent nvcim-fidelity) \
	  "$(DESTDIR)$(PREFIX)/bin"
	rm -rf "$(DESTDIR)$(PREFIX)/bin/nvcim_HostKit.resources"
	cp -R $(BIN)/nvcim_HostKit.resources "$(DESTDIR)$(PREFIX)/bin/"
	cp -R firmware-specs "$(DESTDIR)$(PREFIX)/share/nvcim/"

clean: ## remove what was built
	rm -rf .build
