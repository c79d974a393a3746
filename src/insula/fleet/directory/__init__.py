"""Which applications there are, and which host name belongs to which."""
