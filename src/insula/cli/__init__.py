"""The command line: parses, speaks HTTP over the server's unix socket, prints. One module per group of verbs."""

import sys


def main() -> None:
    """The command ``insula``. ``insula start`` loads nothing of the rest."""
    if sys.argv[1:] == ["start"]:
        from insula.server.variables import become_server

        become_server()
    try:
        from insula.cli.commands import run_command

        code = run_command(sys.argv[1:])
    except KeyboardInterrupt:
        # Ctrl-C while modules were loading, before a command could say so.
        from insula.server.exits import Exit

        sys.stderr.write("insula: Ended before it was done.\n")
        code = Exit.INTERRUPTED
    sys.exit(code)
