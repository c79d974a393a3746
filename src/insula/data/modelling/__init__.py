"""Changing metadata: what people ask for → rows of metadata, checked. Pure: no database here."""
