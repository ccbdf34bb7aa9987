"""What a program of the user's sees of its run: `mlctl.run()`."""
