"""Code that every room uses: errors, files, command lines, the machine, run directories, plots.

Imports no room.
"""
