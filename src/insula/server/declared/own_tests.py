"""What only tests of Insula itself set."""

from functools import partial
from typing import Annotated

from insula.core.failpoints import NAMES
from insula.server.declared.behaviour import Behaviour
from insula.server.declared.words import meta

_GROUP = "Tests of Insula itself"
_meta = partial(meta, group=_GROUP)


class OwnTests(Behaviour, frozen=True, kw_only=True):
    """What only tests of Insula itself set."""

    insula_testing: Annotated[
        bool,
        _meta(
            "Whether this process is part of a test of Insula itself; `INSULA_FAILPOINTS` is refused otherwise.",
            "true or false",
            "true",
        ),
    ] = False
    insula_failpoints: Annotated[
        str | None,
        _meta(
            f"What happens at named places on the way of a command ({', '.join(NAMES)}): "
            "`kill`, `stop`, `fail`, `hold` or `delay:<seconds>`, comma-separated; or `@` and a file in which that stands.",
            "places and effects, comma-separated",
            "create.recorded=kill,delete.stopped=delay:0.5",
        ),
    ] = None
