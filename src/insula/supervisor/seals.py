"""What is secret of an application: sealed in its record, opened only to run it."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import orjson

from insula.application.secrets import KEY_BYTES
from insula.fleet.configuration import DEFAULT_CONNECTION, Configuration

if TYPE_CHECKING:
    from insula.application.application import Application
    from insula.supervisor.entry import Entry


def seal_credentials(main: Application, name: str, credentials: Mapping[str, Any]) -> str:
    """The secret part of its connection (``password``), as text to keep; empty for none."""
    return main.secrets.seal(orjson.dumps(dict(credentials)), _purpose(name)) if credentials else ""


def open_credentials(main: Application, entry: Entry) -> dict[str, Any]:
    """What ``seal_credentials`` was given. Raises ``SealBroken``."""
    if not entry.credentials:
        return {}
    opened: dict[str, Any] = orjson.loads(main.secrets.open(entry.credentials, _purpose(entry.name)))
    return opened


def new_data_key(main: Application, name: str) -> str:
    """A fresh key for an application, wrapped."""
    return main.master_key.wrap(name, os.urandom(KEY_BYTES))


def configuration(main: Application, entry: Entry) -> Configuration:
    """Everything that an environment needs to run the application. Raises ``SealBroken``."""
    options = entry.options
    shares = bool(options.get("shareSession"))
    return Configuration(
        entry.name,
        entry.stamp,
        display_name=entry.display_name,
        connection=options.get("dbConnType", DEFAULT_CONNECTION),
        database={**options.get("database", {}), **open_credentials(main, entry)},
        data_key=_text(main.master_key.open_wrapped(entry.name, entry.data_key)),
        environments=entry.environments,
        domain=entry.cname,
        with_main=entry.with_main,
        auto_upgrade=bool(options.get("autoUpgrade", True)),
        share_session=shares,
        main_key=_text(main.secrets.verify_key.public_bytes_raw()) if shares else "",
        lang=options.get("lang") or main.options.lang,
        timezone=options.get("timezone") or main.options.timezone,
    )


def _purpose(name: str) -> str:
    return f"credentials of {name}"


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
