"""Figure 5: FER2013's faces, sad to happy, 48 x 48, 50 epochs: five faces above their outputs."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from cyclegan_keras.config import ModelConfig, TrainConfig, run_problems
from cyclegan_keras.corpora.fer2013 import SIZE, faces_key, load_faces
from cyclegan_keras.measuring import judge, metrics
from cyclegan_keras.presets import PRESETS
from cyclegan_keras.shared.errors import InputError
from cyclegan_keras.shared.files import locked, written_beside
from cyclegan_keras.shared.machine import prepare_tensorflow
from cyclegan_keras.shared.run_directory import DIRECTIONS, RunDirectory
from cyclegan_keras.shared.stored import StoredConfig, refuse
from experiments.answers import Quantity, ask, mean, point
from experiments.losses import stored_losses
from experiments.measures import CHANGE, CYCLE
from experiments.pace import how_long, log_pace
from experiments.results import YIELD, read_json, write_json
from experiments.runs import Settings, Training

SOURCE, TARGET = "sad", "happy"

REPORTS_EPOCHS = 50

PICTURE = "faces.webp"
"""Beside the yield; of FER2013's faces, so it is not published."""

SHOWN = 5

MEASURED = 200
"""Number of test faces of the source emotion that are converted and classified."""

TAKEN_FOR = 0.5
"""The judge's score above which a face is classified as the target."""

FACES_WITH_DEMO = 100
"""Number of faces of each emotion with the demo corpus."""


@dataclass(frozen=True)
class FaceRunConfig(StoredConfig):
    """The configuration of a training on faces: ``config.RunConfig`` without audio."""

    pair: str
    preset: str
    data: str
    data_key: str
    model: ModelConfig
    train: TrainConfig

    image_shape = (SIZE, SIZE, 1)

    def __post_init__(self):
        refuse(run_problems(self.pair, self.data_key))


@dataclass(frozen=True)
class FaceTraining(Training):
    """The training of the figure."""

    preset: str

    def faces(self, settings: Settings, subset: str) -> tuple[np.ndarray, np.ndarray]:
        """The faces of both emotions.

        Raises
        ------
        InputError
            The settings name no faces, or those cannot be used.
        """
        if not settings.faces:
            raise InputError("Figure 5 needs FER2013; --faces names its fer2013.csv, or folders of faces")
        most = FACES_WITH_DEMO if settings.demo else None
        return tuple(load_faces(settings.faces, emotion, subset)[:most] for emotion in (SOURCE, TARGET))

    def left(self, epochs: int, settings: Settings) -> str:
        """Compute how many steps some epochs have, and how long they take."""
        steps = len(self.faces(settings, "train")[0])
        return f"of {steps} steps on faces, {how_long(epochs * steps, log_pace(self.directory.losses_file))}"

    def train(self, settings: Settings) -> None:
        """Train or resume until all epochs are done; Ctrl-C saves first."""
        if not self.is_due(settings):
            return
        machine = prepare_tensorflow()
        from cyclegan_keras.shared.terminal import TerminalObserver
        from cyclegan_keras.training import loop

        faces = self.faces(settings, "train")
        preset = PRESETS[self.preset]
        config = FaceRunConfig(
            f"{SOURCE}_{TARGET}", self.preset, str(settings.faces.resolve()), faces_key(*faces), preset.model,
            dataclasses.replace(preset.train, epochs=self.epochs, precision=machine.precision),
        )  # fmt: skip
        last_step = self.epochs * len(faces[0])
        print(f"{self.directory.path}: {last_step} steps on {len(faces[0])} and {len(faces[1])} faces", flush=True)
        domains = [
            loop.Domain(of, [f"{emotion} face {i}" for i in range(len(of))])
            for emotion, of in zip((SOURCE, TARGET), faces)
        ]
        with locked(self.directory.lock_file), TerminalObserver(last_step) as observer:
            loop.open_run(self.directory, config)
            none = dict.fromkeys(DIRECTIONS, ())
            finished = loop.train(config, self.directory, *domains, none, last_step, observer)
        if not finished:
            raise KeyboardInterrupt


@dataclass(frozen=True)
class Figure5:
    """The figure of faces."""

    run: FaceTraining
    name: str = "figure5"
    title: str = "Figure 5: faces, sad to happy"
    compares: str = (
        "Test faces of FER2013, 48 x 48, by the same networks. Five of them are shown above what the generator made of "
        "them, but not on a published page, because FER2013's faces may not be published. Their judge is a small "
        "convolutional network; its score before is that of the face itself."
    )

    @property
    def runs(self) -> list[FaceTraining]:
        """The one training."""
        return [self.run]

    def make(self, settings: Settings) -> None:
        """Convert test faces, classify them, and draw five."""
        epoch, folder = self.run.epoch(), settings.results / self.run.name
        done = self.run.stored(settings)[1] >= epoch
        if not epoch or done and ((folder / PICTURE).exists() or not settings.faces):
            return
        from cyclegan_keras.conversion.generators import load_generator
        from experiments.face_judge import fit_face_judge, try_face_judge

        train, test = self.run.faces(settings, "train"), self.run.faces(settings, "test")
        face_judge = fit_face_judge(*train)
        verdict = try_face_judge(face_judge, train, test)
        config = FaceRunConfig.load(self.run.directory.config_file)
        there, back = (load_generator(self.run.directory, config, epoch, direction) for direction in DIRECTIONS)
        sources = test[0][:MEASURED]
        converted = _in_batches(there, sources)
        measured = {
            "score_before": face_judge.scores(sources), "score": face_judge.scores(converted),
            "mimicry": [metrics.mimicry(*pair) for pair in zip(sources, converted)],
            "cycle": [metrics.mimicry(*pair) for pair in zip(sources, _in_batches(back, converted))],
        }  # fmt: skip
        with written_beside(folder / PICTURE) as beside:
            scores = measured["score"][:SHOWN] if verdict.holds else []
            draw(sources[:SHOWN], converted[:SHOWN], scores).savefig(beside, format="webp", dpi=100)
        rows = ({name: round(float(value), 4) for name, value in zip(measured, row)} for row in zip(*measured.values()))
        yielded = {
            "training": self.run.described(settings, config, config.pair),
            "judge": describe_face_verdict(verdict), "judge_holds": verdict.holds,
            "ours": [{"name": f"face {i}", "of": "test", "speaker": f"face {i}", **row} for i, row in enumerate(rows)],
            "losses": stored_losses(self.run.directory.losses_file, epoch, folder),
        }  # fmt: skip
        write_json(folder / YIELD, yielded)

    def section(self, results: Path) -> dict | None:
        """Return the figure for the page from the stored yield; None without a yield."""
        stored = read_json(results / self.run.name / YIELD)
        if not stored:
            return None
        cells = stored["ours"]
        if not stored["judge_holds"]:
            cells = [{name: cell[name] for name in cell.keys() - {"score", "score_before"}} for cell in cells]
        judged = Quantity("judge's score", mean("score"))
        restored = Quantity("cycle error less change of the image", mean("cycle", "mimicry"), CYCLE.digits)
        answers = [
            ask("Are sad faces made happy?", judged, cells, over=TAKEN_FOR, noun="face"),
            ask("Does the other generator bring them nearer again?", restored, cells, under=0.0, noun="face"),
        ]
        columns = {"judge before": "score_before", "judge": "score", "change": "mimicry", "cycle error": "cycle"}
        means = [point(mean(name), cells) for name in columns.values()]
        title = f"above as they are ({SOURCE}), below as converted ({TARGET})"
        pictures = [{"folder": self.run.name, "picture": PICTURE, "title": title}]
        return {
            "name": self.name, "title": self.title, "compares": self.compares,
            "pictures": pictures if (results / self.run.name / PICTURE).exists() else [],
            "figures": {
                "columns": ["", "faces", *columns], "digits": {"change": CHANGE.digits, "cycle error": CYCLE.digits},
                "rows": [[f"{SOURCE} to {TARGET}", len(cells), *means]],
            },
            "questions": [{"ours": dataclasses.asdict(each), "theirs": None} for each in answers],
            "trainings": {"faces": stored["training"]}, "missing": [], "judges": [stored["judge"]],
        }  # fmt: skip


def experiment(settings: Settings) -> Figure5:
    """Define the figure. Its training is a folder deeper, where ``infer`` does not search for runs."""
    directory = RunDirectory(settings.runs / "faces" / f"{SOURCE}_{TARGET}-{settings.preset}")
    return Figure5(FaceTraining(directory, settings.epochs or REPORTS_EPOCHS, settings.preset))


def draw(sources: np.ndarray, converted: np.ndarray, scores: Sequence[float]) -> Figure:
    """Draw faces above their conversions, with the judge's score of each; without scores, none is written."""
    figure = Figure(figsize=(1.6 * len(sources), 3.6), layout="constrained")
    axes = figure.subplots(2, len(sources), squeeze=False)
    for axis, face in zip(axes.flat, (*sources, *converted)):
        axis.imshow(face[:, :, 0], cmap="gray", vmin=-1.0, vmax=1.0)
        axis.set_axis_off()
    for axis, score in zip(axes[1], scores):
        axis.set_title(f"judged {score:.2f}", fontsize=8)
    return figure


def describe_face_verdict(verdict: judge.Verdict) -> str:
    """Describe the reliability of the judge of faces."""
    lines = [
        f"judge of {SOURCE} and {TARGET} faces: right on {verdict.accuracy:.2f} of {verdict.clips} real test faces"
    ]
    lines += [f"  false alarms, {name}: {share:.2f}" for name, share in verdict.false_alarms.items()]
    if not verdict.holds:
        lines.append("  not reliable: its figures of transfer mean nothing")
    return "\n".join(lines)


def _in_batches(generator, faces: np.ndarray) -> np.ndarray:
    return np.concatenate([generator(faces[i : i + 20], training=False).numpy() for i in range(0, len(faces), 20)])
