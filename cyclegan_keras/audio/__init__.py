"""Audio: recordings, the STFT and its images, windows, and resynthesis.

Input: a path or a waveform. Output: spectrograms and images in [-1, 1], and waveforms.
Independent of networks and corpora.
"""
