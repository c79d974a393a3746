"""The front door: one connection to the client, one to whoever serves it, and bytes in between."""
