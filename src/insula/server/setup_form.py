"""The form of the set-up page: what was written, and what is wrong with it, beside each field."""

from collections.abc import Mapping
from dataclasses import dataclass

from insula.application.access.errors import InvalidAccess
from insula.application.access.naming import EMAIL_LONGEST, USERNAME_LONGEST, is_email, is_username
from insula.application.access.passwords import SHORTEST, check_strength
from insula.core.text import in_one_line
from insula.core.translation import Speaker
from insula.data.fields.password import MAX_PASSWORD_LENGTH
from insula.server import texts

TEXT_LONGEST = 255
"""Characters of a nickname."""


@dataclass(frozen=True, slots=True)
class Administrator:
    """The first administrator, as asked for by the page."""

    email: str
    username: str
    nickname: str
    password: str


def read_form(form: Mapping[str, str], say: Speaker) -> tuple[Administrator, dict[str, str]]:
    """What was written, trimmed, and field → sentence for each that is wrong (none: all is well)."""
    email = form.get("email", "").strip()
    username = form.get("username", "").strip()
    nickname = form.get("nickname", "").strip()
    password = form.get("password", "")
    wrong: dict[str, str] = {}
    if len(email) > EMAIL_LONGEST:
        wrong["email"] = say(texts.EMAIL_TOO_LONG, limit=EMAIL_LONGEST)
    elif not is_email(email):
        wrong["email"] = say(texts.EMAIL_WANTED)
    if not is_username(username):
        wrong["username"] = say(texts.USERNAME_WANTED, limit=USERNAME_LONGEST)
    if len(nickname) > TEXT_LONGEST:
        wrong["nickname"] = say(texts.TEXT_TOO_LONG, limit=TEXT_LONGEST, number=len(nickname))
    elif not nickname or not in_one_line(nickname):
        wrong["nickname"] = say(texts.NICKNAME_WANTED)
    if problem := _password(password, email, username):
        wrong["password"] = say(problem[0], limit=problem[1])
    elif password != form.get("again", ""):
        wrong["again"] = say(texts.NOT_THE_SAME)
    return Administrator(email, username, nickname, password), wrong


def _password(password: str, email: str, username: str) -> tuple[str, int] | None:
    """What is wrong with it, and the limit that the sentence may name."""
    if len(password) < SHORTEST:
        return texts.CHOICE_TOO_SHORT, SHORTEST
    if len(password) > MAX_PASSWORD_LENGTH:
        return texts.CHOICE_TOO_LONG, MAX_PASSWORD_LENGTH
    try:
        check_strength(password, (email, username), SHORTEST)
    except InvalidAccess:
        return texts.CHOICE_TOO_EASY, SHORTEST
    return None
