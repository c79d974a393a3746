"""What the settings may hold: each is shown to everybody, before they have signed in."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error
from collections.abc import Callable, Mapping
from typing import Any, Final

from insula.application.access.errors import InvalidAccess
from insula.core.languages import is_language

LONGEST_LOGO: Final = 100_000
"""Characters of a logo that is given as a whole; so many bytes go with every page."""
LONGEST_ADDRESS: Final = 2_000
IMAGES: Final = ("png", "jpeg", "webp", "gif", "svg+xml")
"""What pages show by <img> alone, where no script in it runs."""
MOST_LANGUAGES: Final = 100
_COLOR: Final = re.compile(r"#[0-9A-Fa-f]{6}")
_ADDRESS: Final = re.compile(r"(https://[^\s/\\]|/(?![/\\]))[^\s\\]*", re.IGNORECASE)
_IMAGE: Final = re.compile(
    rf"data:image/({'|'.join(map(re.escape, IMAGES))});base64,([A-Za-z0-9+/]+={{0,2}})"
)


def checked(given: Mapping[str, Any]) -> dict[str, Any]:
    """The settings as they are kept. Raises ``InvalidAccess``, which says what to write."""
    return {name: _CHECKS[name](value) if name in _CHECKS else value for name, value in given.items()}


def _logo(value: Any) -> str | None:
    if value is None or value == "":
        return None
    text = value if isinstance(value, str) else ""
    if len(text) > LONGEST_LOGO:
        raise InvalidAccess(
            field="logo",
            reason=f"is longer than {LONGEST_LOGO} characters; write its address, or a smaller image",
        )
    if not (_is_address(text) or _is_image(text)):
        kinds = ", ".join(IMAGES)
        raise InvalidAccess(
            field="logo",
            reason="must be an address such as https://example.com/logo.png, a path such as /logo.png, "
            f"or an image as data:image/png;base64,… ({kinds})",
        )
    return text


def _is_address(text: str) -> bool:
    return len(text) <= LONGEST_ADDRESS and _ADDRESS.fullmatch(text) is not None


def _is_image(text: str) -> bool:
    found = _IMAGE.fullmatch(text)
    if found is None:
        return False
    try:
        b64decode(found[2], validate=True)
    except Error:
        return False
    return True


def _color(value: Any) -> str | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not _COLOR.fullmatch(value):
        raise InvalidAccess(field="color", reason="must be a colour such as #4f46e5, or null")
    return value.lower()


def _language(value: Any) -> str | None:
    if value is not None and not is_language(value):
        raise InvalidAccess(field="appLang", reason='must be a language such as "en-US"')
    return value if value is None else str(value)


def _languages(value: Any) -> Any:
    named = isinstance(value, list) and 0 < len(value) <= MOST_LANGUAGES
    if value is not None and not (named and all(map(is_language, value))):
        raise InvalidAccess(field="enabledLanguages", reason='must be a list of languages such as "en-US"')
    return value


_CHECKS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "logo": _logo,
    "color": _color,
    "appLang": _language,
    "enabledLanguages": _languages,
}
