"""The composition root: settings, the wiring of concrete adapters, the sockets, the order of start and stop."""
