# SpectroGAN in Keras. `make demo` and `make test` start from nothing; `make help` lists the rest.

PAIR ?= calm_fearful
DATA ?= data/ravdess
PRESET ?=
EPOCHS ?=
RUN ?=
# A folder deeper than other runs, so that `infer --pair` never takes the demonstration for a training.
DEMO ?= runs/demo/calm_fearful

VENV := .venv
PY := $(VENV)/bin/python
# Tracing a graph keeps one core busy, so test files run beside each other.
PYTEST := $(PY) -m pytest -q -n auto --dist loadfile
# The newest Python that TensorFlow 2.15 runs on; PYTHON=... takes another.
PYTHON ?= $(or $(shell command -v python3.11 || command -v python3.10 || command -v python3.9 || command -v python3),python3)
PYTHON_FITS := import sys; sys.exit(not (3, 9) <= sys.version_info[:2] <= (3, 11))

.DEFAULT_GOAL := help
.PHONY: help setup lock demo test test-real test-slow bench data train clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(VENV)/installed  ## create .venv and install what requirements.lock pins

$(VENV)/installed: requirements.lock requirements.txt setup.cfg pyproject.toml
	@$(PYTHON) -c '$(PYTHON_FITS)' 2>/dev/null || { \
	  echo "SpectroGAN needs Python 3.9, 3.10 or 3.11 (TensorFlow 2.15); $(PYTHON) is $$($(PYTHON) --version 2>&1)." \
	       "Install one of them, or name it: make setup PYTHON=/path/to/python3.11" >&2; exit 2; }
	@echo "installing TensorFlow and the rest into $(VENV) (2 GB, a few minutes)"
	$(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet --require-hashes -r requirements.lock
	$(PY) -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

lock:  ## pin what setup.cfg allows, with hashes, in requirements.lock (needs uv; UPGRADE=--upgrade takes the newest)
	echo pip | uv pip compile setup.cfg - --extra dev --universal --python-version 3.9 --generate-hashes --no-header --no-annotate \
	  $(UPGRADE) --quiet --output-file requirements.lock

demo: setup  ## train 12 steps on synthetic speech and convert a clip they never saw
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

bench: setup  ## time training step, inference and pipeline (with PyTorch, where it is installed)
	$(PY) -m benchmarks.train_step --preset cpu
	$(PY) -m benchmarks.inference
	$(PY) -m benchmarks.pipeline --data $(DATA)

data: setup  ## download RAVDESS (208 MB) from Zenodo into DATA
	$(PY) -m cyclegan_keras.data ravdess --data $(DATA)

train: setup  ## train PAIR on DATA (PRESET=, EPOCHS=, RUN=); again resumes
	$(PY) -m cyclegan_keras.train --pair $(PAIR) --data $(DATA) $(if $(PRESET),--preset $(PRESET)) \
	  $(if $(EPOCHS),--epochs $(EPOCHS)) $(if $(RUN),--run-dir $(RUN))

clean:  ## delete .venv and what Python cached; runs and data stay
	rm -rf $(VENV) *.egg-info .pytest_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
