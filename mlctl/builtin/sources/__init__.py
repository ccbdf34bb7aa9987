"""Shipped sources of imported files."""
