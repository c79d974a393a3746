"""What nobody may read, and who comes in first."""

from functools import partial
from typing import Annotated

from insula.server.declared.database import Database
from insula.server.declared.words import meta

_GROUP = "Secrets and first administrator"
_meta = partial(meta, group=_GROUP)


class Secrets(Database, frozen=True, kw_only=True):
    """What nobody may read, and who comes in first."""

    app_key: Annotated[
        str | None,
        _meta(
            "The key that wraps each application's own key. When not set, one is made and kept in "
            "`app_key` in the storage folder (readable to its owner alone). Losing it loses every secret.",
            "at least 32 random characters",
            "$(openssl rand -hex 32)",
            secret=True,
        ),
    ] = None
    init_root_email: Annotated[
        str | None,
        _meta(
            "E-mail address of the first administrator; only read while there is none.",
            "an e-mail address",
            "admin@example.com",
            pattern=r"^[^@\s]+@[^@\s]+$",
        ),
    ] = None
    init_root_username: Annotated[
        str | None,
        _meta(
            "User name of the first administrator.",
            "a name of 1 to 50 characters without spaces, @, quotes or slashes",
            "admin",
            min_length=1,
            max_length=50,
        ),
    ] = None
    init_root_password: Annotated[
        str | None,
        _meta(
            "Password of the first administrator.",
            "at least 8 characters",
            "correct-horse-battery",
            secret=True,
            min_length=8,
            max_length=255,
        ),
    ] = None
    init_root_nickname: Annotated[
        str | None,
        _meta(
            "Shown name of the first administrator.",
            "a name of 1 to 255 characters",
            "Administrator",
            min_length=1,
            max_length=255,
        ),
    ] = None
