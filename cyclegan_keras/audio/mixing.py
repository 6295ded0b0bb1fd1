"""Several channels mixed to one."""

import numpy as np
import scipy.signal

from cyclegan_keras.audio.level import audible_filter

CANCELLED = 1 / 4
"""A mean of channels that keeps less of their power than this share of what independent channels would keep has
cancelled what they share."""


class ChannelBalance:
    """Tells, piece by piece, whether the mean of a recording's channels cancels what is heard in them.

    Channels in opposite phase do: a microphone's cable with its poles exchanged, a balanced line in a stereo socket.

    Parameters
    ----------
    channels : int
    sample_rate : int
        In Hz.
    """

    def __init__(self, channels: int, sample_rate: int):
        self._filter = audible_filter(sample_rate)
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
        if not self._started:  # as if the first sample had stood there always: an offset is no sound
            self._state = scipy.signal.sosfilt_zi(self._filter)[:, :, np.newaxis] * piece[0]
            self._started = True
        with np.errstate(all="ignore"):  # samples may be infinite, which is refused elsewhere
            heard, self._state = scipy.signal.sosfilt(self._filter, piece, axis=0, zi=self._state)
            self._power += np.square(heard).sum(axis=0)
            self._mean_power += np.square(heard.mean(axis=1)).sum()

    @property
    def cancels(self) -> bool:
        """Whether the mean is not to be used."""
        independent = self._power.sum() / self._power.size**2
        return bool(self._power.size > 1 and self._mean_power < CANCELLED * independent)

    @property
    def loudest(self) -> int:
        """The channel with the most sound."""
        return int(np.argmax(self._power))
