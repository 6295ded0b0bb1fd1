"""RAVDESS by the names that most of the package knows: how its files are named, and the index of any corpus."""

from cyclegan_keras.corpora.index import index_clips
from cyclegan_keras.corpora.known.ravdess import parse_name

__all__ = ["index_clips", "parse_name"]
