"""SpectroGAN: a CycleGAN that changes the emotion of recorded speech by repainting its spectrogram.

Ellore, Telagimathada Ravi, Hegde, *SpectroGAN: Emotion transfer on images and spectrogram of
speech*, USC EE599, 2020. ``README.md`` shows the commands; ``config.py`` holds every number.
"""

__version__ = "0.1.0"
