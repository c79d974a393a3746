"""The control plane: which applications there are, and what should be running."""
