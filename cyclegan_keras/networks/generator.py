"""The generator (report, section 4 and Figure 3)."""

from tensorflow.keras import Input, Model, layers

from cyclegan_keras.networks.initializers import seeded_initializers
from cyclegan_keras.networks.layers import Conv2D, Conv2DTranspose, InstanceNormalization


def build_generator(
    image_shape: tuple[int, int, int],
    n_resnet: int = 6,
    filters: int = 64,
    *,
    output_scale: float = 1.0,
    output_offset: float = 0.0,
    seed: int = 0,
) -> Model:
    """Build the network that repaints an image in the other domain.

    Two strided convolutions down, ``n_resnet`` ResNet blocks that each concatenate ``4 * filters``
    channels to their input, two strided transposed convolutions up, tanh.

    Parameters
    ----------
    image_shape : (height, width, channels)
        Height and width must be multiples of 4.
    n_resnet : int
        ResNet blocks: 6, or 3 and 9 in the report's Table 1.
    filters : int
        Channels of the first layer: 64 in the report.
    output_scale, output_offset : float
        Where the norm before tanh starts.
    seed : int
        Of the weights; each layer draws from a seed of its own.

    Returns
    -------
    generator : tf.keras.Model
        (batch, height, width, channels) to the same shape, in [-1, 1].

    Example
    -------
    >>> build_generator((260, 260, 1)).output_shape
    (None, 260, 260, 1)
    """
    initializer = seeded_initializers(seed)

    def conv(x, channels, size, stride=1, layer=Conv2D):
        x = layer(channels, size, strides=stride, padding="same", kernel_initializer=initializer())(x)
        return InstanceNormalization()(x)

    def resnet_block(x):
        y = layers.ReLU()(conv(x, 4 * filters, 3))
        return layers.Concatenate()([conv(y, 4 * filters, 3), x])

    image = Input(image_shape)
    x = layers.ReLU()(conv(image, filters, 7))
    x = layers.ReLU()(conv(x, 2 * filters, 3, stride=2))
    x = layers.ReLU()(conv(x, 4 * filters, 3, stride=2))
    for _ in range(n_resnet):
        x = resnet_block(x)
    x = layers.ReLU()(conv(x, 2 * filters, 3, stride=2, layer=Conv2DTranspose))
    x = layers.ReLU()(conv(x, filters, 3, stride=2, layer=Conv2DTranspose))
    x = Conv2D(image_shape[-1], 7, padding="same", kernel_initializer=initializer())(x)
    x = InstanceNormalization(scale_start=output_scale, offset_start=output_offset)(x)
    return Model(image, layers.Activation("tanh", dtype="float32")(x))
