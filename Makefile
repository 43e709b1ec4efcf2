# `make run` and `make test` are all that most people need; README.md says what they do.

ROOST_STATE ?= /var/lib/roost
ROOST_RUN ?= /run/roost
ROOST_LISTEN ?= 127.0.0.1:8080
CONFIGURATION ?= release
PREFIX ?= /usr/local
DESTDIR ?=
export ROOST_STATE ROOST_RUN ROOST_LISTEN

.PHONY: run build install deb soak-deb stop clean-state test lint bench bench-wake bench-scan bench-first-try soak doctor bench-build bench-rollouts soak-rollouts bench-edge bench-dns bench-machines attack edge-difference fuzz

run: build
	@scripts/run.sh .build/$(CONFIGURATION)

build:
	@scripts/install.sh run
	@scripts/build.py $(CONFIGURATION)

install: build
	@scripts/install-programs.sh .build/$(CONFIGURATION) $(DESTDIR)$(PREFIX)

# DEB gives more words: --version 0.2.0 --out FOLDER; packaging/README.md.
deb: build
	@scripts/install.sh deb
	@scripts/deb.py $(DEB) .build/$(CONFIGURATION)

# The package in a minimal Debian: installed, the main job, upgraded, removed, purged.
soak-deb: build
	@scripts/install.sh test
	@python3 scripts/deb_trial.py .build/$(CONFIGURATION)

stop:
	@scripts/stop.sh .build/$(CONFIGURATION)

clean-state: stop
	@scripts/clean-state.sh

# Those of Scaffold, those that build images and those that mount volumes start many programs, so they run by themselves:
# others look at the clock. Integration tests go three at once: each starts daemons, builds and loads of its own, and waits
# for most of its time. Every part runs, also after one that failed.
TESTS = test-units test-edge test-images test-runtime test-scaffold test-integration
.PHONY: $(TESTS)
test:
	@scripts/install.sh test
	swift build
	swift build --build-tests
	@$(MAKE) --no-print-directory --keep-going --jobs=1 $(TESTS)

test-units:
	@scripts/run_tests.py ModelTests ToolkitTests StoreTests ControlPlaneTests AgentTests APITests CertificatesTests
test-edge:
	@scripts/run_tests.py EdgeTests FuzzTests
test-images:
	@scripts/run_tests.py ImagesTests
test-runtime:
	@scripts/run_tests.py RuntimeTests
test-scaffold:
	@scripts/run_tests.py ScaffoldTests
test-integration:
	@scripts/run_tests.py --at-once 3 IntegrationTests

lint:
	@scripts/lint.sh

# What docs/security.md promises, tried: a table of all that an attacker and a bad night bring, in a quarter of an hour.
attack: build
	@scripts/install.sh test
	swift build --build-tests
	@python3 scripts/attack.py .build/$(CONFIGURATION)

# Damaged inputs for each reader of bytes from outside, FUZZ_SECONDS for each; ROOST_FUZZ_SEED repeats a run.
FUZZ_SECONDS ?= 60
fuzz:
	ROOST_FUZZ_SECONDS=$(FUZZ_SECONDS) swift test --filter FuzzTests

# The same requests through the edge and nginx to a backend that writes down what comes; each difference is explained.
# EDGE_DIFFERENCE: --count, --show, --json.
edge-difference: build
	@scripts/install.sh test
	@python3 scripts/edge_difference.py .build/$(CONFIGURATION) $(EDGE_DIFFERENCE)

doctor: build
	@.build/$(CONFIGURATION)/roost doctor

bench: build
	@scripts/install.sh test
	@python3 scripts/bench.py .build/$(CONFIGURATION)

# Sleeping Machines to their first byte, also with a thousand apps on the host.
bench-wake: build
	@scripts/install.sh test
	@python3 scripts/bench.py .build/$(CONFIGURATION) --only stopped,suspended,crowded

# CPU seconds of a clean release build, module by module; in a folder of its own.
bench-build:
	@scripts/install.sh run
	@python3 scripts/bench_build.py

# BENCH_EDGE: --rounds, --seconds, --only.
bench-edge: build
	@scripts/install.sh test
	@python3 scripts/bench_edge.py .build/$(CONFIGURATION) $(BENCH_EDGE)

bench-dns: build
	@scripts/install.sh test
	@python3 scripts/bench_dns.py .build/$(CONFIGURATION)

bench-machines: build
	@scripts/install.sh test
	@python3 scripts/bench_machines.py .build/$(CONFIGURATION)

bench-scan: build
	@scripts/install.sh test
	@python3 scripts/bench_scan.py .build/$(CONFIGURATION)

# FIRST_TRY names checkouts, or --answers FILE.
bench-first-try: build
	@python3 scripts/first_try.py .build/$(CONFIGURATION) $(FIRST_TRY)

# Twenty roll-outs of each strategy under mixed load; ROLLOUTS gives more words: --rounds 3 --only rolling,volume.
bench-rollouts: build
	@scripts/install.sh test
	@python3 scripts/bench_rollouts.py .build/$(CONFIGURATION) $(ROLLOUTS)

# kill -9 of the command, both daemons, a monitor and an app, at each step of each strategy's plan: a quarter of an hour.
soak-rollouts:
	@scripts/install.sh test
	swift build
	swift build --build-tests
	ROOST_CRASH_VICTIMS=cli,serve,edge,conmon,app swift test --skip-build --no-parallel --filter IntegrationTests.RolloutCrashTests

soak: build
	@scripts/install.sh test
	@python3 scripts/soak.py .build/$(CONFIGURATION)
