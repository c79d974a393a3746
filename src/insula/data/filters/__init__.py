"""Filters: input → tree → bound parameters. Operators are rows of a table."""
