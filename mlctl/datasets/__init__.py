"""Datasets: how bytes and tables of the work tree, of imports and of parts become versions, and come back."""
