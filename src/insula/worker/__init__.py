"""The side that carries commands out: what is running."""
