"""The built-in collections of people, roles and permissions, and of what was issued to people.

All are ``guarded`` (an option): their records are written by actions of their own and never as a side effect
of writing others, since a change here changes who may do what. ``snippet`` names the right to read them;
``public`` the fields that everyone signed in sees of them through relations, such as ``createdBy``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from insula.data.builtin import builtin_collection, builtin_field
from insula.data.collection import Collection, Field, Index, OnDelete, Reference, Relation
from insula.data.fields import field_type

ANONYMOUS_ROLE: Final = "anonymous"
ROOT_ROLE: Final = "root"

USERS_SNIPPET: Final = "pm.users"
ROLES_SNIPPET: Final = "pm.acl.roles"
API_KEYS_SNIPPET: Final = "pm.api-keys.configuration"
NO_SNIPPET: Final = ""
"""For collections that nobody reads as records."""

USER_PUBLIC_FIELDS: Final = frozenset({"id", "nickname", "username"})

ROLE_NAME_LENGTH: Final = 50
SESSION_ID_LENGTH: Final = 24
JTI_LENGTH: Final = 64


def _number(description: str = "Number of the record.") -> Field:
    return builtin_field("id", "bigInt", description, interface="id", primary_key=True, auto_increment=True)


def _key(name: str, kind: str, target: str, description: str, field: str = "id", **settings: Any) -> Field:
    """A foreign key whose rows go with the record that they point to."""
    on_delete: OnDelete = "CASCADE"
    reference = Reference(target, field, on_delete)
    return builtin_field(name, kind, description, index=True, required=True, reference=reference, **settings)


def _relation(name: str, relation: Relation, description: str) -> Field:
    interface = "m2m" if relation.kind == "belongsToMany" else "o2m"
    return Field(
        name,
        field_type(relation.kind),
        key=name,
        interface=interface,
        relation=relation,
        options={"description": description},
    )


def _stamps() -> tuple[Field, Field]:
    return (
        builtin_field("createdAt", "date", "When the record was made.", interface="createdAt"),
        builtin_field("updatedAt", "date", "When the record was last changed.", interface="updatedAt"),
    )


def _collection(
    name: str,
    title: str,
    description: str,
    fields: Iterable[Field],
    *,
    snippet: str,
    internal: bool = True,
    indexes: tuple[Index, ...] = (),
    public: frozenset[str] = frozenset(),
) -> Collection:
    return builtin_collection(
        name,
        title,
        description,
        *fields,
        internal=internal,
        snippet=snippet,
        public=sorted(public),
        indexes=[{"fields": list(index.fields), "unique": index.unique} for index in indexes],
    )


USERS: Final = _collection(
    "users",
    "Users",
    "The people who can sign in.",
    (
        _number("Number of the user in this application."),
        builtin_field("nickname", "string", "Name that others see.", interface="input"),
        builtin_field(
            "username", "string", "Name to sign in with, in small letters.", interface="input", unique=True
        ),
        builtin_field(
            "email",
            "string",
            "E-mail address, also to sign in with, in small letters.",
            interface="email",
            unique=True,
        ),
        builtin_field("phone", "string", "Telephone number.", interface="phone", length=50),
        builtin_field("password", "password", "Hash of the password (argon2id).", interface="password"),
        builtin_field("sub", "uuid", "Global subject: the same person in every application.", unique=True),
        builtin_field("blocked", "boolean", "May not sign in, and every token is refused.", default=False),
        builtin_field("appLang", "string", "Language of the pages, such as en-US.", length=20),
        builtin_field("systemSettings", "json", "Personal settings of the pages, such as the theme."),
        *_stamps(),
        _relation(
            "roles",
            Relation(
                "belongsToMany",
                "roles",
                "userId",
                target_key="name",
                through="rolesUsers",
                other_key="roleName",
                on_delete="CASCADE",
            ),
            "Roles that the user holds.",
        ),
    ),
    snippet=USERS_SNIPPET,
    internal=False,
    public=USER_PUBLIC_FIELDS,
)

ROLES: Final = _collection(
    "roles",
    "Roles",
    "What people may do.",
    (
        builtin_field("name", "string", "Name in the API.", primary_key=True, length=ROLE_NAME_LENGTH),
        builtin_field("title", "string", "Name that people see.", interface="input"),
        builtin_field("description", "string", "What the role is for.", interface="textarea", length=1000),
        builtin_field("strategy", "json", 'Actions on all collections: {"actions": ["view", "update:own"]}.'),
        builtin_field("snippets", "json", "Configuration rights, such as pm.users; ! in front takes away."),
        builtin_field("default", "boolean", "New users get this role.", default=False),
        builtin_field("hidden", "boolean", "Not offered for choice.", default=False),
        builtin_field("allowConfigure", "boolean", "Pages offer to configure.", default=False),
        *_stamps(),
        _relation(
            "users",
            Relation(
                "belongsToMany",
                "users",
                "roleName",
                source_key="name",
                through="rolesUsers",
                other_key="userId",
                on_delete="CASCADE",
            ),
            "Users who hold the role.",
        ),
        _relation(
            "resources",
            Relation("hasMany", "rolesResources", "roleName", source_key="name", on_delete="CASCADE"),
            "Settings for single collections.",
        ),
    ),
    snippet=ROLES_SNIPPET,
    internal=False,
)

ROLES_USERS: Final = _collection(
    "rolesUsers",
    "Roles of users",
    "Which user holds which roles.",
    (
        _key("userId", "bigInt", "users", "The user."),
        _key("roleName", "string", "roles", "The role.", "name", length=ROLE_NAME_LENGTH),
        builtin_field("default", "boolean", "The role in force when a request names none.", default=False),
    ),
    snippet=ROLES_SNIPPET,
    indexes=(Index(("userId", "roleName"), unique=True),),
)

ROLES_RESOURCES: Final = _collection(
    "rolesResources",
    "Permissions on collections",
    "What a role may do on one collection, in place of its general strategy.",
    (
        _number(),
        _key("roleName", "string", "roles", "The role.", "name", length=ROLE_NAME_LENGTH),
        builtin_field("name", "string", "Name of the collection.", required=True),
        builtin_field(
            "usingActionsConfig", "boolean", "These actions count, not the strategy.", default=False
        ),
        builtin_field("actions", "json", 'Permissions: [{"name": "view", "fields": ["title"], "scope": 1}].'),
    ),
    snippet=ROLES_SNIPPET,
    indexes=(Index(("roleName", "name"), unique=True),),
)

ROLES_RESOURCES_SCOPES: Final = _collection(
    "rolesResourcesScopes",
    "Scopes of permissions",
    "Named filters that permissions are limited to.",
    (
        _number(),
        builtin_field("key", "uid", "Name in the API; all and own are built in.", unique=True),
        builtin_field("name", "string", "Name that people see.", required=True),
        builtin_field("resourceName", "string", "Collection that it is for; empty for all."),
        builtin_field("scope", "json", "A filter; its values may hold variables such as {{ $user.id }}."),
        *_stamps(),
    ),
    snippet=ROLES_SNIPPET,
)

SESSIONS: Final = _collection(
    "sessions",
    "Sessions",
    "One row for each sign-in that has not ended; without its row a token is refused.",
    (
        builtin_field(
            "id", "string", "First part of the jti of its tokens.", primary_key=True, length=JTI_LENGTH
        ),
        _key("userId", "bigInt", "users", "Who signed in."),
        builtin_field("generation", "integer", "Times that the token was renewed; second part of the jti."),
        builtin_field("signInTime", "datetimeTz", "When the person signed in."),
        builtin_field("issuedAt", "datetimeTz", "When the newest token was issued."),
        builtin_field(
            "expiresAt", "datetimeTz", "When the newest token ends; the row is of no use after.", index=True
        ),
    ),
    snippet=NO_SNIPPET,
)

API_KEYS: Final = _collection(
    "apiKeys",
    "API keys",
    "Tokens for programs: one user, one role, one expiry. The token itself is not kept.",
    (
        _number(),
        builtin_field("name", "string", "What the key is for.", required=True),
        _key("userId", "bigInt", "users", "Whose key it is."),
        _key("roleName", "string", "roles", "The role in force.", "name", length=ROLE_NAME_LENGTH),
        builtin_field("jti", "string", "The jti of its token.", unique=True, length=JTI_LENGTH),
        builtin_field("expiresAt", "datetimeTz", "When it ends; empty for never."),
        builtin_field("createdAt", "date", "When it was made.", interface="createdAt"),
    ),
    snippet=NO_SNIPPET,
)

COLLECTIONS: Final = (
    *(USERS, ROLES, ROLES_USERS, ROLES_RESOURCES, ROLES_RESOURCES_SCOPES),
    *(SESSIONS, API_KEYS),
)
"""In the order in which they can be made."""
