"""Training: what a run would do and what it really used; fits, repeats, programs, runs broken off."""
