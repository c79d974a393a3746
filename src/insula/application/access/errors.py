"""Why someone is not let in, or may not do what they ask for."""

from insula.core.errors import InsulaError, Kind


class AccessError(InsulaError):
    """Access is refused."""


class Unauthenticated(AccessError):
    """Sign in first."""

    kind = Kind.UNAUTHENTICATED


class EmptyToken(Unauthenticated):
    """This needs a signed-in user, and the request carries no token."""

    code = "EMPTY_TOKEN"


class InvalidToken(Unauthenticated):
    """The token is not one of this application; sign in again."""

    code = "INVALID_TOKEN"


class NotLetIn(Unauthenticated):
    """None of your roles in the main application lets you in here; sign in with an account of this application."""

    code = "NOT_LET_IN"


class ExpiredToken(Unauthenticated):
    """The token has expired; sign in again."""

    code = "EXPIRED_TOKEN"


class BlockedToken(Unauthenticated):
    """The token has been revoked; sign in again."""

    code = "BLOCKED_TOKEN"


class ExpiredSession(Unauthenticated):
    """The session has reached its longest duration; sign in again."""

    code = "EXPIRED_SESSION"


class UnknownUser(Unauthenticated):
    """The user of this token does not exist any more."""

    code = "NOT_EXIST_USER"


class NoRoles(Unauthenticated):
    """The user holds no role, or not the one that the API key is bound to."""

    code = "USER_HAS_NO_ROLES_ERR"


class WrongCredentials(Unauthenticated):
    """The account or the password is not right."""

    code = "INVALID_CREDENTIALS"


class Denied(AccessError):
    """The role "{role}" may not do this ({action} on "{resource}")."""

    code = "NO_PERMISSION"
    kind = Kind.DENIED


class RoleNotHeld(AccessError):
    """You do not hold the role "{role}"."""

    code = "ROLE_NOT_FOUND_ERR"
    kind = Kind.DENIED


class BrokenScope(AccessError):
    """The role "{role}" is limited to a part of "{resource}" by a scope that does not fit it (any more): {reason}."""

    code = "BROKEN_SCOPE"
    kind = Kind.DENIED


class NameTaken(AccessError):
    """{what} "{name}" is taken: "{taken}" differs from it in capital letters at most."""

    code = "CONFLICT"
    kind = Kind.CONFLICT


class InvalidCsrfToken(AccessError):
    """A write that is authenticated by cookie needs the header X-CSRF-Token with the value of the cookie {cookie}."""

    code = "INVALID_CSRF_TOKEN"
    kind = Kind.DENIED


class Escalation(AccessError):
    """Your role "{role}" may not {what}: that would go beyond its own rights."""

    code = "ESCALATION"
    kind = Kind.DENIED


class NeedsSession(AccessError):
    """This is for people who signed in themselves, not for {found}."""

    code = "NEEDS_SESSION"
    kind = Kind.DENIED


class TurnedOff(AccessError):
    """{what} is turned off in this application."""

    code = "TURNED_OFF"
    kind = Kind.DENIED


class TooManyAttempts(AccessError):
    """Too many attempts to sign in; try again in {retry_after} s."""

    code = "TOO_MANY_ATTEMPTS"
    kind = Kind.THROTTLED


class InvalidAccess(AccessError):
    """{what} {reason}."""

    code = "VALIDATION_ERROR"
    kind = Kind.INVALID

    def __init__(self, *, reason: str, field: str = "", what: str = "") -> None:
        """It is wrong with ``what``, or with a ``field`` of the body."""
        super().__init__(what=what or field, reason=reason, **({"field": field} if field else {}))


class Fixed(AccessError):
    """{what} can not be {verb}: {reason}."""

    code = "CONFLICT"
    kind = Kind.CONFLICT
