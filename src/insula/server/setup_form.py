"""The form of the set-up page: what was written, and what is wrong with it, beside each field."""

from collections.abc import Mapping
from dataclasses import dataclass

from insula.application.access.errors import InvalidAccess
from insula.application.access.naming import EMAIL_LONGEST, USERNAME_LONGEST, is_email, is_username
from insula.application.access.passwords import SHORTEST, check_strength
from insula.data.fields.password import MAX_PASSWORD_LENGTH

TEXT_LONGEST = 255
"""Characters of a nickname."""


@dataclass(frozen=True, slots=True)
class Administrator:
    """The first administrator, as asked for by the page."""

    email: str
    username: str
    nickname: str
    password: str


def read_form(form: Mapping[str, str]) -> tuple[Administrator, dict[str, str]]:
    """What was written, trimmed, and field → sentence for each that is wrong (none: all is well)."""
    email = form.get("email", "").strip()
    username = form.get("username", "").strip()
    nickname = form.get("nickname", "").strip()
    password = form.get("password", "")
    wrong: dict[str, str] = {}
    if len(email) > EMAIL_LONGEST:
        wrong["email"] = f"Write an e-mail address of at most {EMAIL_LONGEST} characters."
    elif not is_email(email):
        wrong["email"] = "Write an e-mail address, such as you@example.com."
    if not is_username(username):
        wrong["username"] = f"Write 1 to {USERNAME_LONGEST} characters without spaces, @, quotes or slashes."
    if len(nickname) > TEXT_LONGEST:
        wrong["nickname"] = f"Write at most {TEXT_LONGEST} characters; these are {len(nickname)}."
    elif not nickname or not nickname.isprintable():
        wrong["nickname"] = "Write the name that others should see."
    if sentence := _password(password, email, username):
        wrong["password"] = sentence
    elif password != form.get("again", ""):
        wrong["again"] = "This is not the same as above."
    return Administrator(email, username, nickname, password), wrong


def _password(password: str, email: str, username: str) -> str | None:
    if len(password) < SHORTEST:
        return f"Write at least {SHORTEST} characters."
    if len(password) > MAX_PASSWORD_LENGTH:
        return f"Write at most {MAX_PASSWORD_LENGTH} characters."
    try:
        check_strength(password, (email, username), SHORTEST)
    except InvalidAccess:
        return "This is too easy to guess; three or four unrelated words are good."
    return None
