"""Conformance checks for plugin authors: plain functions, no test framework."""
