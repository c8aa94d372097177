# Everything a person does with payphone's sources. The environment is made on first use.
# The distribution's own Python is built with optimisation, one of a version manager mostly is not, and a sixth slower.
PYTHON ?= $(shell /usr/bin/python3 -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo /usr/bin/python3 || echo python3)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

# A run with the same seed is the same run: sets have the same order every time.
export PYTHONHASHSEED := 0

# What was compiled once is kept: to compile it again takes each test process, and each command it starts, seconds.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test quick thorough check bench format rules walks voice clean

$(STAMP): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "payphone needs Python 3.11 or newer; set PYTHON=/path/to/python3.11"; exit 1; }
	@echo "making the environment in $(VENV) (once, about half a minute)"
	@$(PYTHON) -m venv $(VENV) || { echo "install python3-venv first"; exit 1; }
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	@touch $@

demo: $(STAMP)
	@$(BIN)/payphone demo

test: $(STAMP)
	$(BIN)/pytest -n 2 --dist worksteal -m "not live"
	$(BIN)/pytest -n 2 --dist loadfile -m live tests/live tests/prompts

quick: $(STAMP)
	$(BIN)/pytest -n 2 --dist worksteal -m "not live and not whole and not postgres" -q

# Every property with four times the examples.
thorough: $(STAMP)
	$(BIN)/pytest -n 2 --dist worksteal --hypothesis-profile thorough -m "not live and not postgres" -q

check: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(STAMP)
	$(BIN)/python -m benchmarks $(ONLY)

# Play the whole calls with baresip, and put what both parties heard and the ladders into docs/walks. Two minutes.
walks: $(STAMP)
	$(BIN)/payphone run --live --phones baresip --jobs 1 --keep out/walks --report out/walks/index.html scenarios/library/walks
	mkdir -p docs/walks
	for walk in california connecticut; do \
		cp out/walks/$$walk/heard-1.wav docs/walks/$$walk.wav && cp out/walks/$$walk/ladder-1.svg docs/walks/$$walk.svg || exit 1; \
	done

# Write docs/rules.md from docs/rules.toml and from what the scenarios say they show.
rules: $(STAMP)
	@$(BIN)/python -m scenarios.report.rules

# Render every prompt whose words changed: English with a neural voice of requirements-voice.txt, Spanish with Debian's
# espeak-ng.
voice:
	$(PYTHON) -m venv .venv-voice
	.venv-voice/bin/pip install --quiet --require-hashes -r requirements-voice.txt
	.venv-voice/bin/python -m prompts render

clean:
	rm -rf $(VENV) .venv-voice out build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
