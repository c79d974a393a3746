"""What the pages say that are rendered here, beside what stands in their templates; ``core/translations/pages`` has the
other languages."""

from typing import Final

NOTHING_HERE: Final = "Nothing here"
CHECK_ADDRESS: Final = "Check the address."
NO_PAGE: Final = "There is no page at this address."
ONLY_READ: Final = "Pages are read with GET."
NOT_AVAILABLE: Final = "{name} is not available"
NOT_NOW: Final = "Not just now"
NO_DATABASE: Final = "Insula runs, but its database does not answer."
IN_A_MOMENT: Final = "Whoever runs this server finds the cause in its log. Try again in a moment."
PHASES: Final = {
    "APP_PREPARING": "preparing",
    "APP_STARTING": "starting",
    "APP_INITIALIZING": "initializing",
    "APP_INITIALIZED": "initialized",
    "APP_COMMANDING": "busy",
}
"""How far one that comes up is, by what programs are told."""
NO_PAGES: Final = "No pages yet"
BUILD_THEM: Final = "In the folder of the project, make start builds them and starts the server again; a released package has them."

TOLD: Final = (
    "tables",
    "first data",
    "first data: {plugin}",
    "first data {number} of {total}: {plugin}",
    "migration {number} of {total}: {plugin}",
    "plugin {number} of {total}: {plugin}",
    "waiting for requests in flight: {number}",
)
"""What an application tells of itself while it comes up or goes down, which reaches the pages as text."""
