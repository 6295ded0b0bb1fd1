"""The training step of ``cyclegan_keras`` in PyTorch, to compare speeds with and for nothing else.

Networks, losses, optimizers and the order of updates are those of ``networks/`` and ``training/``;
only the random draws (first weights, image pools) differ. Runs on the CPU, batch 1.
"""

import contextlib
import random
from collections.abc import Callable, Iterator

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

POOL_SIZE = 50


def build_step(
    filters: int, n_resnet: int, image_size: int, precision: str
) -> Callable[[np.ndarray, np.ndarray], None]:
    """Build four networks and what trains them; returns the function that runs one full training step.

    Parameters
    ----------
    filters, n_resnet : int
        Channels of the first layers, and ResNet blocks of a generator.
    image_size : int
        Height and width of the images, a multiple of 4.
    precision : str
        ``"float32"``, or ``"bfloat16"`` for activations; weights and optimizers stay float32. On a processor
        without AVX-512 PyTorch computes bfloat16 convolutions the slow way: compare in float32 there.

    Returns
    -------
    step : callable
        Takes real images of the domains A and B, float32 arrays of shape (1, image_size, image_size, 1).
    """
    if precision not in ("float32", "bfloat16"):
        raise ValueError(f"precision must be float32 or bfloat16, not {precision!r}")

    def autocast() -> torch.autocast:
        # One context an update: autocast keeps its bfloat16 copies of the weights until the context ends, and
        # an optimizer step makes them stale.
        return torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16")

    def ready(network: nn.Module) -> nn.Module:
        return network.to(memory_format=torch.channels_last)

    g, f = ready(Generator(filters, n_resnet)), ready(Generator(filters, n_resnet))
    d_a, d_b = ready(build_discriminator(filters)), ready(build_discriminator(filters))
    adam_g, adam_f, adam_d_a, adam_d_b = map(build_adam, (g, f, d_a, d_b))
    pool_a, pool_b = ImagePool(), ImagePool()

    def step(a: np.ndarray, b: np.ndarray) -> None:
        for image in (a, b):
            if image.shape != (1, image_size, image_size, 1):
                raise ValueError(f"image of shape {image.shape}, not {(1, image_size, image_size, 1)}")
        # NHWC seen as NCHW is channels_last already.
        a, b = (torch.from_numpy(image).permute(0, 3, 1, 2) for image in (a, b))
        fake_a = update_generator(adam_f, f, d_a, g, b, a, autocast)
        update_discriminator(adam_d_a, d_a, a, pool_a.exchange(fake_a), autocast)
        fake_b = update_generator(adam_g, g, d_b, f, a, b, autocast)
        update_discriminator(adam_d_b, d_b, b, pool_b.exchange(fake_b), autocast)

    return step


class SameConv(nn.Conv2d):
    """A square convolution padded as TensorFlow's "same"; weights from N(0, 0.02)."""

    def __init__(self, channels_in: int, channels: int, size: int, stride: int = 1):
        super().__init__(channels_in, channels, size, stride)
        _initialize(self)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve ``x``; an odd padding has its larger half at the bottom and the right."""
        size, stride = self.kernel_size[0], self.stride[0]
        # Images are square, so one padding serves both axes.
        padding = size - (x.shape[-1] % stride or stride)
        before, after = padding // 2, padding - padding // 2
        if before == after:
            # The convolution pads by itself, which saves a copy.
            return F.conv2d(x, self.weight, self.bias, stride, before)
        return F.conv2d(F.pad(x, (before, after, before, after)), self.weight, self.bias, stride)


class SameConvTranspose(nn.ConvTranspose2d):
    """A transposed 3x3 convolution of stride 2, cropped as TensorFlow's "same"; weights from N(0, 0.02)."""

    def __init__(self, channels_in: int, channels: int):
        super().__init__(channels_in, channels, 3, 2)
        _initialize(self)

    def forward(self, x: Tensor) -> Tensor:
        """Double the height and width of ``x``."""
        # PyTorch's own padding and output_padding would crop at the top and the left.
        return super().forward(x)[:, :, :-1, :-1].contiguous(memory_format=torch.channels_last)


class InstanceNorm(nn.InstanceNorm2d):
    """Instance norm of batch 1, epsilon 1e-3, with scale and offset."""

    def __init__(self, channels: int):
        super().__init__(channels, eps=1e-3, affine=True)

    def forward(self, x: Tensor) -> Tensor:
        """Normalize each channel of the one image."""
        # On one image this equals batch norm, whose kernel keeps channels_last and takes a third of the time.
        return F.batch_norm(x, None, None, self.weight, self.bias, training=True, eps=self.eps)


class ResNetBlock(nn.Module):
    """Two convolutions whose output is concatenated with the block's input."""

    def __init__(self, channels_in: int, channels: int):
        super().__init__()
        self.convs = nn.Sequential(
            SameConv(channels_in, channels, 3), InstanceNorm(channels), nn.ReLU(inplace=True),
            SameConv(channels, channels, 3), InstanceNorm(channels),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        """Add ``channels`` channels in front of those of ``x``."""
        return torch.cat([self.convs(x), x], 1)


class Generator(nn.Module):
    """The network that repaints an image in the other domain."""

    def __init__(self, filters: int, n_resnet: int):
        super().__init__()
        blocks = [ResNetBlock(4 * filters * (1 + i), 4 * filters) for i in range(n_resnet)]
        self.layers = nn.Sequential(
            SameConv(1, filters, 7), InstanceNorm(filters), nn.ReLU(inplace=True),
            SameConv(filters, 2 * filters, 3, 2), InstanceNorm(2 * filters), nn.ReLU(inplace=True),
            SameConv(2 * filters, 4 * filters, 3, 2), InstanceNorm(4 * filters), nn.ReLU(inplace=True),
            *blocks,
            SameConvTranspose(4 * filters * (1 + n_resnet), 2 * filters), InstanceNorm(2 * filters),
            nn.ReLU(inplace=True),
            SameConvTranspose(2 * filters, filters), InstanceNorm(filters), nn.ReLU(inplace=True),
            SameConv(filters, 1, 7), InstanceNorm(1),
        )  # fmt: skip

    def forward(self, image: Tensor) -> Tensor:
        """Repaint ``image``; float32 in [-1, 1] whatever the precision of the layers."""
        return torch.tanh(self.layers(image).float())


def build_discriminator(filters: int) -> nn.Sequential:
    """Build the PatchGAN: 17 x 17 values without a sigmoid for an image of 260 x 260."""
    layers = [SameConv(1, filters, 4, 2), nn.LeakyReLU(0.2, inplace=True)]
    channels_in = filters
    for channels, stride in ((2 * filters, 2), (4 * filters, 2), (8 * filters, 2), (8 * filters, 1)):
        layers += [SameConv(channels_in, channels, 4, stride), InstanceNorm(channels)]
        layers += [nn.LeakyReLU(0.2, inplace=True)]
        channels_in = channels
    return nn.Sequential(*layers, SameConv(channels_in, 1, 4))


def build_adam(network: nn.Module) -> torch.optim.Adam:
    """Build the optimizer of all of a network's weights."""
    return torch.optim.Adam(network.parameters(), lr=2e-4, betas=(0.5, 0.999), eps=1e-7, fused=True)


class ImagePool:
    """Up to 50 past fakes, exchanged for fresh ones half of the time once it is full."""

    def __init__(self):
        self.images: list[Tensor] = []

    def exchange(self, fake: Tensor) -> Tensor:
        """Exchange a fresh fake for the image that the discriminator is trained on."""
        if len(self.images) < POOL_SIZE:
            self.images.append(fake)
            return fake
        if random.random() < 0.5:
            return fake
        index = random.randrange(POOL_SIZE)
        pooled, self.images[index] = self.images[index], fake
        return pooled


def update_generator(
    adam: torch.optim.Adam,
    generator: nn.Module,
    discriminator: nn.Module,
    other_generator: nn.Module,
    source: Tensor,
    target: Tensor,
    autocast: Callable[[], torch.autocast],
) -> Tensor:
    """Train a generator, the other two networks frozen; return the fake it made from ``source``."""
    with _frozen(discriminator, other_generator):
        with autocast():
            fake = generator(source)
            patches = discriminator(fake).float()
            same = generator(target)
            forward = other_generator(fake)
            backward = generator(other_generator(target))
        loss = (
            F.mse_loss(patches, torch.ones_like(patches))
            + 5 * F.l1_loss(same, target)
            + 10 * F.l1_loss(forward, source)
            + 10 * F.l1_loss(backward, target)
        )
        _apply_gradients(adam, loss)
    return fake.detach()


def update_discriminator(
    adam: torch.optim.Adam,
    discriminator: nn.Module,
    real: Tensor,
    fake: Tensor,
    autocast: Callable[[], torch.autocast],
) -> None:
    """Train a discriminator in two optimizer steps: on a real image, then on a fake."""
    for image, wanted in ((real, 1.0), (fake, 0.0)):
        with autocast():
            patches = discriminator(image).float()
        _apply_gradients(adam, 0.5 * F.mse_loss(patches, torch.full_like(patches, wanted)))


def _apply_gradients(adam: torch.optim.Adam, loss: Tensor) -> None:
    loss.backward()
    adam.step()
    adam.zero_grad(set_to_none=True)


@contextlib.contextmanager
def _frozen(*networks: nn.Module) -> Iterator[None]:
    # Gradients still pass through a frozen network, but none of its weights' are computed.
    for network in networks:
        network.requires_grad_(False)
    try:
        yield
    finally:
        for network in networks:
            network.requires_grad_(True)


def _initialize(conv: nn.Module) -> None:
    nn.init.normal_(conv.weight, std=0.02)
    nn.init.zeros_(conv.bias)
