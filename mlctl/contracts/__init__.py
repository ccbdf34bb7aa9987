"""What a plugin or an engine may ask for, and the registry that finds plugins."""
