"""What a process is in a fleet: all of it, its head, or a place where applications run."""
