"""Command line: convert recordings in the browser. ``python -m cyclegan_keras.app --pair calm_fearful``."""

import argparse
import os
import signal
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from cyclegan_keras.config import STRENGTHS
from cyclegan_keras.conversion.model import Model, load_model
from cyclegan_keras.conversion.studio import Studio, write_examples
from cyclegan_keras.shared.cli import CommandParser, end_at_once, is_told, one_line, run_command, use_one_heap
from cyclegan_keras.shared.errors import InputError
from cyclegan_keras.shared.own_host import OwnHostOnly
from cyclegan_keras.shared.run_directory import SHIPPED, RunDirectory

if TYPE_CHECKING:  # the extra `app` installs it
    import gradio as gr

HOST = "127.0.0.1"

MAX_BYTES = 100 * 2**20
"""The largest upload."""

WAITING = 20
"""The longest queue of clips; one clip is converted at a time."""


def parser() -> CommandParser:
    """Describe the options."""
    parser = CommandParser(
        prog="python -m cyclegan_keras.app",
        description="Convert recordings in the browser. Nothing leaves this machine. Recordings are deleted when the "
        "page is closed.",
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--pair", default="calm_fearful", help="the pair selected at the start")
    which.add_argument("--run-dir", type=Path, help="the run directory selected at the start")
    parser.add_argument("--port", type=int, default=7860, help="port of the page")
    parser.add_argument(
        "--host", default=HOST, help="address to listen on; pages for other machines offer no other run directory"
    )
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line."""
    use_one_heap()
    run_command(parser(), command, argv)


def command(arguments: argparse.Namespace) -> int:
    """Serve the page until Ctrl-C; returns the exit status."""
    if not 1 <= arguments.port <= 65_535:
        parser().error(f"argument --port: must lie between 1 and 65535, not {arguments.port}")
    model = Model(RunDirectory(arguments.run_dir)) if arguments.run_dir else load_model(arguments.pair)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="spectrogan-") as folder:
        # Gradio reads these when it is imported.
        os.environ.update(GRADIO_TEMP_DIR=folder, GRADIO_ANALYTICS_ENABLED="False", HF_HUB_OFFLINE="1")
        studio = Studio(Path(folder), model.config.pair if not arguments.run_dir else str(arguments.run_dir))
        page = build_page(
            studio, model, runs_open=arguments.host in (HOST, "localhost", "::1"), run_dir=arguments.run_dir
        )
        serve(page, arguments.host, arguments.port)
        print(f"open http://{arguments.host}:{arguments.port}  (Ctrl-C quits and deletes every recording)", flush=True)
        threading.Thread(target=studio.warm_up, daemon=True).start()
        _wait_for_the_end()
    return 0


def _wait_for_the_end() -> None:
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        for number in (signal.SIGINT, signal.SIGTERM):  # a second signal would interrupt the deletion of recordings
            signal.signal(number, signal.SIG_IGN)


def build_page(studio: Studio, model: Model, runs_open: bool, run_dir: Path | None = None) -> "gr.Blocks":
    """Build the page.

    Parameters
    ----------
    studio : Studio
    model : Model
        The model selected at the start.
    runs_open : bool
        Whether the page accepts the path of a run directory on this machine.
    run_dir : Path, optional
        The run directory selected at the start.

    Raises
    ------
    InputError
        Gradio is not installed.
    """
    try:
        import gradio as gr
    except ImportError:
        raise InputError("gradio: not installed; install the extra app: pip install -e '.[app]'") from None

    def chosen(pair: str, run: str | None) -> str:
        return (run or "").strip() or pair

    def answered(function: Any) -> Any:
        try:
            return function()
        except Exception as error:
            if not is_told(error):
                raise
            raise gr.Error(one_line(error), duration=None, title="", print_exception=False) from None

    def show_model(pair: str, run: str | None, reverse: bool) -> tuple[Any, Any]:
        model = answered(lambda: studio.model(chosen(pair, run), bool(reverse)))
        return gr.Radio(choices=_directions(model), value=reverse), gr.Slider(**_strength(model))

    def convert(clip, pair, run, reverse, strength, request: gr.Request):
        if not clip:
            raise gr.Error("Record or drop a clip first.", title="", print_exception=False)
        name = chosen(pair, run)

        def made():
            with_strength = studio.model(name, bool(reverse)).settings.phase == "source"
            return studio.convert(
                request.session_hash, clip, name, bool(reverse), float(strength) if with_strength else None
            )

        return answered(made)

    def uploaded(clip: str | None, request: gr.Request) -> None:
        if clip:
            studio.uploads[request.session_hash].add(Path(clip))

    def left(request: gr.Request) -> None:
        studio.forget(request.session_hash)

    with gr.Blocks(title="SpectroGAN", analytics_enabled=False) as page:
        see = _lay_out(gr, write_examples(studio.folder / "examples"), model, runs_open, run_dir)
        quiet = {"api_visibility": "private"}
        run_given = [see.run] if runs_open else [gr.State(str(run_dir or ""))]
        chosen_by = [see.pair, *run_given, see.reverse]
        for change in (see.pair.change, see.reverse.input, see.run.submit, see.run.blur):
            change(show_model, chosen_by, [see.reverse, see.strength], show_progress="hidden", **quiet)
        see.clip.change(uploaded, see.clip, None, show_progress="hidden", **quiet)
        see.button.click(
            convert, [see.clip, *chosen_by, see.strength], [see.before, see.after, see.picture, see.line],
            concurrency_limit=1, **quiet,
        )  # fmt: skip
        page.unload(left)
    return page.queue(max_size=WAITING)


def _lay_out(
    gr: Any, examples: Sequence[Path], model: Model, runs_open: bool, run_dir: Path | None
) -> SimpleNamespace:  # fmt: skip
    """The page's elements by name, inside the page that is open."""
    pairs = sorted({file.parent.name for file in SHIPPED.glob("*/config.json")} | {model.config.pair})
    gr.Markdown("# SpectroGAN\nRecord a sentence, or drop a recording of up to ten minutes; change its emotion.")
    with gr.Row():
        with gr.Column(min_width=280):
            clip = gr.Audio(
                sources=["upload", "microphone"],
                type="filepath",
                label="Your clip: drop a file, or record",
                elem_id="clip",
                buttons=[],
            )
            gr.Examples([[str(path)] for path in examples], clip, label="Or an example")
            pair = gr.Dropdown(
                pairs, value=model.config.pair, label="Model", elem_id="pair", visible=runs_open or not run_dir
            )
            reverse = gr.Radio(_directions(model), value=model.reverse, label="Direction", elem_id="direction")
            strength = gr.Slider(*STRENGTHS, step=0.05, label="Strength", elem_id="strength", **_strength(model))
            run = gr.Textbox(
                str(run_dir or ""), label="A run directory instead of the model", visible=runs_open, elem_id="run"
            )
            button = gr.Button("Convert", variant="primary", elem_id="convert")
        with gr.Column(min_width=280):
            before = gr.Audio(label="Before, equally loud", interactive=False, buttons=[], elem_id="before")
            after = gr.Audio(label="After", interactive=False, buttons=["download"], elem_id="after")
            picture = gr.Image(
                label="Spectrograms and pitch", show_label=False, interactive=False, type="filepath",
                buttons=["fullscreen"], alt_text="Both spectrograms, and both pitch contours on one axis",
                elem_id="picture",
            )  # fmt: skip
            line = gr.Textbox(label="Summary", interactive=False, elem_id="line", lines=2)
    return SimpleNamespace(
        clip=clip, pair=pair, reverse=reverse, strength=strength, run=run, button=button, before=before, after=after,
        picture=picture, line=line,
    )  # fmt: skip


def serve(page: "gr.Blocks", host: str, port: int) -> None:
    """Start to serve a page; return once it can be opened.

    Raises
    ------
    InputError
        The port is in use, or the address is not this machine's.
    """
    import gradio as gr
    from starlette.middleware import Middleware

    try:
        page.launch(
            server_name=host, server_port=port, share=False, quiet=True, ssr_mode=False, prevent_thread_lock=True,
            max_file_size=MAX_BYTES, footer_links=[], run_history=False, enable_monitoring=False, pwa=False,
            theme=gr.themes.Default(font=["system-ui", "sans-serif"], font_mono=["monospace"]),
            app_kwargs={"middleware": [Middleware(OwnHostOnly)]},
        )  # fmt: skip
    except OSError:
        raise InputError(f"--port {port}: in use, or {host} is not this machine's address; give another") from None


def _directions(model: Model) -> list[tuple[str, bool]]:
    source, target = (model.source, model.target)[:: -1 if model.reverse else 1]
    return [(f"{source} to {target}", False), (f"{target} to {source}", True)]


def _strength(model: Model) -> dict[str, Any]:
    if model.settings.phase == "source":
        return {"value": model.settings.strength, "interactive": True, "info": "factor on the change"}
    return {"value": 1.0, "interactive": False, "info": "not available with Griffin-Lim"}


if __name__ == "__main__":
    end_at_once(main)
