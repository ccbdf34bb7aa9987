"""Nouns: immutable records and pure functions. No files, no clock, no randomness, no terminal."""
