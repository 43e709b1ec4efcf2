# `make run` and `make test` are all that most people need; README.md says what they do.

ROOST_STATE ?= /var/lib/roost
ROOST_RUN ?= /run/roost
ROOST_LISTEN ?= 127.0.0.1:8080
CONFIGURATION ?= release
PREFIX ?= /usr/local
DESTDIR ?=
export ROOST_STATE ROOST_RUN ROOST_LISTEN

.PHONY: run build install stop clean-state test lint bench bench-scan bench-first-try soak doctor

run: build
	@scripts/run.sh .build/$(CONFIGURATION)

build:
	@scripts/install.sh run
	swift build -c $(CONFIGURATION) --product roost
	swift build -c $(CONFIGURATION) --product roostd

install: build
	@scripts/install-programs.sh .build/$(CONFIGURATION) $(DESTDIR)$(PREFIX)

stop:
	@scripts/stop.sh .build/$(CONFIGURATION)

clean-state: stop
	@scripts/clean-state.sh

# Integration tests go one after the other: each starts daemons, builds and loads of its own, on two cores. Those of
# Scaffold run by themselves: they start many programs, and others look at the clock.
test:
	@scripts/install.sh test
	swift build
	swift test --skip IntegrationTests --skip ScaffoldTests
	swift test --filter ScaffoldTests
	swift test --no-parallel --filter IntegrationTests

lint:
	@scripts/lint.sh

doctor: build
	@.build/$(CONFIGURATION)/roost doctor

bench: build
	@scripts/install.sh test
	@python3 scripts/bench.py .build/$(CONFIGURATION)

bench-scan: build
	@scripts/install.sh test
	@python3 scripts/bench_scan.py .build/$(CONFIGURATION)

# FIRST_TRY names checkouts, or --answers FILE.
bench-first-try: build
	@python3 scripts/first_try.py .build/$(CONFIGURATION) $(FIRST_TRY)

soak: build
	@scripts/install.sh test
	@python3 scripts/soak.py .build/$(CONFIGURATION)
