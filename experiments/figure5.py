"""Figure 5: FER2013's faces, sad to happy, 48 x 48, 50 epochs: five faces above their outputs."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from cyclegan_keras.config import FaceRunConfig, TrainConfig
from cyclegan_keras.corpora.fer2013 import SIZE, faces_key, load_faces
from cyclegan_keras.measuring import judge, metrics
from cyclegan_keras.presets import PRESETS
from cyclegan_keras.shared.files import locked
from cyclegan_keras.shared.machine import prepare_tensorflow
from cyclegan_keras.shared.plots import save_figure
from cyclegan_keras.shared.run_directory import DIRECTIONS, RunDirectory
from experiments.answers import TRANSFERRED, Answer, paragraph
from experiments.cells import as_json
from experiments.runs import Settings, how_long, log_pace

SOURCE, TARGET = "sad", "happy"

REPORTS_EPOCHS = 50

SHOWN = 5

MEASURED = 200
"""Test faces of the source that are converted and judged."""

FACES_WITH_DEMO = 100
"""Of each emotion, where everything else is made from the demo corpus: to see that it works."""


def without_sound(train: TrainConfig) -> TrainConfig:
    """How a preset trains, but for what it does with sound: a face makes none."""
    weights = dataclasses.replace(train.loss_weights, intelligibility=0.0, pitch=0.0)
    return dataclasses.replace(train, resynthesis=False, refined=False, equalised=False, loss_weights=weights)


@dataclass(frozen=True)
class FaceTraining:
    """The training of the figure; it has the interface of ``runs.Needed``."""

    directory: RunDirectory
    preset: str
    epochs: int

    def faces(self, settings: Settings, subset: str) -> tuple[np.ndarray, np.ndarray]:
        """The faces of both emotions."""
        most = FACES_WITH_DEMO if settings.demo else None
        return tuple(load_faces(settings.faces, emotion, subset)[:most] for emotion in (SOURCE, TARGET))

    def epoch(self) -> int:
        """The epoch whose weights stand for this training, or 0 where there are none."""
        return max((epoch for epoch in self.directory.epochs() if epoch <= self.epochs), default=0)

    def is_done(self) -> bool:
        """Whether there is nothing left to train."""
        return self.epoch() >= self.epochs

    def plan(self, settings: Settings) -> str:
        """Say what becomes of this training, and how long that takes."""
        epoch, path = self.epoch(), self.directory.path
        if self.is_done() or settings.as_is:
            return f"{path}: epoch {epoch} of {self.epochs}, as it is" if epoch else f"{path}: not there, left out"
        steps = (self.epochs - epoch) * len(self.faces(settings, "train")[0])
        pace = log_pace(self.directory.losses_file)
        return f"{path}: {'resumed' if epoch else 'trained'}, {steps} steps on faces, {how_long(steps, pace)}"

    def train(self, settings: Settings) -> None:
        """Train, or resume, what is missing; Ctrl-C saves first."""
        if settings.as_is or self.is_done():
            return
        machine = prepare_tensorflow()
        from cyclegan_keras import trainer
        from cyclegan_keras.shared.terminal import TerminalObserver

        faces = self.faces(settings, "train")
        preset = PRESETS[self.preset]
        config = FaceRunConfig(
            pair=f"{SOURCE}_{TARGET}", preset=self.preset, data=str(settings.faces.resolve()),
            data_key=faces_key(*faces), image_size=SIZE, model=preset.model,
            train=dataclasses.replace(without_sound(preset.train), epochs=self.epochs, precision=machine.precision),
        )  # fmt: skip
        last_step = self.epochs * len(faces[0])
        print(
            f"{machine.device}; {self.directory.path}: {last_step} steps on {len(faces[0])} and {len(faces[1])} faces"
        )
        names = tuple([f"{emotion} face {i}" for i in range(len(of))] for emotion, of in zip((SOURCE, TARGET), faces))
        with locked(self.directory.lock_file), TerminalObserver(last_step) as observer:
            trainer.open_run(self.directory, config)
            none = dict.fromkeys(DIRECTIONS, ())
            finished = trainer.train(config, self.directory, *faces, names, none, last_step, observer)
        if not finished:
            raise KeyboardInterrupt


@dataclass(frozen=True)
class Figure5:
    """The figure of faces."""

    run: FaceTraining
    name: str = "figure5"
    title: str = "Figure 5: faces, sad to happy"
    compares: str = "FER2013, 48 x 48, the same networks: five test faces above what the generator made of them."

    @property
    def runs(self) -> list[FaceTraining]:
        """The one training."""
        return [self.run]

    def make(self, settings: Settings, folder: Path) -> dict:
        """Convert test faces, judge them, draw five."""
        section = {"title": self.title, "compares": self.compares, "judges": [], "trainings": []}
        train, test = self.run.faces(settings, "train"), self.run.faces(settings, "test")
        epoch = self.run.epoch()
        if not epoch:
            return {**section, "paragraph": f"{self.run.directory.path.name} is not trained yet."}
        from cyclegan_keras.conversion.generators import load_generator
        from experiments.face_judge import fit_face_judge, try_face_judge

        face_judge = fit_face_judge(*train)
        verdict = try_face_judge(face_judge, train, test)
        config = FaceRunConfig.load(self.run.directory.config_file)
        there, back = (load_generator(self.run.directory, config, epoch, direction) for direction in DIRECTIONS)
        sources = test[0][:MEASURED]
        converted = _in_batches(there, sources)
        before, after = face_judge.scores(sources), face_judge.scores(converted)
        save_figure(draw(sources[:SHOWN], converted[:SHOWN], after[:SHOWN]), folder / "faces.png")
        figures = {
            "columns": ["", "faces", f"taken for {TARGET}", "mean score", "change", "cycle error"],
            "rows": [
                [SOURCE, len(sources), as_json((before > 0.5).mean()), as_json(before.mean()), None, None],
                [
                    f"converted to {TARGET}", len(sources), as_json((after > 0.5).mean()), as_json(after.mean()),
                    as_json(metrics.mimicry(sources, converted)),
                    as_json(metrics.mimicry(sources, _in_batches(back, converted))),
                ],
            ],
        }  # fmt: skip
        answer = "not shown" if not verdict.holds else "yes" if after.mean() >= TRANSFERRED else "no"
        evidence = f"judged {after.mean():.2f} on average, {before.mean():.2f} before, {len(sources)} faces"
        answers = [Answer("Are sad faces made happy?", answer, evidence)]
        return {
            **section,
            "pictures": [
                {"picture": "faces.png", "title": f"above as they are ({SOURCE}), below as converted ({TARGET})"}
            ],
            "figures": figures,
            "answers": [dataclasses.asdict(each) for each in answers],
            "paragraph": paragraph(answers, settings.demo),
            "judges": [describe_face_verdict(verdict)],
            "data": settings.faces.name,
            "trainings": [
                f"{config.pair}: preset {config.preset}, {SIZE} x {SIZE}, {config.model.filters} filters, "
                f"{config.model.n_resnet} blocks, epoch {epoch} of {self.run.epochs}, seed {config.train.seed}, "
                f"{len(train[0])} and {len(train[1])} faces"
            ],
        }


def experiment(settings: Settings) -> Figure5:
    """State the figure; its training lies a folder deeper, where ``infer`` looks for none of speech."""
    directory = RunDirectory(settings.runs / "faces" / f"{SOURCE}_{TARGET}-{settings.preset}")
    return Figure5(FaceTraining(directory, settings.preset, settings.epochs_for(REPORTS_EPOCHS)))


def draw(sources: np.ndarray, converted: np.ndarray, scores: np.ndarray) -> Figure:
    """Draw faces above what became of them, with the judge's score of each."""
    figure = Figure(figsize=(1.6 * len(sources), 3.6), layout="constrained")
    for column, (above, below, score) in enumerate(zip(sources, converted, scores)):
        for row, face in enumerate((above, below)):
            axis = figure.add_subplot(2, len(sources), row * len(sources) + column + 1)
            axis.imshow(face[:, :, 0], cmap="gray", vmin=-1.0, vmax=1.0)
            axis.set_axis_off()
        axis.set_title(f"judged {score:.2f}", fontsize=8)
    return figure


def describe_face_verdict(verdict: judge.Verdict) -> str:
    """Say what the judge of faces is worth."""
    lines = [
        f"judge of {SOURCE} and {TARGET} faces: right on {verdict.accuracy:.2f} of {verdict.clips} real test faces"
    ]
    lines += [f"  false alarms, {name}: {share:.2f}" for name, share in verdict.false_alarms.items()]
    if not verdict.holds:
        lines.append("  it does not hold: its figures of transfer say nothing")
    return "\n".join(lines)


def _in_batches(generator, faces: np.ndarray) -> np.ndarray:
    return np.concatenate([generator(faces[i : i + 20], training=False).numpy() for i in range(0, len(faces), 20)])
