"""Identifiers: random, short, and safe in addresses and file names."""

import random
import secrets
import uuid

_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"

APPLICATION_ID_LENGTH = 11
"""Characters behind ``a_`` in the name of an application that was given none."""


def random_id(length: int) -> str:
    """``length`` random characters of ``[0-9a-z]`` (5.17 bits each)."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def application_id() -> str:
    """A name for an application that was given none, such as ``a_7zkxoarusnx``."""
    return f"a_{random_id(APPLICATION_ID_LENGTH)}"


def request_id() -> str:
    """What ``X-Request-Id`` carries when the client sent none: 16 characters, no secret."""
    return f"{random.getrandbits(64):016x}"


def request_id_sent() -> bytes:
    """One as it stands in a head."""
    return b"%016x" % random.getrandbits(64)


def subject() -> str:
    """The global subject (uuid4, text) of a person, the same in every application that knows them."""
    return str(uuid.uuid4())
