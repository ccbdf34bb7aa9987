"""Trackers: told of events after the fact."""
