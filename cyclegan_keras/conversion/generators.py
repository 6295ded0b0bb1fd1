"""Trained generators out of a run directory."""

from typing import TYPE_CHECKING

from cyclegan_keras.shared.errors import RunError
from cyclegan_keras.shared.run_directory import RunDirectory
from cyclegan_keras.shared.stored import StoredConfig

if TYPE_CHECKING:  # TensorFlow takes seconds to import; a mistyped option should be answered at once.
    import tensorflow as tf


def load_generator(
    run: RunDirectory, config: StoredConfig, epoch: int, direction: str, traced: bool = True
) -> "tf.keras.Model":
    """Build a run's generator and load its weights of an epoch.

    Parameters
    ----------
    run : RunDirectory
    config : StoredConfig
        The run's own: a ``RunConfig``, or another with ``image_shape`` and ``model``.
    epoch : int
    direction : str
        ``"a_to_b"`` or ``"b_to_a"``.
    traced : bool
        Trace the network at its first call, which pays from some four clips on.

    Raises
    ------
    InputError
        The weights are missing or damaged.
    RunError
        There is not enough memory for the network that the configuration describes.
    """
    import tensorflow as tf

    from cyclegan_keras.networks.generator import build_generator
    from cyclegan_keras.networks.weights import load_weights

    model = config.model
    # AutoGraph would take a tenth of the time, and rewrite nothing: the layers are plain Python.
    build = tf.autograph.experimental.do_not_convert(build_generator)
    try:
        generator = build(config.image_shape, model.n_resnet, model.filters)
    except tf.errors.ResourceExhaustedError:
        raise RunError(f"{run.config_file}: not enough memory for a network of {model.filters} filters") from None
    load_weights(run.weights_file(epoch, direction), generator)
    if traced:
        generator.call = tf.function(generator.call, autograph=False)
    return generator
