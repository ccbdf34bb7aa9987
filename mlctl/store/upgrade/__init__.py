"""One step per change of the format; format 1 is the first, so there is none yet."""
