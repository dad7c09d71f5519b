"""Builds the files of exports, in a process of its own: ``python -m api.exports``."""
