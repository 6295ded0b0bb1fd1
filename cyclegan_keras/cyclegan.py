"""The four networks with their optimizers and image pools as one TrainState, and one training step.

In the notation of the CycleGAN paper (Zhu et al., 2017): G maps domain A to B, F maps B to A,
D_A and D_B tell real from generated images of their domain.
"""

from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Callable, Dict, Iterator, List, Optional, Tuple

import tensorflow as tf
from tensorflow.keras import mixed_precision

from cyclegan_keras import replicas
from cyclegan_keras.adam import Adam
from cyclegan_keras.config import LossWeights, ModelConfig, SpectrogramConfig, TrainConfig
from cyclegan_keras.image_pool import ImagePool
from cyclegan_keras.intelligibility import estoi
from cyclegan_keras.models import FAKE, TRANSLATED, build_composite, build_discriminator, build_generator, variables
from cyclegan_keras.resynthesis import analyse, correlogram, listened, resynthesise, resynthesise_refined

Losses = Dict[str, tf.Tensor]


@dataclass
class TrainState:
    """Everything a training step changes, and nothing else.

    The composites share the four networks, and both are given G(a): ``composite_f`` takes b, a and G(a) and gives F(b)
    first, ``composite_g`` takes G(a) and b; then come the four outputs of ``models.build_composite``. There is one
    optimizer a network, or one for both generators where they are updated jointly. ``averages`` are the
    generators' averaged weights, or nothing. ``pitch_d`` and ``pitch_pools`` are the discriminators that are shown
    correlograms and their pools, by domain, or nothing.
    """

    g: tf.keras.Model
    f: tf.keras.Model
    d_a: tf.keras.Model
    d_b: tf.keras.Model
    composite_g: tf.keras.Model
    composite_f: tf.keras.Model
    optimizers: Dict[str, Adam]
    pool_a: ImagePool
    pool_b: ImagePool
    averages: Dict[str, List[tf.Variable]]
    pitch_d: Dict[str, tf.keras.Model]
    pitch_pools: Dict[str, ImagePool]
    step: tf.Variable

    def networks(self) -> Dict[str, tf.keras.Model]:
        """All networks by name: four, and the discriminators of pitch where there are any."""
        of_pitch = {f"pitch_d_{domain}": network for domain, network in self.pitch_d.items()}
        return {"g": self.g, "f": self.f, "d_a": self.d_a, "d_b": self.d_b, **of_pitch}

    def checkpoint(self) -> tf.train.Checkpoint:
        """Everything that must be saved to go on exactly where training stopped.

        Networks are lists of variables in it, not Keras's objects, so that what one Keras saved another restores.
        """
        return tf.train.Checkpoint(
            **self._learned(), pool_a=self.pool_a, pool_b=self.pool_b, step=self.step, pitch_pools=self.pitch_pools
        )

    def beginning(self) -> tf.train.Checkpoint:
        """What of another training's checkpoint this one can begin with: all it learned, and not how far it came."""
        return tf.train.Checkpoint(**self._learned())

    def _learned(self) -> Dict[str, object]:
        networks = {name: variables(network) for name, network in self.networks().items()}
        return {**networks, "optimizers": self.optimizers, "averages": self.averages}


def build_state(
    image_shape: Tuple[int, int, int],
    model: ModelConfig,
    train: TrainConfig,
    output_start: Tuple[float, float] = (1.0, 0.0),
    spectrogram: Optional[SpectrogramConfig] = None,
) -> TrainState:
    """Build the networks, optimizers and pools of a training that starts from nothing.

    The networks compute in ``train.precision``; losses, weights and optimizers are float32.

    Parameters
    ----------
    image_shape : (height, width, channels)
    model, train : ModelConfig, TrainConfig
    output_start : (scale, offset)
        Where the generators' output norm starts.
    spectrogram : SpectrogramConfig, optional
        The analysis of the images; needed where pitch is weighed, by discriminators that are shown correlograms.
    """
    correlogram_shape = spectrogram.listening.image_shape if spectrogram else image_shape

    def generator(network: int) -> tf.keras.Model:
        scale, offset = output_start
        return build_generator(
            image_shape, model.n_resnet, model.filters,
            output_scale=scale, output_offset=offset, residual=model.residual, seed=4 * train.seed + network,
        )  # fmt: skip

    with _policy(train.precision):
        g, f = generator(0), generator(1)
        d_a = build_discriminator(image_shape, model.filters, seed=4 * train.seed + 2)
        d_b = build_discriminator(image_shape, model.filters, seed=4 * train.seed + 3)
        pitch_d = {
            domain: build_discriminator(correlogram_shape, model.filters, seed=4 * train.seed + number)
            for number, domain in enumerate("ab", 4) if train.loss_weights.pitch
        }  # fmt: skip
    for network in (g, f, d_a, d_b, *pitch_d.values()):
        # A step runs each network up to five times; this way it is traced once, which takes half as long.
        network.call = tf.function(network.call, autograph=False)
    # All of a network's weights are trained; `trainable_weights` would depend on which composite was built last.
    alternating = {"g": variables(g), "f": variables(f)}
    trained = alternating if train.update == "alternating" else {"generators": variables(g) + variables(f)}
    trained.update(d_a=variables(d_a), d_b=variables(d_b))
    trained.update({f"pitch_d_{domain}": variables(network) for domain, network in pitch_d.items()})
    return TrainState(
        g=g, f=f, d_a=d_a, d_b=d_b,
        composite_g=_given_fake(build_composite(g, d_b, f, image_shape)),
        composite_f=_given_translated(build_composite(f, d_a, g, image_shape)),
        optimizers={
            name: Adam(weights, train.learning_rate, train.beta_1, loss_scaling=train.precision == "mixed_float16")
            for name, weights in trained.items()
        },
        pool_a=ImagePool(image_shape, train.pool_size, seed=2 * train.seed),
        pool_b=ImagePool(image_shape, train.pool_size, seed=2 * train.seed + 1),
        averages={
            name: [tf.Variable(weight, trainable=False) for weight in variables(network)]
            for name, network in (("g", g), ("f", f)) if train.average_decay
        },
        pitch_d=pitch_d,
        pitch_pools={
            domain: ImagePool(correlogram_shape, train.pool_size, seed=2 * train.seed + number)
            for number, domain in enumerate(pitch_d, 2)
        },
        step=tf.Variable(0, dtype=tf.int64, trainable=False, name="step"),
    )  # fmt: skip


def compile_train_step(
    state: TrainState, train: TrainConfig, spectrogram: Optional[SpectrogramConfig] = None
) -> Callable[[tf.Tensor, tf.Tensor], Losses]:
    """Make the ``tf.function`` that takes one training step on ``state``, as ``train`` says.

    With ``train.resynthesis`` the analysis, ``spectrogram``, must be told, and the images the step is given have a
    second channel: the phase.
    """
    if train.update == "joint":
        update = partial(joint_train_step, state, train, config=spectrogram)
    else:
        update = partial(train_step, state, train.loss_weights)
    strategy = tf.distribute.get_strategy()

    def step_of_a_replica(a: tf.Tensor, b: tf.Tensor) -> Losses:
        losses = update(replicas.own_share(a), replicas.own_share(b))
        update_averages(state, train.average_decay, train.average_ramp)
        return replicas.mean(losses)

    def step(a: tf.Tensor, b: tf.Tensor) -> Losses:
        return strategy.experimental_local_results(strategy.run(step_of_a_replica, (a, b)))[0]

    # Nothing in the step needs AutoGraph, which would only make tracing longer.
    return tf.function(step, autograph=False, jit_compile=train.xla or None)


def train_step(state: TrainState, weights: LossWeights, a: tf.Tensor, b: tf.Tensor) -> Losses:
    """Update F, D_A, G and D_B once, in the report's order (section 4).

    What is the same image is made once. A generator's update hands the fake of before it on to the pool, which is what
    generating the fakes first would give; and G moves last, so that F's update sees the G(a) that G's own is made of.

    Parameters
    ----------
    state : TrainState
    weights : LossWeights
    a, b : tf.Tensor [shape=(batch, height, width, channels)]
        Real images of domains A and B.

    Returns
    -------
    losses : dict of scalar tensors
        ``f_*`` and ``g_*``: total and the four unweighted parts; ``d_a_*`` and ``d_b_*``: weighted.
    """
    optimizer_g, optimizer_f = state.optimizers["g"], state.optimizers["f"]
    with _recording(optimizer_g) as tape_g:
        fake_b = state.g(a, training=True)
    with _recording(optimizer_f) as tape_f:
        fake_a, *outputs = state.composite_f([b, a, fake_b], training=True)
        losses_f = _generator_losses(weights, b, a, *outputs)
        to_minimize = optimizer_f.scaled(losses_f["loss"])
    optimizer_f.apply_gradients(tape_f.gradient(to_minimize, optimizer_f.weights))
    losses_d_a = update_discriminator(state.d_a, state.optimizers["d_a"], weights, a, state.pool_a.exchange(fake_a))
    with tape_g:
        losses_g = _generator_losses(weights, a, b, *state.composite_g([fake_b, b], training=True))
        to_minimize = optimizer_g.scaled(losses_g["loss"])
    optimizer_g.apply_gradients(tape_g.gradient(to_minimize, optimizer_g.weights))
    losses_d_b = update_discriminator(state.d_b, state.optimizers["d_b"], weights, b, state.pool_b.exchange(fake_b))
    state.step.assign_add(1)
    return _named(g=losses_g, f=losses_f, d_a=losses_d_a, d_b=losses_d_b)


def joint_train_step(
    state: TrainState, train: TrainConfig, a: tf.Tensor, b: tf.Tensor, config: Optional[SpectrogramConfig] = None
) -> Losses:
    """Update G and F together, then D_A and D_B (Zhu et al., 2017).

    Each generator gets the gradient its composite would give it, both from before either moved. As the
    composites have both cycles in common, that is the work of 18 generator passes instead of 24.

    Parameters
    ----------
    state : TrainState
    train : TrainConfig
        With ``resynthesis``, what is heard of a generated image stands for it everywhere. Where ``pitch`` is weighed,
        another two discriminators are shown correlograms of the same sound.
    a, b : tf.Tensor [shape=(batch, height, width, channels)]
        Real images of domains A and B; for ``resynthesis`` with a second channel, the phase.
    config : SpectrogramConfig, optional
        Needed where something is heard or understood.

    Returns
    -------
    losses : dict of scalar tensors
        As of ``train_step``.
    """
    g, f, weights, optimizer = state.g, state.f, train.loss_weights, state.optimizers["generators"]
    phase_a, phase_b, a, b = a[..., 1:], b[..., 1:], a[..., :1], b[..., :1]
    with _recording(optimizer) as tape:
        fake_b, fake_a = g(a, training=True), f(b, training=True)
        if train.resynthesis:
            sound_b, sound_a = _heard(train, fake_b, a, phase_a, config), _heard(train, fake_a, b, phase_b, config)
            fake_b, fake_a = analyse(sound_b, config), analyse(sound_a, config)
            clip_a, clip_b = resynthesise(a, phase_a, config), resynthesise(b, phase_b, config)
        more_g, more_f = {}, {}
        if weights.pitch:
            pitch_b, pitch_a = (correlogram(listened(sound, config), config.listening) for sound in (sound_b, sound_a))
            more_g["pitch"] = _mean_squared_error(1.0, state.pitch_d["b"](pitch_b, training=True))
            more_f["pitch"] = _mean_squared_error(1.0, state.pitch_d["a"](pitch_a, training=True))
        if weights.intelligibility:
            more_g["intelligibility"] = _words_lost(sound_b, clip_a, config)
            more_f["intelligibility"] = _words_lost(sound_a, clip_b, config)
        cycle_a, cycle_b = f(fake_b, training=True), g(fake_a, training=True)
        patches_a, patches_b = state.d_a(fake_a, training=True), state.d_b(fake_b, training=True)
        losses_g = _generator_losses(weights, a, b, patches_b, g(b, training=True), cycle_a, cycle_b, **more_g)
        # The cycles are in both losses; the gradient counts them once.
        once = map(tf.stop_gradient, (cycle_b, cycle_a))
        losses_f = _generator_losses(weights, b, a, patches_a, f(a, training=True), *once, **more_f)
        to_minimize = optimizer.scaled(losses_g["loss"] + losses_f["loss"])
    optimizer.apply_gradients(tape.gradient(to_minimize, optimizer.weights))

    def judged(name: str, discriminator: tf.keras.Model, real: tf.Tensor, fake: tf.Tensor) -> None:
        optimizer = state.optimizers[name]
        losses[name] = update_discriminator(discriminator, optimizer, weights, real, fake, train.real_and_fake_at_once)

    losses = {"g": losses_g, "f": losses_f}
    judged("d_a", state.d_a, a, state.pool_a.exchange(fake_a))
    judged("d_b", state.d_b, b, state.pool_b.exchange(fake_b))
    if weights.pitch:
        for domain, (clip, fake) in {"a": (clip_a, pitch_a), "b": (clip_b, pitch_b)}.items():
            real = correlogram(listened(clip, config), config.listening)
            judged(f"pitch_d_{domain}", state.pitch_d[domain], real, state.pitch_pools[domain].exchange(fake))
    state.step.assign_add(1)
    return _named(**losses)


def update_discriminator(
    discriminator: tf.keras.Model,
    optimizer: Adam,
    weights: LossWeights,
    real: tf.Tensor,
    fake: tf.Tensor,
    at_once: bool = False,
) -> Losses:
    """Train a discriminator in two optimizer steps: on real images, then on fakes; or ``at_once``, in one on both.

    The two undo a good part of each other, as the first alone says that everything is real.
    """
    losses = {}

    def learn(**images: tf.Tensor) -> None:
        with _recording(optimizer) as tape:
            for name, shown in images.items():
                patches = discriminator(shown, training=True)
                losses[name] = weights.discriminator * _mean_squared_error(float(name == "real"), patches)
            to_minimize = optimizer.scaled(tf.add_n([losses[name] for name in images]))
        optimizer.apply_gradients(tape.gradient(to_minimize, optimizer.weights))

    if at_once:
        learn(real=real, fake=fake)
    else:
        learn(real=real)
        learn(fake=fake)
    return losses


def update_averages(state: TrainState, decay: float, ramp: float = 10.0) -> None:
    """Move the averages of the generators' weights, if they are kept, towards the weights.

    An average of few steps forgets faster, so that it does not hold on to the random start: the decay is at most
    (1 + steps) / (ramp + steps), with 10 as in ``tf.train.ExponentialMovingAverage``. Till then what it remembers is
    the same share of the training at any time: about the last ninth, with 4 the last third.
    """
    steps = tf.cast(state.step, tf.float32)
    towards = 1.0 - tf.minimum(decay, (1.0 + steps) / (ramp + steps))
    for name, averages in state.averages.items():
        for average, weight in zip(averages, variables(getattr(state, name))):
            average.assign_add(towards * (weight - average))


@contextmanager
def averaged(state: TrainState) -> Iterator[None]:
    """Give the generators their averaged weights, if they are kept, for the length of a ``with`` block."""
    before = {name: getattr(state, name).get_weights() for name in state.averages}
    for name, averages in state.averages.items():
        getattr(state, name).set_weights([average.numpy() for average in averages])
    try:
        yield
    finally:
        for name, weights in before.items():
            getattr(state, name).set_weights(weights)


def _recording(optimizer: Adam) -> tf.GradientTape:
    # For the gradient by the weights it trains, and no others'.
    tape = tf.GradientTape(watch_accessed_variables=False)
    with tape:
        tape.watch(optimizer.weights)
    return tape


def _heard(
    train: TrainConfig, fake: tf.Tensor, source: tf.Tensor, phase: tf.Tensor, config: SpectrogramConfig
) -> tf.Tensor:
    if train.refined:
        return resynthesise_refined(fake, source, phase, config)
    return resynthesise(fake, phase, config)


def _words_lost(sound: tf.Tensor, source: tf.Tensor, config: SpectrogramConfig) -> tf.Tensor:
    images, sources = (analyse(listened(heard, config), config.listening) for heard in (sound, source))
    return 1.0 - tf.reduce_mean(estoi(images, sources, config.listening))


def _generator_losses(
    weights: LossWeights,
    source: tf.Tensor,
    target: tf.Tensor,
    patches: tf.Tensor,
    same: tf.Tensor,
    forward: tf.Tensor,
    backward: tf.Tensor,
    **more: tf.Tensor,
) -> Losses:
    losses = {
        "adversarial": _mean_squared_error(1.0, patches),
        "identity": _mean_absolute_error(target, same),
        "forward_cycle": _mean_absolute_error(source, forward),
        "backward_cycle": _mean_absolute_error(target, backward),
        **more,
    }
    return {"loss": tf.add_n([getattr(weights, name) * loss for name, loss in losses.items()]), **losses}


def _named(**by_network: Losses) -> Losses:
    return {f"{name}_{part}": loss for name, losses in by_network.items() for part, loss in losses.items()}


def _given_fake(composite: tf.keras.Model) -> tf.keras.Model:
    _, target = composite.inputs
    return tf.keras.Model([composite.get_layer(FAKE).output, target], composite.outputs)


def _given_translated(composite: tf.keras.Model) -> tf.keras.Model:
    inputs = [*composite.inputs, composite.get_layer(TRANSLATED).output]
    return tf.keras.Model(inputs, [composite.get_layer(FAKE).output, *composite.outputs])


@contextmanager
def _policy(precision: str) -> Iterator[None]:
    # Layers keep the policy they are built under.
    before = mixed_precision.global_policy()
    mixed_precision.set_global_policy(precision)
    try:
        yield
    finally:
        mixed_precision.set_global_policy(before)


def _mean_squared_error(wanted: float, patches: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(tf.square(patches - wanted))


def _mean_absolute_error(wanted: tf.Tensor, image: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(tf.abs(image - wanted))
