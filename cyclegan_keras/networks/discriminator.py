"""The PatchGAN discriminator (report, section 4 and Figure 4; Isola et al., 2017)."""

from tensorflow.keras import Input, Model, layers

from cyclegan_keras.networks.initializers import seeded_initializers
from cyclegan_keras.networks.layers import Conv2D, InstanceNormalization

LEAK = 0.2
"""The slope of LeakyReLU below zero."""


def build_discriminator(image_shape: tuple[int, int, int], filters: int = 64, *, seed: int = 0) -> Model:
    """Build the PatchGAN that tells real from generated; an output value sees 142 x 142 pixels.

    Parameters
    ----------
    image_shape : (height, width, channels)
    filters : int
        Channels of the first layer: 64 in the report.
    seed : int
        Of the weights.

    Returns
    -------
    discriminator : tf.keras.Model
        Images to patches without a sigmoid: 17 x 17 x 1 for 260 x 260, 33 x 33 x 1 for 520 x 520.

    Example
    -------
    >>> build_discriminator((260, 260, 1)).output_shape
    (None, 17, 17, 1)
    """
    initializer = seeded_initializers(seed)

    def conv(x, channels, stride, dtype=None):
        settings = {"strides": stride, "padding": "same", "kernel_initializer": initializer(), "dtype": dtype}
        return Conv2D(channels, 4, **settings)(x)

    image = Input(image_shape)
    x = layers.LeakyReLU(LEAK)(conv(image, filters, 2))
    for channels, stride in ((2 * filters, 2), (4 * filters, 2), (8 * filters, 2), (8 * filters, 1)):
        x = layers.LeakyReLU(LEAK)(InstanceNormalization()(conv(x, channels, stride)))
    return Model(image, conv(x, 1, 1, dtype="float32"))
