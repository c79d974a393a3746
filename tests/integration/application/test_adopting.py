"""Taking over an application whose key is lost."""

import os
from typing import Annotated

import msgspec
import pytest

from insula.application.adopt import adopt
from insula.application.application import Application
from insula.application.errors import NotInstalled, OwnedByAnother, WrongKey
from insula.application.options import Options
from insula.application.plugin import Plugin
from insula.application.registry import Registry
from insula.application.secrets import KEY_BYTES, DataKey
from insula.database.budget import ConnectionBudget
from insula.database.engine import open_database
from insula.database.executor import Database
from insula.database.options import DatabaseOptions

STAMP = "5a0b7b3e-3f4e-4f0e-9a52-6a6f2d1c1d11"


class MailSettings(msgspec.Struct, frozen=True):
    host: str = ""
    password: Annotated[str, msgspec.Meta(extra={"secret": True})] = ""


class Mail(Plugin):
    name = "mail"
    title = description = "Mail"
    settings = MailSettings


def opened(options: DatabaseOptions, key: bytes, stamp: str = STAMP) -> Application:
    database = open_database(options, ConnectionBudget())
    return Application("shop", database, Registry([Mail()]), DataKey(key), Options(owner_id=stamp))


async def test_its_records_stay_and_its_secrets_begin_anew(
    database_options: DatabaseOptions, database: Database
) -> None:
    first_key, second_key = os.urandom(KEY_BYTES), os.urandom(KEY_BYTES)
    first = opened(database_options, first_key)
    await first.install()
    await first.start()
    await first.plugin_manager.change_settings("mail", {"host": "mail.example.com", "password": "secret"})
    await first.stop()

    stranger = opened(database_options, second_key)
    with pytest.raises(WrongKey):
        await stranger.start()
    await stranger.stop()
    adopting = opened(database_options, second_key)
    await adopt(adopting)
    await adopting.start()
    assert adopting.plugin_manager.settings("mail", MailSettings) == MailSettings("mail.example.com")
    assert adopting.plugin_manager.failed == {}
    await adopting.plugin_manager.change_settings("mail", {"password": "new"})
    await adopting.stop()
    again = opened(database_options, second_key)
    await adopt(again)  # done twice is done once
    await again.start()
    assert again.plugin_manager.settings("mail", MailSettings).password == "new"
    await again.stop()
    before = opened(database_options, first_key)
    with pytest.raises(WrongKey):
        await before.start()
    await before.stop()


async def test_nothing_and_what_is_another_s_are_not_taken_over(
    database_options: DatabaseOptions, database: Database
) -> None:
    key = os.urandom(KEY_BYTES)
    empty = opened(database_options, key)
    with pytest.raises(NotInstalled):
        await adopt(empty)
    await empty.install()
    await empty.stop()
    other = opened(database_options, key, stamp="another")
    with pytest.raises(OwnedByAnother):
        await adopt(other)
    await other.stop()
