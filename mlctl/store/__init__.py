"""`.mlctl/` on disk. The only floor that opens files under it."""
