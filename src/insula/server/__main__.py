"""``python -m insula.server``: what ``insula start`` becomes, without loading the rest of the command line."""

import sys

from insula.server.serve import run

sys.exit(run())
