"""Data sets: which clips and faces there are, what they are of, and which of them train.

Enters: a folder. Leaves: lists of clips with their emotion and speaker, and splits.
Also the download of RAVDESS and the synthesis of the demo corpus.
"""
