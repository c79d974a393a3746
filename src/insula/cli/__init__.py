"""The command line: parses, speaks HTTP over the server's unix socket, prints. One module per group of verbs."""

import sys


def main() -> None:
    """The command ``insula``. ``insula start`` loads nothing of the rest."""
    if sys.argv[1:] == ["start"]:
        from insula.server.variables import become_server

        become_server()
    from insula.cli.commands import run_command

    sys.exit(run_command(sys.argv[1:]))
