"""Roles, and what each may do on which collection."""
