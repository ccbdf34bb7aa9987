"""Shipped remotes."""
