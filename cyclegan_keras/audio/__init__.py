"""Sound: files, the STFT and its images, windows, and the way back to sound.

Enters: a path or a waveform. Leaves: spectrograms and images in [-1, 1], and waveforms.
Knows nothing of networks or corpora.
"""
