"""What conversions are worth: how near they are to the actor's own recording, words, cleanness, speaker, two judges.

Enters: waveforms and the recordings they come from. Leaves: rows of a table.
Nothing here is used in training; nothing is chosen by the judges.
"""
