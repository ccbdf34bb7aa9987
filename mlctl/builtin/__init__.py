"""Shipped plugins, loaded by entry point like anyone's."""
