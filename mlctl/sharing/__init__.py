"""How bytes, facts and decisions travel between a repository and a dumb remote; it is handed both sides."""
