# Two commands: `make book` runs every chapter and builds the pages; `make test` runs linter, types and tests.
# Bytecode is compiled once, here: where Python may not write it, every process compiled torch anew, for seconds.
# Both first bring the environment in .venv up to requirements.lock (a second when nothing changed). It is ready when
# a file says so whose name is a checksum of what it was made from: times of files prove nothing where clocks are wrong.
# Two at once take turns; what a killed make left half done, the next one makes anew.
# Options for `make book` go in ARGS, for example: make book ARGS="--force"

VENV := .venv
BIN := $(VENV)/bin
UV_VERSION := 0.13.8
READY := $(VENV)/ready-$(shell cat requirements.lock pyproject.toml | cksum | cut -d ' ' -f 1)
ARGS ?=

.PHONY: book test faults lock audit clean
.DELETE_ON_ERROR:

book: $(READY)
	@$(BIN)/companion book $(ARGS)

test: $(READY)
	$(BIN)/ruff check src tests
	$(BIN)/ruff format --check src tests
	$(BIN)/mypy
	$(BIN)/pytest $(ARGS)

# What takes hours: kills, made-up files, a thousand examples of bad input, the same book in four ways, long runs.
faults: $(READY)
	$(BIN)/python -m tests.faults
	$(BIN)/python -m tests.fuzz
	$(BIN)/pytest --hypothesis-profile=thorough tests/bad_input tests/bad_numbers tests/loading/bad_input
	$(BIN)/python -m tests.determinism
	$(BIN)/python -m tests.soak

# The shell holds the lock file open, and so do all that it starts: the lock goes when the last of them is gone.
define TAKE_TURN
import fcntl, os, sys
try:
    fcntl.flock(9, fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    print(f"== environment: process {open(sys.argv[1]).read().strip() or 'unknown'} is making it; waiting (Ctrl-C leaves it alone)", flush=True)
    try:
        fcntl.flock(9, fcntl.LOCK_EX)
    except KeyboardInterrupt:
        sys.exit(130)
except OSError:
    sys.exit(0)  # a file system without locks
os.truncate(9, 0)
os.write(9, f"{os.getppid()}\n".encode())
endef
export TAKE_TURN

$(READY):
	@set -e; \
	for python in $(PYTHON) python3 python3.13 python3.12 python3.11; do \
	  if $$python -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then found=$$python; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
	  echo "No Python 3.11, 3.12 or 3.13 with the venv module was found on the PATH."; \
	  echo "Install one (Debian and Ubuntu: apt install python3 python3-venv) or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python3.12"; \
	  exit 1; \
	fi; \
	exec 9>>$(VENV).lock; \
	$$found -c "$$TAKE_TURN" $(VENV).lock; \
	if [ -e $(READY) ]; then exit 0; fi; \
	echo "== environment: $$($$found --version) in $(VENV), packages from requirements.lock (about 6 GB on Linux)"; \
	$$found -m venv --clear $(VENV); \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION); \
	$(BIN)/uv pip install --python $(BIN)/python --require-hashes --compile-bytecode -r requirements.lock; \
	$(BIN)/uv pip install --python $(BIN)/python --no-deps --no-build-isolation -e .; \
	touch $(READY)

# Resolve the lock anew after a change in pyproject.toml. It names packages, versions and hashes, and no address.
lock: $(READY)
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --all-extras \
	  --generate-hashes --no-emit-index-url --no-header --quiet -o requirements.lock

# Look every package of the lock up in PyPI's list of known vulnerabilities: needs the network. CONTRIBUTING.md says
# what an answer means. --strict: a package that cannot be looked up is no package without faults.
audit: $(READY)
	$(BIN)/pip-audit --requirement requirements.lock --require-hashes --disable-pip --strict

clean:
	rm -rf _build
