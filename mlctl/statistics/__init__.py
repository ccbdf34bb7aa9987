"""Formulas on arrays, each with its source. No files, no models."""
