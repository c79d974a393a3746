"""Users, and the roles that they hold."""
