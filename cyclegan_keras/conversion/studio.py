"""Conversions for the app's pages: one at a time, with separate files that are deleted with the page."""

import hashlib
import shutil
import subprocess
import threading
import uuid
from collections import defaultdict
from pathlib import Path

from cyclegan_keras.audio.files import save_waveform
from cyclegan_keras.audio.level import match_level
from cyclegan_keras.conversion.model import Model, load_model
from cyclegan_keras.conversion.picture import conversion_figure
from cyclegan_keras.corpora.demo import synthesise_clip
from cyclegan_keras.shared.errors import InputError
from cyclegan_keras.shared.plots import save_figure

SENTENCE = "The train leaves at seven, and nobody has told me from which platform."


class Studio:
    """Converts one clip at a time for any number of pages, and keeps their files apart.

    Parameters
    ----------
    folder : Path
        Where Gradio keeps what is uploaded; what is made goes below as well.
    name : str
        Of the model that is loaded first.
    """

    def __init__(self, folder: Path, name: str):
        self.folder, self.name = folder, name
        self.models: dict[tuple[str, bool], Model] = {}
        self.uploads: dict[str, set[Path]] = defaultdict(set)
        self.closed: set[str] = set()
        self.one_at_a_time = threading.Lock()

    def model(self, name: str, reverse: bool) -> Model:
        """A model by pair or run directory; loaded once."""
        if (name, reverse) not in self.models:
            self.models[name, reverse] = load_model(name, reverse=reverse)
        return self.models[name, reverse]

    def warm_up(self) -> None:
        """Load what the first click would wait for."""
        with self.one_at_a_time:
            clip = next((self.folder / "examples").iterdir())
            self.model(self.name, False).convert_fully(clip)

    def convert(self, session: str, clip: str, name: str, reverse: bool, strength: float | None) -> tuple[str, ...]:
        """Convert a clip for a page.

        Returns
        -------
        before, after, picture : str
            Paths of files: the clip at the loudness of its conversion, the conversion, and both drawn.
        line : str
            What was done.
        """
        self.closed.discard(session)  # a page whose connection broke may be there again
        with self.one_at_a_time:
            model = self.model(name, reverse)
            try:
                result = model.convert_fully(clip, strength=strength)
            except InputError as error:  # where the upload lies is of no use to whoever sent it
                raise InputError(str(error).replace(clip, Path(clip).name)) from None
        folder = self._made(session) / uuid.uuid4().hex
        before, picture = folder / "before.wav", folder / "picture.png"
        after = folder / f"{Path(clip).stem}_{model.target}.wav"
        config = model.config.spectrogram
        equally_loud = match_level(result.recording.clip, result.waveform, config.sample_rate)
        save_waveform(before, equally_loud, config.sample_rate)
        save_waveform(after, result.waveform, config.sample_rate)
        names = (model.source, model.target)
        save_figure(conversion_figure(result.recording, result.conversion, names, config), picture)
        if session in self.closed:  # while this was converted
            self.forget(session)
        return str(before), str(after), str(picture), str(result.summary)

    def forget(self, session: str) -> None:
        """Delete what a page has uploaded and made; a file that another page uploaded as well stays until that ends."""
        self.closed.add(session)
        shutil.rmtree(self._made(session), ignore_errors=True)
        mine = self.uploads.pop(session, set())
        for file in mine.difference(*list(self.uploads.values())):
            if self.folder in file.parents and self.folder / "examples" not in file.parents:
                file.unlink(missing_ok=True)

    def _made(self, session: str) -> Path:
        # A session's name comes from the browser, so it is not used as a path.
        return self.folder / "made" / hashlib.sha256(session.encode()).hexdigest()


def write_examples(folder: Path) -> list[Path]:
    """Write clips to try: two synthetic voices, and espeak-ng's where it is installed."""
    examples = []
    for who, actor in (("man", 1), ("woman", 4)):
        examples.append(folder / f"synthetic_{who}_calm.wav")
        save_waveform(examples[-1], synthesise_clip("calm", 1, 1, 1, actor=actor, seed=0), 16_000)
    if shutil.which("espeak-ng"):
        spoken = folder / "espeak-ng.wav"
        try:
            subprocess.run(["espeak-ng", "-w", str(spoken), SENTENCE], check=True, capture_output=True, timeout=60)
            examples.append(spoken)
        except subprocess.SubprocessError:  # a broken one costs its example and nothing else
            spoken.unlink(missing_ok=True)
    return examples
