"""Built-in plugins, one folder each, found by entry point and imported by nobody."""
