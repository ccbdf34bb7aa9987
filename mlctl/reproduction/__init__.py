"""Runs done again: in clean work trees, one factor swapped at a time, compared place by place."""
