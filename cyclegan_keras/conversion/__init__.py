"""Conversion: recordings of any length through a generator and back to sound.

Enters: recordings, a run's configuration and weights. Leaves: converted waveforms.
The report's way is Griffin-Lim; the clip's own phase (`gains`) is ours.
"""
