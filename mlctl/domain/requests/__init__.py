"""Requests and results of the verbs, one module a verb."""
