"""Made-up recordings of a tenth of a second, under the names of real corpora."""

import struct
import zlib
from pathlib import Path

import numpy as np

LFS_POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:%064d\nsize 84844\n"


def wav(content: str, seconds: float = 0.1, rate: int = 8000) -> bytes:
    """A WAV file, 16 bit mono; other content gives other noise."""
    samples = int(seconds * rate)
    noise = np.random.default_rng(zlib.crc32(content.encode())).integers(-9999, 9999, samples).astype("<i2").tobytes()
    form = struct.pack("<IHHIIHH", 16, 1, 1, rate, 2 * rate, 2, 16)
    return (
        b"RIFF"
        + struct.pack("<I", 36 + len(noise))
        + b"WAVEfmt "
        + form
        + b"data"
        + struct.pack("<I", len(noise))
        + noise
    )


def recording(path: Path, seconds: float = 0.1) -> Path:
    """Write a recording like no other; its content follows from its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(wav(str(path), seconds))
    return path


def tree(root: Path, *names: str) -> Path:
    """Write recordings of these names below a folder."""
    for name in names:
        recording(root / name)
    return root


def iemocap(root: Path) -> Path:
    """Two sessions with their labels."""
    labels = {
        "Ses01F_impro01": {"F000": "neu", "M001": "ang", "F002": "xxx"},
        "Ses05M_script01_1b": {"M000": "exc", "F011": "fru"},
    }
    for dialogue, turns in labels.items():
        session = root / f"Session{dialogue[4]}"
        lines = ["% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]\n"]
        for turn, label in turns.items():
            recording(session / "sentences" / "wav" / dialogue / f"{dialogue}_{turn}.wav")
            lines.append(f"\n[6.2901 - 8.2357]\t{dialogue}_{turn}\t{label}\t[2.5000, 2.5000, 2.5000]\n")
            lines.append("C-E2:\tNeutral;\t()\nA-E3:\tval 3; act 2; dom  2;\t()\n")
        table = session / "dialog" / "EmoEvaluation" / f"{dialogue}.txt"
        table.parent.mkdir(parents=True)
        table.write_text("".join(lines))
        recording(session / "dialog" / "wav" / f"{dialogue}.wav")
    return root


TREES = {
    "ravdess": (
        "Actor_04/03-01-02-01-02-02-04.wav", "Actor_19/03-01-05-02-01-01-19.WAV", "Actor_01/03-01-01-01-01-01-01.flac",
    ),
    "emodb": ("wav/03a01Wa.wav", "wav/16b10Lb.wav", "wav/08a05Ac.WAV", "wav/13b09Td.wav"),
    "crema-d": (
        "AudioWAV/1001_DFA_ANG_XX.wav", "AudioWAV/1040_ITH_SAD_X.wav", "AudioWAV/1091_IEO_FEA_HI.wav",
        "AudioWAV/1064_IEO_DIS_MD.wav",
    ),
    "esd": (
        "0011/Angry/0011_000351.wav", "0011/Neutral/train/0011_000001.wav", "0001/Surprise/evaluation/0001_001750.wav",
        "0020/Sad/test/0020_001372.wav",
    ),
    "tess": (
        "OAF_angry/OAF_back_angry.wav", "OAF_neutral/OA_bite_neutral.wav", "OAF_Pleasant_surprise/OAF_back_ps.wav",
        "YAF_fear/YAF_bite_fear.wav",
    ),
    "savee": ("ALL/DC_a01.wav", "ALL/JE_sa15.wav", "AudioData/KL/su03.wav", "AudioData/JK/n30.wav"),
    "emov-db": (
        "bea/Amused/amused_1-15_0001.wav", "sam_Angry/anger_336-364_0349.wav", "Spk-Jsh/sleepiness_1-28_0006.wav",
        "jenie/Disgust/disgust_1-28_0011.wav", "flat/neutral_1-28_0023.wav",
    ),
}  # fmt: skip
"""Names as the corpora's own documentation and archives have them, the odd ones too."""
