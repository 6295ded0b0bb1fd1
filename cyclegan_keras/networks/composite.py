"""The composite model that trains one generator while the other networks are frozen (report, section 4).

Trainable weights of a composite's three networks: 20,846,791 with 3 ResNet blocks, 43,859,143 with 6, 77,488,327
with 9.
"""

from tensorflow.keras import Input, Model, layers

FAKE, TRANSLATED = "fake", "translated"
"""Names of the layers in a composite whose outputs are G(a), and F(b) on its way back to b."""


def build_composite(
    generator: Model, discriminator: Model, other_generator: Model, image_shape: tuple[int, int, int]
) -> Model:
    """Compose the model that trains ``generator``; the other two networks are frozen in it.

    With G the generator, D the target domain's discriminator and F the other generator, the inputs
    are [source image a, target image b] and the outputs, in order, D(G(a)), G(b), F(G(a)), G(F(b)):
    adversarial, identity, forward cycle and backward cycle.

    Parameters
    ----------
    generator, discriminator, other_generator : tf.keras.Model
        Their ``trainable`` flags are set: True, False, False.
    image_shape : (height, width, channels)

    Returns
    -------
    composite : tf.keras.Model
        Its layers ``"fake"`` and ``"translated"`` put G(a) and F(b) out.
    """
    generator.trainable = True
    discriminator.trainable = False
    other_generator.trainable = False
    source, target = Input(image_shape), Input(image_shape)
    fake = layers.Identity(name=FAKE)(generator(source))
    translated = layers.Identity(name=TRANSLATED)(other_generator(target))
    return Model(
        [source, target], [discriminator(fake), generator(target), other_generator(fake), generator(translated)]
    )
