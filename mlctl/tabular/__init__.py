"""Tables: read, type, profile, check, encode, join. pyarrow lives here."""
