"""``python -m cyclegan_keras.data``: fetch RAVDESS, or write the demo corpus."""

import argparse
import functools
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from cyclegan_keras.corpora import download, ravdess, unpack
from cyclegan_keras.corpora.clips import describe, split_clips
from cyclegan_keras.corpora.demo_speech import DEMO_MARK
from cyclegan_keras.emotions import EMOTIONS
from cyclegan_keras.shared.cli import CommandParser, run_command
from cyclegan_keras.shared.errors import InputError
from cyclegan_keras.shared.machine import silent_stderr

CREDIT = (
    "RAVDESS: Livingstone & Russo (2018), PLoS ONE 13(5): e0196391, Zenodo record 1188976. "
    "Licence CC BY-NC-SA 4.0: name the authors, no commercial use, the same licence for what is made from it."
)


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run the command line; ``argv`` defaults to the process's arguments."""
    run_command(_parser(), lambda arguments: arguments.command(arguments), argv)


def _parser() -> CommandParser:
    parser = CommandParser(prog="python -m cyclegan_keras.data", description=__doc__)
    commands = parser.add_subparsers(metavar="ravdess|demo", required=True)
    # A subcommand sets --debug only where it is given, or it would undo one in front of the subcommand.
    add_command = functools.partial(commands.add_parser, argument_default=argparse.SUPPRESS)

    fetch = add_command("ravdess", help="download RAVDESS's speech (208 MB), verify and unpack it")
    fetch.add_argument(
        "--data",
        type=Path,
        default=Path("data/ravdess"),
        help="folder for the archive and its clips; an archive that is there already is not downloaded",
    )
    fetch.set_defaults(command=_ravdess)

    demo = add_command("demo", help="write a small synthetic corpus in RAVDESS's layout")
    demo.add_argument("--data", type=Path, default=Path("data/demo"), help="folder for the clips")
    demo.add_argument("--seed", type=int, default=0, help="another seed gives other voices")
    demo.set_defaults(command=_demo)
    return parser


def _ravdess(arguments: argparse.Namespace) -> int:
    root = _folder(arguments.data)
    if (root / DEMO_MARK).exists():
        raise InputError(f"--data {root}: holds the demo corpus; name another folder, or delete this one")
    print(CREDIT)
    archive = download.SPEECH_ARCHIVE
    archive_path = root / archive.url.rsplit("/", 1)[-1]
    print(f"Fetching {archive.url} to {archive_path}", flush=True)
    download.download(archive, archive_path, _progress_bar())
    print(f"Unpacking {archive_path}", flush=True)
    unpack.unpack(archive_path, root, _progress_bar())
    _print_found(root)
    return 0


def _demo(arguments: argparse.Namespace) -> int:
    from cyclegan_keras.corpora.demo import write_demo_corpus

    root = _folder(arguments.data)
    mark = root / DEMO_MARK
    if not mark.exists() and any(ravdess.parse_name(path) for path in root.rglob("*")):
        raise InputError(f"--data {root}: holds recordings that the demo may overwrite; name another folder")
    root.mkdir(parents=True, exist_ok=True)
    print(f"Writing synthetic clips to {root}", flush=True)
    mark.write_text("Synthetic clips, named as RAVDESS names its own. Not RAVDESS.\n", encoding="utf-8")
    write_demo_corpus(root, arguments.seed)
    _print_found(root)
    return 0


def _folder(path: Path) -> Path:
    if path.exists() and not path.is_dir():
        raise InputError(f"--data {path}: not a folder; name one, or a new one to create")
    return path


def _print_found(root: Path) -> None:
    clips = ravdess.index_clips(root)
    split = split_clips(clips)
    print(f"{root}: {len(clips)} clips of {len({clip.actor for clip in clips})} actors")
    for emotion in EMOTIONS:
        if any(clip.emotion == emotion for clip in clips):
            print(f"  {describe(split, [emotion])}")


def _progress_bar() -> Callable[[int, int], None]:
    bar = None

    def show(done: int, total: int) -> None:
        nonlocal bar
        if bar is None:
            # TensorFlow takes seconds to import; a command that fails before its first byte need not wait.
            with silent_stderr():
                import tensorflow as tf

            # In a log file, one line at the end instead of hundreds on the way.
            bar = tf.keras.utils.Progbar(total, unit_name="byte", verbose=1 if sys.stdout.isatty() else 2)
        bar.update(done)

    return show


if __name__ == "__main__":
    main()
