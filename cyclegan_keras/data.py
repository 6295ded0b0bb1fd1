"""``python -m cyclegan_keras.data``: describe a folder of recordings, download RAVDESS, or write the demo corpus."""

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NoReturn

from cyclegan_keras.corpora import download, unpack
from cyclegan_keras.corpora.demo_speech import DEMO_MARK
from cyclegan_keras.corpora.index import Folder, Index, index_clips, index_corpora
from cyclegan_keras.corpora.parallel import shared_sentences
from cyclegan_keras.corpora.passed_over import PassedOver, passed_over_lines
from cyclegan_keras.corpora.recordings import RAVDESS, files_below
from cyclegan_keras.corpora.sound import Decoded, decode_all, not_trained_on
from cyclegan_keras.corpora.split import describe, describe_speakers, natural_order, split_clips
from cyclegan_keras.emotions import in_order
from cyclegan_keras.shared.cli import CommandParser, run_command
from cyclegan_keras.shared.errors import InputError
from cyclegan_keras.shared.terminal import show_progress

CREDIT = (
    "RAVDESS: Livingstone & Russo (2018), PLoS ONE 13(5): e0196391, Zenodo record 1188976. "
    "Licence CC BY-NC-SA 4.0: name the authors, no commercial use, the same licence for derived works."
)

MOST_SPEAKERS = 30
"""The number of speakers that ``list`` names; the rest are counted."""


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run the command line; ``argv`` defaults to the process's arguments."""
    run_command(_parser(), lambda arguments: arguments.command(arguments), argv)


def _parser() -> CommandParser:
    parser = CommandParser(
        prog="python -m cyclegan_keras.data",
        description="Describe a folder of recordings, download RAVDESS, or write the demo corpus.",
    )
    commands = parser.add_subparsers(metavar="list|ravdess|demo", required=True)
    # Without SUPPRESS, the default of a subcommand's --debug would override one given before the subcommand.
    add_command = partial(commands.add_parser, argument_default=argparse.SUPPRESS)

    listing = add_command(
        "list", help="describe a folder: corpus, speakers, emotions, hours, files that are passed over"
    )
    listing.add_argument("data", type=Path, nargs="+", help="folder of recordings; several are used together")
    listing.add_argument(
        "--corpus", default=None, help="name of the corpus; folders: they name the emotions; default: recognised"
    )
    listing.add_argument(
        "--unseen-speakers",
        nargs="+",
        default=(),
        metavar="NAME",
        help="never trained on; default: by the corpus's rule",
    )
    listing.set_defaults(command=_list)

    fetch = add_command("ravdess", help="download RAVDESS's speech (208 MB), verify and unpack it")
    fetch.add_argument(
        "--data",
        type=Path,
        default=RAVDESS,
        help="folder for the archive and its clips; an archive already there is not downloaded again",
    )
    fetch.set_defaults(command=_ravdess)

    demo = add_command("demo", help="write a small synthetic corpus in RAVDESS's layout")
    demo.add_argument("--data", type=Path, default=Path("data/demo"), help="folder for the clips")
    demo.add_argument("--seed", type=int, default=0, help="another seed gives other voices")
    demo.set_defaults(command=_demo)
    return parser


def _list(arguments: argparse.Namespace) -> int:
    index = index_corpora(arguments.data, arguments.corpus, strict=False)
    for folder in index.folders:
        print(*_about(folder), sep="\n")
    show = partial(show_progress, total=len(index.clips), unit="clip") if sys.stdout.isatty() else None
    decoded = decode_all([clip.path for clip in index.clips], show)
    good = [clip for clip, one in zip(index.clips, decoded) if not one.problem]
    broken = [PassedOver(clip.path, one.problem) for clip, one in zip(index.clips, decoded) if one.problem]
    split = split_clips(good, arguments.unseen_speakers)
    print(*_totals(index, decoded), sep="\n")
    for emotion in in_order({clip.emotion for clip in good}):
        print(f"  {describe(split, [emotion])}")
    print(describe_speakers(split))
    for line in passed_over_lines([*index.unusable, *broken]) + passed_over_lines(index.others):
        print(line)
    not_used = not_trained_on(one.seconds for one in decoded if not one.problem)
    if not_used:
        print(not_used)
    if index.of_macos:
        print(f"passed over: {index.of_macos} ._ files of macOS")
    return 0


def _about(folder: Folder) -> list[str]:
    corpus = folder.corpus
    if (folder.root / DEMO_MARK).exists():
        return [f"{folder.root}: the demo corpus, synthetic speech with RAVDESS's file names"]
    if corpus is None:
        return [f"{folder.root}: no known corpus; its folders or its clips.csv name the emotions ({folder.name})"]
    lines = [f"{folder.root}: {corpus.name}, {corpus.title} ({corpus.size})"]
    lines += [f"  {corpus.source}; licence: {corpus.licence}; cite {corpus.citation}"]
    return lines + [f"  note: {pitfall}" for pitfall in corpus.pitfalls]


def _totals(index: Index, decoded: Sequence[Decoded]) -> list[str]:
    good = [(clip, one) for clip, one in zip(index.clips, decoded) if not one.problem]
    clips = [clip for clip, _ in good]
    who = sorted({clip.who for clip in clips if clip.speaker}, key=natural_order)
    names = ", ".join(who[:MOST_SPEAKERS]) + (f" and {len(who) - MOST_SPEAKERS} more" if who[MOST_SPEAKERS:] else "")
    nameless = sum(not clip.speaker for clip in clips)
    unknown = f"; the speaker of {nameless} clips is not known" if nameless else ""
    languages = ", ".join(sorted({clip.language for clip in clips if clip.language})) or "not known"
    rates = ", ".join(f"{rate / 1000:g}" for rate in sorted({one.sample_rate for _, one in good}))
    hours = sum(one.seconds for _, one in good) / 3600
    sentences = {(clip.corpus, clip.language, clip.sentence) for clip in clips if clip.sentence}
    shared = shared_sentences(clips)
    parallel = "not parallel" if who else "not parallel, because the speakers are not known"
    if shared:
        parallel = f"{len(shared)} spoken in several emotions by one speaker: parallel"
    return [
        f"{len(clips)} clips, {hours:.2f} hours, {rates} kHz, language {languages}",
        f"speakers: {len(who)}{f' ({names})' if who else ''}{unknown}",
        f"sentences: {len(sentences)}, {parallel}" if sentences else "sentences: not known, so not parallel",
    ]


def _ravdess(arguments: argparse.Namespace) -> int:
    root = _folder(arguments.data)
    if (root / DEMO_MARK).exists():
        raise InputError(f"--data {root}: holds the demo corpus; name another folder, or delete this one")
    print(CREDIT)
    archive = download.SPEECH_ARCHIVE
    archive_path = root / archive.url.rsplit("/", 1)[-1]
    print(f"Fetching {archive.url} to {archive_path}", flush=True)
    download.download(archive, archive_path, partial(show_progress, unit="byte"))
    print(f"Unpacking {archive_path}", flush=True)
    unpack.unpack(archive_path, root, partial(show_progress, unit="byte"))
    _print_found(root)
    return 0


def _demo(arguments: argparse.Namespace) -> int:
    from cyclegan_keras.corpora.demo import write_demo_corpus

    root = _folder(arguments.data)
    if arguments.seed < 0:
        raise InputError(f"--seed {arguments.seed}: must be 0 or more")
    mark = root / DEMO_MARK
    if not mark.exists() and root.exists() and files_below(root).recordings:
        raise InputError(f"--data {root}: holds recordings, which the demo's clips would hide; name another folder")
    root.mkdir(parents=True, exist_ok=True)
    print(f"Writing synthetic clips to {root}", flush=True)
    mark.write_text("Synthetic clips with RAVDESS's file names. Not RAVDESS.\n", encoding="utf-8")
    write_demo_corpus(root, arguments.seed)
    _print_found(root)
    return 0


def _folder(path: Path) -> Path:
    if path.exists() and not path.is_dir():
        raise InputError(f"--data {path}: not a folder; name one, or a new one to create")
    return path


def _print_found(root: Path) -> None:
    clips = index_clips(root)
    split = split_clips(clips)
    print(f"{root}: {len(clips)} clips of {len({clip.actor for clip in clips})} actors")
    for emotion in in_order({clip.emotion for clip in clips}):
        print(f"  {describe(split, [emotion])}")


if __name__ == "__main__":
    main()
