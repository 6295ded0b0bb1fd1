"""Mixing several channels to mono."""

import numpy as np
import scipy

from cyclegan_keras.audio.level import high_pass_filter

CANCELLED = 1 / 4
"""Channels cancel each other if their mean has less than this share of the power that the mean of independent channels
would have."""


class ChannelBalance:
    """Decides, piece by piece, whether the channels of a recording cancel each other in their mean.

    Channels in opposite phase cancel: a microphone cable with swapped poles, a balanced line in a stereo socket.

    Parameters
    ----------
    channels : int
    sample_rate : int
        In Hz.
    """

    def __init__(self, channels: int, sample_rate: int):
        self._filter = high_pass_filter(sample_rate)
        self._state = np.zeros((len(self._filter), 2, channels))
        self._started = False
        self._power = np.zeros(channels)
        self._mean_power = 0.0

    def add(self, piece: np.ndarray) -> None:
        """Take the next samples into account.

        Parameters
        ----------
        piece : np.ndarray [shape=(frames, channels)]
        """
        if self._power.size == 1:
            return
        if not self._started:  # as if the first sample had always been there, so that an offset has no power
            self._state = scipy.signal.sosfilt_zi(self._filter)[:, :, np.newaxis] * piece[0]
            self._started = True
        with np.errstate(all="ignore"):  # the reader refuses infinite samples
            filtered, self._state = scipy.signal.sosfilt(self._filter, piece, axis=0, zi=self._state)
            self._power += np.square(filtered).sum(axis=0)
            self._mean_power += np.square(filtered.mean(axis=1)).sum()

    @property
    def cancels(self) -> bool:
        """Whether the channels cancel each other in their mean."""
        independent = self._power.sum() / self._power.size**2
        return bool(self._power.size > 1 and self._mean_power < CANCELLED * independent)

    @property
    def loudest(self) -> int:
        """The channel with the most power, counted from 0."""
        return int(np.argmax(self._power))
