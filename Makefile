# SpectroGAN in Keras. `make demo` and `make test` start from nothing; `make help` lists the rest.

PAIR ?= calm_fearful
DATA ?= data/ravdess
PRESET ?=
EPOCHS ?=
RUN ?=
RUNS ?=
CLIPS ?=
FACES ?=
EMODB ?=
RESULTS ?=
PORT ?=
# A folder deeper than other runs, so that `infer --pair` never takes the demonstration for a training.
DEMO ?= runs/demo/calm_fearful

# TensorFlow 2.15 with its addons where Python is old enough, else today's; STACK=current takes that one.
STACK ?= addons
$(if $(filter-out addons current,$(STACK)),$(error STACK=$(STACK): give addons or current))
VENV := .venv$(if $(filter current,$(STACK)),-current)
LOCK := requirements$(if $(filter current,$(STACK)),-current).lock
PY := $(VENV)/bin/python
# Tracing a graph keeps one core busy, so tests run beside each other; the one that is done first takes from the rest.
PYTEST := $(PY) -m pytest -q -n auto --dist worksteal
# The newest Python that TensorFlow 2.15 runs on, else the newest of today's TensorFlow; PYTHON=... takes another.
PYTHONS := $(if $(filter current,$(STACK)),3.13 3.12 3.11 3.10,3.11 3.10 3.13 3.12)
PYTHON ?= $(or $(shell for v in $(PYTHONS); do python$$v -c '' 2>/dev/null && echo python$$v && break; done),python3)
PYTHON_FITS := import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))

MODELS := calm_fearful calm_anger calm_surprised calm_happy calm_sad calm_disgust neutral_anger
EXPERIMENTS := table1 table2 table3 curve table4 table5 table6 table7 figure5 resources

.DEFAULT_GOAL := help
.PHONY: help setup lock demo test test-real test-slow lint bench data train clean tables report publish models app $(EXPERIMENTS)

help:  ## list the targets
	@grep -E '^[a-z-]+( [^:]*)?:.*##' $(MAKEFILE_LIST) | sed -E 's/[ :].*## /\t/' | expand -t 12

setup: $(VENV)/installed  ## create .venv and install what requirements.lock pins (PYTHON=; STACK=current: today's TensorFlow)

$(VENV)/installed: $(LOCK) requirements.txt setup.cfg pyproject.toml
	@$(PYTHON) -c '$(PYTHON_FITS)' 2>/dev/null || { \
	  echo "SpectroGAN needs Python 3.10 to 3.13; $(PYTHON) is $$($(PYTHON) --version 2>&1)." \
	       "Install one of them, or name it: make setup PYTHON=/path/to/python3.11" >&2; exit 2; }
	@echo "installing TensorFlow and the rest into $(VENV) (2 GB, a few minutes)"
	$(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet --require-hashes -r $(LOCK)
	$(PY) -m pip install -qq --no-deps --no-build-isolation -e .
	$(PY) -c "from cyclegan_keras.audio.compiled import compile_ahead; compile_ahead()"
	@touch $@

COMPILE := uv pip compile --universal --generate-hashes --no-header --no-annotate --quiet
# For today's TensorFlow: without what an older Python gets, and what Python 3.12 gets whatever the Python.
lock:  ## pin what setup.cfg allows, with hashes, in requirements*.lock (needs uv; UPGRADE=--upgrade takes the newest)
	echo pip | $(COMPILE) $(UPGRADE) setup.cfg - --extra dev --python-version 3.10 --output-file requirements.lock
	{ sed -e '/python_version < "3.12"/d' -e 's/;.*//' requirements.txt; \
	  sed '1,/^dev =/d; /^$$/,$$d' setup.cfg; echo pip; } | $(COMPILE) $(UPGRADE) \
	  - --python-version 3.10 --output-file requirements-current.lock

demo: setup  ## train 12 steps on synthetic speech and convert a held-back clip
	$(PY) -m cyclegan_keras.data demo --data data/demo
	$(PY) -m cyclegan_keras.train --pair calm_fearful --data data/demo --preset cpu --steps 12 --run-dir $(DEMO)
	$(PY) -m cyclegan_keras.infer data/demo/Actor_04/03-01-02-01-02-02-04.wav --run-dir $(DEMO) \
	  --output $(DEMO)/converted.wav --plot
	@echo "open $(DEMO)/converted.png and $(DEMO)/converted.wav (12 steps on synthetic speech: a demonstration, not a result)"

test: setup  ## the everyday tests
	$(PYTEST) -m "not real and not slow"

test-real: setup  ## the tests on recordings (RAVDESS_DIR, REPORT_AUDIO_DIR)
	$(PYTEST) -m "real and not slow" -rs

test-slow: setup  ## the tests that take long (an hour; KILLS=20 DAMAGES=50 MUTATIONS=1000 makes it less)
	$(PYTEST) -m slow -rs

lint: setup  ## check style and format with ruff (rules in pyproject.toml)
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .

app: setup  ## convert in a browser on this machine (PAIR=, PORT=); the first time installs Gradio
	$(PY) -m pip install -qq --no-build-isolation -e '.[app,av]'
	$(PY) -m cyclegan_keras.app --pair $(PAIR) $(if $(PORT),--port $(PORT))

bench: setup  ## time training step, inference and pipeline (with PyTorch, where it is installed)
	$(PY) -m benchmarks.train_step --preset cpu
	$(PY) -m benchmarks.inference
	$(PY) -m benchmarks.pipeline --data $(DATA)

data: setup  ## download RAVDESS (208 MB) from Zenodo into DATA
	$(PY) -m cyclegan_keras.data ravdess --data $(DATA)

train: setup  ## train PAIR on DATA (PRESET=, EPOCHS=, RUN=); again resumes
	$(PY) -m cyclegan_keras.train --pair $(PAIR) --data $(DATA) $(if $(PRESET),--preset $(PRESET)) \
	  $(if $(EPOCHS),--epochs $(EPOCHS)) $(if $(RUN),--run-dir $(RUN))

tables $(EXPERIMENTS): setup  ## the report's tables (DATA=, PRESET=, EPOCHS=, RUNS=, CLIPS=, FACES=, EMODB=, RESULTS=, AS_IS=1); or one: table1 to table7, curve, figure5, resources
	$(PY) -m experiments.make $(filter-out tables,$@) --data $(DATA) $(if $(PRESET),--preset $(PRESET)) \
	  $(if $(EPOCHS),--epochs $(EPOCHS)) $(if $(RUNS),--runs $(RUNS)) $(if $(CLIPS),--clips $(CLIPS)) \
	  $(if $(FACES),--faces $(FACES)) $(if $(EMODB),--emodb $(EMODB)) $(if $(RESULTS),--results $(RESULTS)) $(if $(filter-out 0,$(AS_IS)),--as-is)

report: setup  ## render what was made as results/index.html and README.md, recordings included (RESULTS=, PRESET=)
	$(PY) -m experiments.report $(if $(RESULTS),--results $(RESULTS)) $(if $(PRESET),--preset $(PRESET))

publish: setup  ## render what of it may be published into docs/tables
	$(PY) -m experiments.report $(if $(RESULTS),--results $(RESULTS)) $(if $(PRESET),--preset $(PRESET)) --publish

models: $(MODELS:%=model-%)  ## train, measure and ship the models that come with the project (DATA=); again resumes

# Measured on actors 19 and 20, whom no model is trained on; the strengths are the preset's.
model-%: setup
	$(PY) -m cyclegan_keras.train --pair $* --data $(DATA) --preset cpu-plus --epochs 0 --run-dir runs/models/$*
	$(PY) -m cyclegan_keras.evaluate --run-dir runs/models/$* --data $(DATA) --clips final
	$(PY) -m cyclegan_keras.evaluate --run-dir runs/models/$* --data $(DATA) --clips final --reverse
	$(PY) -m cyclegan_keras.ship --run-dir runs/models/$*

clean:  ## delete .venv* and what Python cached; runs and data stay
	rm -rf .venv .venv-* *.egg-info .pytest_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
