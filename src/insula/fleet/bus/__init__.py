"""How commands get from the supervisor to the environments."""
