"""Corpora: lists of clips and faces with their labels, and splits into training and test clips.

Input: a folder. Output: clips with their emotion and speaker, and splits.
The download of RAVDESS and the synthesis of the demo corpus are here too.
"""
