"""How databases of applications are made, checked and dropped."""
