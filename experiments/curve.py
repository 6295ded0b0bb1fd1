"""Section 5.2.3: transfer, mimicry and cleanness over the epochs of calm to anger, 500 in the report."""

import dataclasses
from pathlib import Path

import numpy as np

from cyclegan_keras.config import RunConfig
from cyclegan_keras.corpora.clips import domain
from cyclegan_keras.emotions import split_pair
from cyclegan_keras.measuring.conversions import measure_run
from cyclegan_keras.measuring.ruler import describe_verdict, load_source
from cyclegan_keras.shared.plots import curves, save_figure
from experiments.answers import Answer, paragraph
from experiments.cells import as_json
from experiments.runs import Needed, Settings, describe, needed
from experiments.speech_table import REPORTS_WAY, cached_ruler

PAIR = "calm_anger"

POINTS = 10
"""Epochs that are measured at most, evenly spread."""

DRAWN = ("score", "mimicry", "dnsmos", "estoi")


@dataclasses.dataclass(frozen=True)
class Curve:
    """The curve of one training over its epochs."""

    run: Needed
    name: str = "curve"
    title: str = "Section 5.2.3: over the epochs"
    compares: str = (
        "Calm to anger, clips of the unseen actors, by epoch: the judge's score, the mean change of the image (none is "
        "mimicry), cleanness and intelligibility. The report sees its best at 150 epochs and mimicry towards 500."
    )

    @property
    def runs(self) -> list:
        """The one training."""
        return [self.run]

    def make(self, settings: Settings, folder: Path) -> dict:
        """Measure the epochs and draw them."""
        source, target = split_pair(PAIR)
        ruler = cached_ruler(settings.data, source, target)
        section = {"title": self.title, "compares": self.compares, "judges": [describe_verdict(ruler)]}
        if not self.run.epoch():
            return {**section, "paragraph": f"{self.run.directory.path.name} is not trained yet.", "trainings": []}
        config = RunConfig.load(self.run.directory.config_file)
        there = [epoch for epoch in self.run.directory.epochs() if epoch <= max(self.run.epochs, self.run.epoch())]
        epochs = [there[i] for i in np.unique(np.linspace(0, len(there) - 1, POINTS).round().astype(int))]
        clips = settings.split().unseen
        sources = [load_source(clip.path, clip.statement, config.spectrogram) for clip in domain(clips, source)]
        rows = measure_run(ruler, self.run.directory, config, epochs, sources, domain(clips, target), REPORTS_WAY)
        of_epochs = [row for row in rows if row.mimicry is not None]
        figure = curves({name: [getattr(row, name) for row in of_epochs] for name in DRAWN}, epochs, PAIR)
        save_figure(figure, folder / "curve.png")
        answers = [_peak(of_epochs, epochs, ruler.verdict.holds), _mimicry(of_epochs, epochs)]
        return {
            **section,
            "pictures": [{"picture": "curve.png", "title": f"{len(sources)} clips at each of {len(epochs)} epochs"}],
            "figures": {
                "columns": ["", *DRAWN],
                "rows": [[row.name, *(as_json(getattr(row, name)) for name in DRAWN)] for row in rows],
            },
            "answers": [dataclasses.asdict(answer) for answer in answers],
            "paragraph": paragraph(answers, settings.demo),
            "trainings": [describe(self.run)],
        }


def experiment(settings: Settings) -> Curve:
    """State the curve: as long as Table 3's trainings, unless EPOCHS says otherwise."""
    return Curve(needed(settings, PAIR, 150))


def _peak(rows: list, epochs: list, judge_holds: bool) -> Answer:
    question = "Does transfer peak before the last epoch?"
    if len(epochs) < 3 or not judge_holds:
        return Answer(
            question, "not shown", f"{len(epochs)} epochs measured" if judge_holds else "the judge does not hold"
        )
    best = int(np.argmax([row.score for row in rows]))
    return Answer(
        question, "no" if best == len(rows) - 1 else "yes", f"judged {rows[best].score:.2f} at epoch {epochs[best]}"
    )


def _mimicry(rows: list, epochs: list) -> Answer:
    question = "Do the generators fall back to doing little (mimicry)?"
    if len(epochs) < 3:
        return Answer(question, "not shown", f"{len(epochs)} epochs measured")
    most, last = max(row.mimicry for row in rows), rows[-1].mimicry
    return Answer(
        question, "yes" if last < most / 2 else "no", f"change {last:.2f} at epoch {epochs[-1]}, {most:.2f} at most"
    )
