"""Pictures share one scale and say what they show."""

import numpy as np

from cyclegan_keras.config import SpectrogramConfig
from cyclegan_keras.shared import plots

CONFIG = SpectrogramConfig()


def grid():
    rows = [[np.full((257, 100), value, np.float32) for value in row] for row in ((-1.0, 0.0), (0.5, 1.0))]
    return plots.spectrogram_grid(rows, ["calm", "fearful"], ["one", "two"], CONFIG)


def test_all_spectrograms_of_a_grid_share_one_scale_in_db():
    pictures = [axis.images[0] for axis in grid().axes[:4]]
    assert {picture.get_clim() for picture in pictures} == {(-80.0, 0.0)}
    assert [float(picture.get_array().max()) for picture in pictures] == [-80.0, -40.0, -20.0, 0.0]


def test_axes_are_hz_and_seconds_with_low_frequencies_below():
    axis = grid().axes[0]
    assert axis.images[0].get_extent() == [0.0, 1.6, 0, 8000] and axis.images[0].origin == "lower"
    assert axis.get_title() == "calm" and "one" in axis.get_ylabel() and "Hz" in axis.get_ylabel()
    assert grid().axes[2].get_xlabel() == "seconds"


def test_a_figure_is_written_as_png_and_rendered_to_pixels(tmp_path):
    plots.save_figure(grid(), tmp_path / "deep" / "grid.png")
    assert (tmp_path / "deep" / "grid.png").read_bytes().startswith(b"\x89PNG")
    pixels = plots.figure_pixels(grid())
    assert pixels.ndim == 3 and pixels.shape[2] == 4 and pixels.dtype == np.uint8 and pixels.std() > 0


def test_measures_are_drawn_against_epochs_each_in_axes_of_its_own(tmp_path):
    figure = plots.curves({"transfer": [0.1, 0.5, 0.9], "estoi": [0.8, 0.7, 0.6]}, [1, 5, 10], "calm to anger")
    assert [axis.get_title() for axis in figure.axes] == ["transfer", "estoi"]
    line = figure.axes[0].get_lines()[0]
    assert list(line.get_xdata()) == [1, 5, 10] and list(line.get_ydata()) == [0.1, 0.5, 0.9]
    plots.save_figure(figure, tmp_path / "curves.png")
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")
