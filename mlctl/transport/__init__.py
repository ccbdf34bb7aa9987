"""Data, facts and decisions on their way to remotes and back, and what has not gone yet."""
