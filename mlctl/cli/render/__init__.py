"""One module a result: what a person reads."""
