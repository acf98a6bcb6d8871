# Verbs only; `make help` prints them. The work is done by meson, tools/ and tests/run.
PORT ?= 8000
DATA ?= $(CURDIR)/.data
ROWS ?=
TARGETS ?= build demo

.DEFAULT_GOAL := help
.PHONY: help build demo up test verify bench bench-report fuzz soak asan tsan coverage debug clean \
	install-deps fresh-machine

help: ## print the verbs
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 24
	@echo "Variables: PORT= (default 8000) DATA= (default .data) ROWS= (bench) TARGETS= (fresh-machine)"

build: ## install what is missing for building, leave every program in build/bin
	@tools/install-deps build
	@tools/build release

# By way of the environment: no word of a path with blanks is taken apart, here or in the shell.
demo up: export PORT := $(PORT)
demo up: export DATA := $(DATA)

demo: build ## from nothing to a model trained, served, explained and billed (PORT=, DATA=)
	@tools/demo

up: build ## run the platform in the foreground (PORT=, DATA=)
	@exec env MODELOPS_DATA="$$DATA" AUTH_MODE=demo build/bin/modelops up

test: ## install what the tests need and run all of them
	@tools/install-deps test
	@tests/run

verify: ## format, style, layers, headers, generated files, and a clang build
	@tools/verify

bench: ## measure against the peers (ROWS="predict rss"; no ROWS: all)
	@tools/install-deps bench
	@tools/build release
	@build/venv/bin/python bench/run $(ROWS)

bench-report: ## write docs/BENCHMARKS.md from build/bench/results.json
	@build/venv/bin/python bench/report

fuzz: ## run every fuzzer for 60 s
	@tools/install-deps test
	@tests/run --fuzz-seconds=60 fuzz/

soak: ## the fault tests with 200 random kills instead of 10
	@tools/install-deps test
	@MODELOPS_SOAK_POINTS=200 tests/run --timeout=3600 fault/

asan: ## unit, scenario and fault tests with AddressSanitizer and UndefinedBehaviorSanitizer
	@tools/install-deps test
	@tests/run --build=asan unit/ fuzz/ conformance/ scenario/ fault/

tsan: ## unit and fault tests, the gateway, the flow and parallel load with ThreadSanitizer
	@tools/install-deps test
	@tests/run --build=tsan unit/ conformance/ scenario/test_c_gateway scenario/test_d_flow scenario/test_d_parallel fault/

coverage: ## line coverage of the unit and scenario tests and the corpora: build/coverage/report.txt
	@tools/install-deps test
	@tests/run --build=coverage unit/ fuzz/ conformance/ scenario/
	@build/venv/bin/gcovr --root . --object-directory build/coverage --exclude 'tests/' \
		--txt build/coverage/report.txt --html-details build/coverage/report.html --print-summary

debug: ## a build for the debugger in build/debug, and compile_commands.json
	@tools/install-deps test
	@tools/build --tests debug
	@ln -sfn build/debug/compile_commands.json compile_commands.json

clean: ## remove the build folder but the installed PyPI packages; data is kept
	@find build -mindepth 1 -maxdepth 1 ! -name 'venv*' ! -name share -exec rm -rf {} + 2>/dev/null || true

install-deps: ## install everything that any verb needs
	@tools/install-deps all

fresh-machine: ## prove TARGETS in a bare Debian 12 (root; TARGETS="build demo test")
	@tools/fresh-machine $(TARGETS)
