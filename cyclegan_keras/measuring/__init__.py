"""Measures of conversions: distance to the actor's own recording, words, cleanness, speaker, two emotion judges.

Input: waveforms and their source recordings. Output: rows of a table.
Training uses nothing from this room. No model is selected by the judges.
"""
