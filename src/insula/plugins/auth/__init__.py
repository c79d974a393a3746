"""Sign-in with a password, sessions, sign-out."""
