"""Options that many commands have."""

import click

from insula.core.names import MAIN

as_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
app_option = click.option("--app", default=MAIN, show_default=True, help="The application.")
wait_option = click.option("--wait", is_flag=True, help="Return when it is done, with a progress bar.")
