"""``insula records``: files in and out."""

import json
import os
import stat
import sys
from collections.abc import Iterator
from typing import IO, Any

import click

from insula.cli.client import Client, fail
from insula.cli.files import STANDARD, reading, writing
from insula.cli.options import app_option, as_json_option
from insula.cli.output import show_one, show_page
from insula.cli.paths import action
from insula.cli.progress import follow, hidden
from insula.cli.values import parse_values
from insula.server.exits import Exit

CHUNK_BYTES = 1 << 16
SHOWN_ERRORS = 20


@click.group()
def records() -> None:
    """The records of a collection."""


@records.command("import")
@click.argument("file")
@app_option
@click.option("--collection", required=True, help="Where to; it is made when there is none of this name.")
@click.option("--encoding", help="The file's encoding; UTF-8 when not given.")
@click.option("--delimiter", help="What stands between cells; found from the data when not given.")
@click.option("--columns", help='JSON such as {"Year": "year", "Note": null}: column → field, null for none.')
@click.option(
    "--date-order", "dateOrder", type=click.Choice(["dmy", "mdy"]), help="Of days such as 01/02/2026."
)
@click.option("--match-on", "matchOn", help="A unique field that tells which records are there already.")
@click.option(
    "--existing", type=click.Choice(["skip", "update"]), help="What becomes of those; skip when not given."
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def import_file(file: str, app: str, collection: str, as_json: bool, **layout: str | None) -> None:
    """Import the CSV file FILE (- is standard input). Bad rows are left out and listed with their lines; then the exit code is 3."""
    client = Client(app)
    given = {name: value for name, value in layout.items() if value is not None}
    with reading(file) as source:
        started = client.call(
            action("imports", "create"),
            params={"collection": collection, **given},
            content=_chunks(source, quiet=as_json),
        )
    job = follow(client, started["jobId"], "Importing", quiet=as_json)
    if job["status"] != "succeeded":
        fail(job["error"] or f"The import was {job['status']}.", Exit.INVALID)
    tally = job["steps"][0]["result"]
    if as_json:
        click.echo(json.dumps({"collection": collection, **tally}, indent=2, ensure_ascii=False))
    else:
        _tell(collection, tally)
    if tally["rejected"]:
        raise click.exceptions.Exit(int(Exit.INVALID))


def _chunks(source: IO[bytes], *, quiet: bool) -> Iterator[bytes]:
    """The file piece by piece, with a progress bar for people where its length is known."""
    state = os.fstat(source.fileno())
    known = stat.S_ISREG(state.st_mode)
    with click.progressbar(
        length=state.st_size if known else 0,
        label="Sending",
        file=sys.stderr,
        hidden=hidden(quiet) or not known,
    ) as bar:
        while chunk := source.read(CHUNK_BYTES):
            yield chunk
            bar.update(len(chunk))


def _tell(collection: str, tally: dict[str, Any]) -> None:
    many = tally["imported"] != 1
    click.echo(f"{tally['imported']} record{'s were' if many else ' was'} imported into {collection}.")
    if tally["updated"] or tally["skipped"]:
        click.echo(
            f"Of those that were there already, {tally['updated']} were updated; {tally['skipped']} rows were passed over."
        )
    if tally["empty"]:
        click.echo(f"{tally['empty']} empty row{'s were' if tally['empty'] != 1 else ' was'} passed over.")
    if not tally["rejected"]:
        return
    many = tally["rejected"] != 1
    click.echo(f"{tally['rejected']} row{'s were' if many else ' was'} left out:", err=True)
    for error in tally["errors"][:SHOWN_ERRORS]:
        place = f"{error['field']} " if error["field"] else ""
        click.echo(f"  line {error['line']}: {place}{error['reason']}", err=True)


@records.command("export")
@app_option
@click.option("--collection", required=True, help="Which records.")
@click.option("--format", "kind", type=click.Choice(["csv", "jsonl"]), default="csv", show_default=True)
@click.option("--filter", "filter_", help="A filter as JSON.")
@click.option("--fields", help="Names of fields, comma-separated.")
@click.option("--output", "-o", default=STANDARD, metavar="FILE", help="A file; else standard output.")
def export_file(
    app: str, collection: str, kind: str, filter_: str | None, fields: str | None, output: str
) -> None:
    """Export records as CSV or JSON lines."""
    wanted = {"format": kind, "filter": filter_, "fields": fields}
    params = {name: value for name, value in wanted.items() if value is not None}
    path = action(collection, "export")
    with writing(output) as sink:
        Client(app).download(path, params, sink)


@records.command("list")
@click.argument("collection")
@click.option("--filter", "filter_", help="A filter as JSON.")
@click.option("--sort", help="Fields, comma-separated; -field for descending.")
@click.option("--fields", help="Names of fields, comma-separated.")
@click.option("--appends", help="Relations to include, comma-separated.")
@click.option("--page", type=click.IntRange(1), default=1, show_default=True)
@click.option("--page-size", type=click.IntRange(1), default=20, show_default=True)
@app_option
@as_json_option
def list_records(
    collection: str,
    page: int,
    page_size: int,
    app: str,
    as_json: bool,
    filter_: str | None,
    **given: str | None,
) -> None:
    """List records of COLLECTION."""
    wanted = {"filter": filter_, "page": page, "pageSize": page_size, **given}
    params = {name: value for name, value in wanted.items() if value is not None}
    show_page(Client(app).answer(action(collection, "list"), params=params), "records", as_json=as_json)


@records.command("get")
@click.argument("collection")
@click.argument("key")
@app_option
@as_json_option
def get_record(collection: str, key: str, app: str, as_json: bool) -> None:
    """Show the record of COLLECTION with this KEY."""
    found = Client(app).call(action(collection, "get"), params={"filterByTk": key})
    if found is None:
        fail(f"There is no record {key} in {collection}.", Exit.MISSING)
    show_one(found, as_json=as_json)


@records.command("create")
@click.argument("collection")
@click.argument("values", nargs=-1)
@app_option
@as_json_option
def create_record(collection: str, values: tuple[str, ...], app: str, as_json: bool) -> None:
    """Create a record of COLLECTION from VALUES: name=text, or name:=JSON."""
    show_one(Client(app).call(action(collection, "create"), body=parse_values(values)), as_json=as_json)


@records.command("update")
@click.argument("collection")
@click.argument("key")
@click.argument("values", nargs=-1, required=True)
@app_option
@as_json_option
def update_record(collection: str, key: str, values: tuple[str, ...], app: str, as_json: bool) -> None:
    """Change the record of COLLECTION with this KEY."""
    params = {"filterByTk": key}
    changed = Client(app).call(action(collection, "update"), params=params, body=parse_values(values))
    if not changed:
        fail(f"There is no record {key} in {collection}.", Exit.MISSING)
    show_one(changed[0], as_json=as_json)


@records.command("delete")
@click.argument("collection")
@click.argument("key")
@app_option
def delete_record(collection: str, key: str, app: str) -> None:
    """Delete the record of COLLECTION with this KEY."""
    if Client(app).call(action(collection, "destroy"), params={"filterByTk": key}, body={}) == 0:
        fail(f"There is no record {key} in {collection}.", Exit.MISSING)
    click.echo(f"{collection} {key} is deleted.")
