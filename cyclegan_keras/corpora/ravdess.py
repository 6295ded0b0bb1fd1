"""The parser of RAVDESS's file names, and the index of any corpus, under one short import."""

from cyclegan_keras.corpora.index import index_clips
from cyclegan_keras.corpora.known.ravdess import parse_name

__all__ = ["index_clips", "parse_name"]
