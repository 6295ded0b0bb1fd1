"""The published yields: those that results are filled up with, and what of results may be published."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from cyclegan_keras.shared.errors import InputError
from cyclegan_keras.shared.files import written_beside
from experiments.losses import LOSSES, is_of
from experiments.results import YIELD, read_json, trainings_in, write_json
from experiments.runs import Training
from experiments.tables import tables_as_trained
from experiments.yields import RECORDINGS

PUBLISHABLE = {"RAVDESS": False, "espeak-ng": True}
"""Sources whose spectrograms and our conversions may be published; True if their recordings may be, too."""

MOST_BYTES = 12_000_000
"""The largest size of the published pictures and sound, in bytes."""


def take_published(published: Path, results: Path, preset: str, trainings: Sequence[Training] = ()) -> None:
    """Copy the published yields of a preset, so that tables use them.

    The yield of a training that is here is taken only if it is the same training, by its losses. A yield in the results
    is replaced only if its training is named and not here, and the published one has more epochs.
    """
    named = {run.name: run for run in trainings}
    for file in published.glob(f"*/{YIELD}"):
        name, there, stored = file.parent.name, results / file.parent.name, read_json(file)
        if name == RECORDINGS:
            _take_recordings(file, there)
            continue
        run, known = named.get(name), read_json(there / YIELD)
        if run and run.epoch():
            wanted = not known and is_of(stored, run.directory.losses_file, run.epoch())
        elif run:
            wanted = not known or known["training"]["epoch"] < stored["training"]["epoch"]
        else:
            wanted = not known
        if wanted and stored.get("training", {}).get("preset", preset) == preset:
            print(f"{file.parent}: taken as published", flush=True)
            # The yield comes last: once it is there, nothing else is copied.
            for each in sorted(file.parent.glob("*"), key=lambda each: each.name == YIELD):
                _copy(each, there / each.name)


def _take_recordings(file: Path, there: Path) -> None:
    known = {each["name"]: each for each in read_json(file)[RECORDINGS]}
    known |= {each["name"]: each for each in read_json(there / YIELD).get(RECORDINGS, ())}
    for picture in file.parent.glob("*.*"):
        if picture.name != YIELD and not (there / picture.name).exists():
            _copy(picture, there / picture.name)
    write_json(there / YIELD, {RECORDINGS: list(known.values())})


def publish(results: Path, published: Path, preset: str) -> None:
    """Copy the publishable part of results: no recordings, and only numbers for speakers who may not be published.

    Raises
    ------
    InputError
        The results are of synthetic speech, lack a file or clips that are published already, or take more than
        ``MOST_BYTES``; or another preset is published.
    """
    if any(each["demo"] for each in trainings_in(results)):
        raise InputError(f"{results}: made from synthetic speech, which shows nothing of the report; not published")
    others = {each["preset"] for each in trainings_in(published)} - {preset}
    if others:
        raise InputError(f"{published}: holds trainings by {min(others)}; delete it, or publish to another folder")
    take_published(published, results, preset)
    stored, media = _to_publish(results, published, preset)
    for file in media:
        if not file.exists():
            raise InputError(f"{file}: missing; delete {file.parent} and make it again")
    size = sum(file.stat().st_size for file in media)
    if size > MOST_BYTES:
        raise InputError(f"{results}: pictures and sound take {size} bytes, and {MOST_BYTES} are the most")
    kept = {published / name / YIELD for name in stored}
    for file in media:
        there = published / file.relative_to(results)
        _copy(file, there)
        kept.add(there)
    for name, each in stored.items():
        write_json(published / name / YIELD, each)
    for file in (file for name in stored for file in (published / name).glob("*")):
        if file not in kept:
            file.unlink()


def _to_publish(results: Path, published: Path, preset: str) -> tuple[dict[str, dict], list[Path]]:
    """The yields without what may not be published, by name, and the pictures and sound that stay."""
    origins = {each["name"]: each["origin"] for each in read_json(results / RECORDINGS / YIELD).get("recordings", ())}
    runs = dict.fromkeys(run.name for table in tables_as_trained(results, preset) for run in table.runs)
    every = {name: read_json(results / name / YIELD) for name in (RECORDINGS, *runs, "resources")}
    stored = {name: each for name, each in every.items() if each}
    media: list[Path] = []
    for name, each in stored.items():
        lost = len(_measured(read_json(published / name / YIELD)) - _measured(each))
        if lost:
            raise InputError(
                f"{results / name}: {lost} of the conversions and epochs in {published / name} are missing; make all "
                "tables, or delete that folder"
            )
        for whose in {"recordings", "ours", "theirs"} & each.keys():
            each[whose] = [publishable(cell, origins.get(cell["name"]), whose == "ours") for cell in each[whose]]
            media += [results / name / cell[of] for cell in each[whose] for of in ("picture", "sound") if of in cell]
        media += [results / name / LOSSES] if "losses" in each else []
    return stored, media


def _measured(stored: dict) -> set[tuple]:
    """What a yield has figures of: the epochs of the training, and clips by column."""
    epochs = range(stored.get("training", {}).get("epoch", 0))
    columns = ("ours", "theirs", "equalised", "by_epoch")
    return {("epoch", epoch) for epoch in epochs} | {
        (column, cell.get("of"), cell["name"]) for column in columns for cell in stored.get(column, ())
    }


def publishable(cell: dict, origin: str | None, converted: bool) -> dict:
    """Leave out the picture and the sound of a cell that may not be published."""
    hidden = set() if origin in PUBLISHABLE else {"picture", "sound"}
    hidden |= set() if converted or PUBLISHABLE.get(origin) else {"sound"}
    return {name: value for name, value in cell.items() if name not in hidden}


def _copy(file: Path, there: Path) -> None:
    with written_beside(there) as beside:
        shutil.copyfile(file, beside)
