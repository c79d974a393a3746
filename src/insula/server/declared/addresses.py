"""Where Insula is reached, and where it keeps what is its own."""

from functools import partial
from typing import Annotated

import msgspec

from insula.server.declared.words import meta, url

_GROUP = "Addresses and folders"
_meta = partial(meta, group=_GROUP)
_url = partial(url, group=_GROUP)


class Addresses(msgspec.Struct, frozen=True, kw_only=True):
    """Where Insula is reached, and where it keeps what is its own."""

    app_port: Annotated[
        int,
        _meta(
            "The port that Insula listens on.",
            "a number between 1 and 65535",
            "13000",
            ge=1,
            le=65535,
        ),
    ] = 13000
    insula_host: Annotated[
        str,
        _meta(
            "The address that Insula listens on; `127.0.0.1` keeps other machines out.",
            "an address of this machine",
            "127.0.0.1",
            min_length=1,
        ),
    ] = "0.0.0.0"  # noqa: S104 - a server is there to be reached
    insula_url: Annotated[
        str | None,
        _url(
            "The address that people use, shown in links; taken from `APP_PORT` when not set.",
            "https://insula.example.com",
        ),
    ] = None
    api_base_path: Annotated[
        str,
        _meta(
            "Where the API lives, from slash to slash.",
            "a path that begins and ends with a slash",
            "/api/",
            pattern=r"^/(?:[A-Za-z0-9._~-]+/)+$",
        ),
    ] = "/api/"
    app_trusted_proxies: Annotated[
        str,
        _meta(
            "Networks whose `X-Forwarded-*` and `X-Hostname` headers are believed, comma-separated.",
            "networks or addresses, comma-separated",
            "127.0.0.0/8,10.0.0.0/8",
        ),
    ] = "127.0.0.0/8,::1/128"
    storage_path: Annotated[
        str,
        _meta(
            "The folder for everything that Insula keeps: key, socket, files, SQLite databases. "
            "One process per folder.",
            "a folder",
            "storage",
            min_length=1,
        ),
    ] = "storage"
