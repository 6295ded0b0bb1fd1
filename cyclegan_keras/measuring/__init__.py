"""What conversions are worth: emotion, content, cleanness, pitch.

Enters: waveforms and the recordings they come from. Leaves: rows of a table.
Nothing here is used in training or in choosing weights.
"""
