"""How applications run in this environment."""
