"""Secrets of an application, wrapped by the key of the installation."""

import pytest

from insula.application.errors import SealBroken
from insula.application.secrets import MasterKey


def test_what_is_wrapped_comes_back() -> None:
    secrets, wrapped = MasterKey("a" * 32).new_secrets("one")
    again = MasterKey("a" * 32).unwrap("one", wrapped)
    assert again.data_key == secrets.data_key
    assert again.open(secrets.seal(b"plain", "x"), "x") == b"plain"
    assert again.signing_key.private_bytes_raw() == secrets.signing_key.private_bytes_raw()
    assert again.verify_key.public_bytes_raw() == secrets.verify_key.public_bytes_raw()


def test_another_key_another_application_another_purpose_open_nothing() -> None:
    secrets, wrapped = MasterKey("a" * 32).new_secrets("one")
    with pytest.raises(SealBroken):
        MasterKey("b" * 32).unwrap("one", wrapped)
    with pytest.raises(SealBroken):
        MasterKey("a" * 32).unwrap("two", wrapped)
    with pytest.raises(SealBroken):
        secrets.open(secrets.seal(b"plain", "x"), "y")
    for broken in ("", "x", "éé", "AAAA", secrets.seal(b"plain", "x")[:-4] + "AAAA"):
        with pytest.raises(SealBroken):
            secrets.open(broken, "x")


def test_nothing_is_readable_and_nothing_repeats() -> None:
    secrets, wrapped = MasterKey("a" * 32).new_secrets("one")
    assert secrets.seal(b"plain", "x") != secrets.seal(b"plain", "x")
    assert secrets.data_key.hex() not in repr((secrets, wrapped))


def test_a_data_key_that_is_kept_is_wrapped_for_one_name() -> None:
    wrapped = MasterKey("a" * 32).wrap("one", b"k" * 32)
    assert MasterKey("a" * 32).open_wrapped("one", wrapped) == b"k" * 32
    with pytest.raises(SealBroken):
        MasterKey("a" * 32).open_wrapped("two", wrapped)
    with pytest.raises(SealBroken):
        MasterKey("b" * 32).open_wrapped("one", wrapped)
    # nor does it pass for a key that an application keeps itself
    with pytest.raises(SealBroken):
        MasterKey("a" * 32).unwrap("one", {"dataKey": wrapped, "signingKey": ""})
