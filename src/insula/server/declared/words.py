"""What is said of a setting beside its type and default."""

from typing import Any

import msgspec


def meta(
    about: str, say: str, example: str, *, secret: bool = False, group: str, **limits: Any
) -> msgspec.Meta:
    """What the field is about, what to write (continues "write …"), one example, and limits for msgspec."""
    return msgspec.Meta(
        description=about,
        examples=[example],
        extra={"say": say, "secret": secret, "group": group},
        **limits,
    )


def url(
    about: str, example: str, *, group: str, schemes: str = "https?", secret: bool = False
) -> msgspec.Meta:
    """An address of one of these schemes (a pattern), with a host."""
    begins = "http:// or https://" if schemes == "https?" else "redis:// or rediss://"
    return meta(
        about,
        f"an address that begins with {begins}",
        example,
        group=group,
        secret=secret,
        pattern=rf"^{schemes}://[^\s/?#]+\S*$",
    )
