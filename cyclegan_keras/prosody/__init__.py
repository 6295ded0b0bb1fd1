"""How an emotion is spoken, apart from the networks: pitch, tempo, level and spectral balance, measured and moved.

Enters: recordings of two emotions, and a clip to move. Leaves: statistics (`Prosody`), and the moved clip.
All of this is ours; the report's system leaves everything to its networks.
"""
