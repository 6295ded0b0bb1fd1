"""Recordings that are broken, absurd or made to do harm: each is converted or named, nothing hangs, memory is bounded.

``$MUTATIONS`` mutated files (10,000). ``pytest -m slow -s tests/project/test_hostile_audio.py`` prints the figures.
"""

import io
import multiprocessing
import os
import random
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile

from cyclegan_keras.config import SpectrogramConfig
from cyclegan_keras.conversion.recording import read_recording
from cyclegan_keras.shared.errors import InputError

MUTATIONS = int(os.environ.get("MUTATIONS", 10_000))
HANG_SECONDS = 60
MAX_BYTES = 2 * 1024**3

CONFIG = SpectrogramConfig()
SPEECH = (0.3 * np.sin(np.arange(8_000) / 7) * np.sin(np.arange(8_000) / 900)).astype(np.float32)

KINDS = [
    ("WAV", "PCM_16", 1), ("WAV", "PCM_24", 2), ("WAV", "FLOAT", 1), ("WAVEX", "PCM_16", 6), ("WAV", "IMA_ADPCM", 1),
    ("FLAC", "PCM_16", 1), ("FLAC", "PCM_24", 2),
]  # fmt: skip


def encoded(form, subtype, channels, rate=16_000):
    file = io.BytesIO()
    soundfile.write(file, np.tile(SPEECH[:, np.newaxis], (1, channels)), rate, format=form, subtype=subtype)
    return file.getvalue()


def mutated(number):
    """The name and content of a file, by seed: header or body changed, cut, grown, or joined with another's."""
    dice = random.Random(number)
    kinds = [dice.choice(KINDS) for _ in range(2)]
    one, other = (bytearray(encoded(*kind)) for kind in kinds)
    how = dice.choice(["header", "header", "numbers", "body", "cut", "grown", "joined"])
    if how == "header":
        for _ in range(dice.choice([1, 2, 8])):
            one[dice.randrange(min(len(one), 120))] = dice.randrange(256)
    elif how == "numbers":  # the sizes, rates and counts of a header, at their extremes
        value = dice.choice([0, 1, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1])
        start, size = dice.randrange(60), dice.choice([2, 4])
        one[start : start + size] = (value % 2 ** (8 * size)).to_bytes(size, dice.choice(["little", "big"]))
    elif how == "body":
        for _ in range(dice.choice([1, 30, 1000])):
            one[dice.randrange(len(one))] ^= dice.randrange(1, 256)
    elif how == "cut":
        del one[dice.randrange(len(one)) :]
    elif how == "grown":
        start = dice.randrange(len(one))
        one[start:start] = dice.randbytes(dice.choice([1, 100, 10_000]))
    else:
        one[dice.randrange(len(one)) :] = other[dice.randrange(len(other)) :]
    return f"{number}.{dice.choice(['wav', kinds[0][0][:4].lower()])}", bytes(one)


def peak_of_this_process():
    """In kB, from its own start on: ``ru_maxrss`` begins at what the process that started it took."""
    return int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text()).group(1))


RUN_AND_MEASURE = """
import resource, subprocess, sys
from pathlib import Path
done = subprocess.run([sys.executable, "-m", *sys.argv[2:]])
Path(sys.argv[1]).write_text(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(done.returncode)
"""


def read_mutated(numbers, folder, results):
    """In a process of its own: read each as ``infer`` does, and tell how it went."""
    whole = Path(folder, "whole.wav")
    whole.write_bytes(encoded("WAV", "PCM_16", 1, rate=48_000))
    read_recording(whole, CONFIG)  # what is imported only then takes seconds
    for number in numbers:
        name, content = mutated(number)
        path = Path(folder, name)
        path.write_bytes(content)
        results.send((number, "begun"))
        try:
            reading = read_recording(path, CONFIG)
            whole = np.isfinite(reading.waveform).all() and np.isfinite(reading.spectrogram).all()
            outcome = "read" if whole else "read as what is not finite"
        except InputError as error:
            outcome = "refused" if str(path) in str(error) and "\n" not in str(error) else f"unclear: {error}"
        except BaseException as error:
            outcome = f"{type(error).__name__}: {error}"
        path.unlink()
        results.send((number, outcome))
    results.send((None, peak_of_this_process() * 1024))


def outcomes_of(numbers, folder):
    """Read mutated files in processes that are killed and replaced when they hang; count what came of each."""
    outcomes, largest = Counter(), 0
    numbers = list(numbers)
    while numbers:
        results, sender = multiprocessing.Pipe(duplex=False)
        reader = multiprocessing.get_context("spawn").Process(target=read_mutated, args=(numbers, folder, sender))
        reader.start()
        sender.close()
        number = None
        try:
            while results.poll(HANG_SECONDS if number is not None else 600):
                number, outcome = results.recv()
                if number is None:
                    largest, numbers = max(largest, outcome), []
                    break
                if outcome != "begun":
                    outcomes[outcome] += 1
                    numbers = numbers[1:]
            else:
                outcomes[f"hung: {number}"] += 1
                numbers = numbers[1:]
        except EOFError:
            outcomes[f"crashed the process: {number}"] += 1
            numbers = numbers[1:]
        reader.kill()
        reader.join()
    return outcomes, largest


@pytest.mark.parametrize("first, count", [(0, 200), pytest.param(200, MUTATIONS - 200, marks=pytest.mark.slow)])
def test_a_mutated_recording_is_read_or_refused_by_name(tmp_path, first, count):
    outcomes, largest = outcomes_of(range(first, first + count), tmp_path)
    print(f"\n{count} mutated files: {dict(outcomes)}; largest process {largest / 2**20:.0f} MB")
    assert set(outcomes) <= {"read", "refused"} and sum(outcomes.values()) == count
    assert largest < MAX_BYTES


SMALLER_HOURS = [(16_000, 1), (48_000, 2)]


def silent_hour(path, rate, channels):
    """An hour of zeros that takes no room on disk."""
    soundfile.write(path, np.zeros((1, channels)), rate)
    header = bytearray(path.read_bytes()[:44])
    size = 3600 * rate * channels * 2
    header[4:8], header[40:44] = (size + 36).to_bytes(4, "little"), size.to_bytes(4, "little")
    path.write_bytes(header)
    os.truncate(path, 44 + size)


def by_hand(folder):
    """Write the recordings that a user may come with; returns the good names and the bad ones with their reasons."""

    def write(name, samples, rate=16_000, **options):
        soundfile.write(os.fsencode(folder / name), samples, rate, format="WAV", **options)

    write("good.wav", SPEECH)
    write("8 kHz.wav", SPEECH, 8_000)
    write("192 kHz.wav", np.repeat(SPEECH, 12), 192_000)
    write("24 bit.wav", SPEECH, subtype="PCM_24")
    write("offset.wav", SPEECH + 0.3)
    write("opposite.wav", np.stack([SPEECH, -SPEECH], axis=1))
    write("faint.wav", SPEECH * 10 ** (-75 / 20), subtype="FLOAT")
    write("rumble.wav", SPEECH / 3 + 0.6 * np.sin(np.arange(8_000) / 130))
    write("square.wav", np.sign(SPEECH), subtype="FLOAT")
    write("beyond full scale.wav", 50 * SPEECH, subtype="FLOAT")
    write("5.1.wav", np.tile(SPEECH[:, np.newaxis], (1, 6)))
    write("two\nlines.wav", SPEECH)
    write("\u5e73\u9759 \U0001f600.wav", SPEECH)
    write("$a^$ \x1b[31m.wav", SPEECH)
    write(os.fsdecode(b"\xff\xfe.wav"), SPEECH)
    good = [os.fsencode(path.stem) for path in folder.iterdir()]

    (folder / "empty.wav").touch()
    (folder / "header only.wav").write_bytes((folder / "good.wav").read_bytes()[:44])
    write("one sample.wav", np.full(1, 0.5))
    silent_hour(folder / "an hour.wav", 48_000, 2)
    write("nan.wav", np.where(np.arange(8_000) == 5, np.nan, SPEECH), subtype="FLOAT")
    write("infinite.wav", np.where(np.arange(8_000) == 5, np.inf, SPEECH), subtype="FLOAT")
    write("silence.wav", np.zeros(8_000))
    write("constant.wav", np.full(8_000, 0.5))
    (folder / "pointer.wav").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
    (folder / "notes.txt").touch()
    os.mkfifo(folder / "pipe.wav")
    (folder / "loop.wav").symlink_to(folder / "loop.wav")
    (folder / "picture.wav").write_bytes(b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0" + bytes(1000))
    bad = {
        "empty": "not readable as audio", "header only": "holds no samples", "one sample": "silent",
        "an hour": "longer than 10 minutes", "nan": "NaN or infinite", "infinite": "NaN or infinite",
        "silence": "silent", "constant": "silent", "pointer": "Git LFS pointer",
        "pipe": "not a file", "loop": "not", "picture": "not readable",
    }  # fmt: skip
    if os.geteuid():  # nothing is forbidden to root
        write("forbidden.wav", SPEECH)
        (folder / "forbidden.wav").chmod(0)
        bad["forbidden"] = "Permission denied"
    return good, bad


def test_of_a_folder_of_anything_the_good_are_converted_and_the_bad_listed(trained_run, environment, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    good, bad = by_hand(folder)
    done = subprocess.run(
        [sys.executable, "-c", RUN_AND_MEASURE, tmp_path / "peak", "cyclegan_keras.infer", folder,
         "--run-dir", trained_run.path, "--output", tmp_path / "out", "--plot"],
        capture_output=True, timeout=900, env=environment,
    )  # fmt: skip
    lines = done.stderr.decode().splitlines()
    assert done.returncode == 1 and b"Traceback" not in done.stderr, done.stderr
    for name, reason in bad.items():
        (line,) = (line for line in lines if f"/{name}.wav: " in line)
        assert reason in line
    assert lines[-1] == f"{len(bad)} of {len(good) + len(bad)} clips could not be converted"
    assert "1 file passed over" in lines[0] and len(lines) == len(bad) + 2
    for suffix in (b".wav", b".png"):
        converted = {file for file in os.listdir(os.fsencode(tmp_path / "out")) if file.endswith(suffix)}
        assert converted == {name + b"_fearful" + suffix for name in good}
    assert len(done.stdout.decode().splitlines()) == 1 + len(good), "one line a clip, whatever its name"
    assert int((tmp_path / "peak").read_text()) * 1024 < MAX_BYTES


@pytest.mark.parametrize(
    "rate, channels", [(192_000, 2), *(pytest.param(*other, marks=pytest.mark.slow) for other in SMALLER_HOURS)]
)
def test_an_hour_is_refused_before_it_fills_memory(tmp_path, rate, channels):
    silent_hour(tmp_path / "hour.wav", rate, channels)
    tracing = subprocess.run(
        [sys.executable, "-c", READ_AND_MEASURE, tmp_path / "hour.wav"], capture_output=True, text=True, check=True
    )
    assert "longer than 10 minutes" in tracing.stdout
    assert int(tracing.stdout.split()[-1]) * 1024 < MAX_BYTES


READ_AND_MEASURE = """
import sys
from pathlib import Path
from tests.project.test_hostile_audio import peak_of_this_process
from cyclegan_keras.audio.files import load_waveform
from cyclegan_keras.conversion.recording import read_recording
from cyclegan_keras.shared.errors import InputError
try:
    load_waveform(Path(sys.argv[1]), 16_000)
except InputError as error:
    print(error)
print(peak_of_this_process())
"""


@pytest.mark.slow
def test_a_folder_of_the_longest_recordings_is_converted_in_less_than_2_gb(trained_run, environment, tmp_path):
    long = np.tile(SPEECH, 2 * 600)
    for number in range(3):
        soundfile.write(tmp_path / f"{number}.wav", long, 16_000)
    subprocess.run(
        [sys.executable, "-c", RUN_AND_MEASURE, tmp_path / "peak", "cyclegan_keras.infer", tmp_path,
         "--run-dir", trained_run.path, "--output", tmp_path / "out"],
        capture_output=True, check=True, timeout=3600, env=environment,
    )  # fmt: skip
    largest = int((tmp_path / "peak").read_text()) * 1024
    print(f"\nlargest process {largest / 2**20:.0f} MB")
    assert len(list((tmp_path / "out").iterdir())) == 3 and largest < MAX_BYTES
