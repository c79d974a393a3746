"""Insula: many isolated business applications under one roof."""

__version__ = "0.1.0"
