"""Where people reach an application."""

from __future__ import annotations

from urllib.parse import urlsplit


def address(entry: str, application: str, domain: str | None) -> str:
    """Its own domain, else below ``entry``, the main application's address; without a slash at its end.

    Whoever leads a domain here leads it to the port where the main application is reached.
    """
    if domain is None:
        return f"{entry.rstrip('/')}/apps/{application}"
    base = urlsplit(entry)
    port = f":{base.port}" if base.port else ""
    return f"{base.scheme or 'http'}://{domain}{port}"
