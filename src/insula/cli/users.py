"""``insula users``: the people of an application. Also works while no server runs."""

from typing import Any

import click

from insula.cli.client import Client, fail
from insula.cli.options import app_option, as_json_option
from insula.cli.output import show, show_one
from insula.cli.passwords import password_of, password_options
from insula.cli.paths import action
from insula.server.exits import Exit


@click.group()
def users() -> None:
    """The people of an application; also while no server runs."""


@users.command("list")
@app_option
@as_json_option
def list_users(app: str, as_json: bool) -> None:
    """List users with their roles."""
    params = {"paginate": "false", "appends": "roles", "sort": "id"}
    found = Client(app, offline=True).call(action("users", "list"), params=params)
    for user in found:
        user["roles"] = [role["name"] for role in user["roles"]]
    show(found, ("id", "username", "email", "nickname", "roles"), as_json=as_json)


@users.command("create")
@click.option("--email", help="The e-mail address to sign in with.")
@click.option("--username", help="The user name to sign in with.")
@click.option("--nickname", help="The name that others see; the user name when not given.")
@click.option(
    "--role", "roles", multiple=True, help="A role; may be given many times. The default role if none."
)
@password_options
@app_option
@as_json_option
def create_user(roles: tuple[str, ...], app: str, as_json: bool, **given: Any) -> None:
    """Create a user, who signs in with an e-mail address or a user name."""
    if not (given["email"] or given["username"]):
        raise click.UsageError("A user needs --email or --username to sign in with.")
    values: dict[str, Any] = {name: given[name] for name in ("email", "username", "nickname") if given[name]}
    values.setdefault("nickname", values.get("username") or values["email"].partition("@")[0])
    if roles:
        values["roles"] = list(roles)
    values["password"] = password_of(given)
    created = Client(app, offline=True).call(action("users", "create"), body=values)
    if as_json:
        show_one(created, as_json=True)
    else:
        click.echo(f"{given['username'] or given['email']} is created, with the number {created['id']}.")


@users.command("reset-password")
@click.argument("account")
@app_option
@password_options
def reset_password(account: str, app: str, **given: Any) -> None:
    """Set a new password for ACCOUNT (an e-mail address or a user name)."""
    client = Client(app, offline=True)
    user = _find(client, account)
    if user is None:
        fail(f"There is no user {account} in {app}.", Exit.MISSING)
    client.call(action("users", "update", user), body={"password": password_of(given)})
    click.echo(f"{account} has a new password.")


def _find(client: Client, account: str) -> int | None:
    """The number of who signs in with ``account``: by e-mail address, else by user name as it is written, else by
    the name in small letters. Others that only look alike are somebody else."""
    small = account.lower()
    wanted: dict[str, Any] = {"$or": [{"email": small}, {"username": {"$in": [account, small]}}]}
    found = client.call(action("users", "list"), params={"paginate": "false"}, body={"filter": wanted})
    for field, text in (("email", small), ("username", account), ("username", small)):
        for user in found:
            if user[field] == text:
                return int(user["id"])
    return None
