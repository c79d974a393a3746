"""The plugin ``import-export``: actions of every collection, and imports that make their collection."""

from insula.application.api.action import Action, Resource
from insula.application.application import Application
from insula.application.plugin import Plugin
from insula.plugins.import_export import openapi
from insula.plugins.import_export.exports import export_records
from insula.plugins.import_export.files import KIND
from insula.plugins.import_export.importer import IMPORT
from insula.plugins.import_export.imports import create_import, import_records
from insula.plugins.import_export.previews import preview_import, preview_records


class ImportExportPlugin(Plugin):
    """Two actions for the records of every collection, and the jobs of imports."""

    name = "import-export"
    title = "Import and export"
    description = "Imports CSV files into collections, and exports records as CSV or JSON lines."
    record_actions = (
        Action(
            "import",
            import_records,
            "records",
            "Import a CSV file into this collection.",
            permission="import",
            writes=True,
            streams=True,
            openapi=openapi.IMPORT,
        ),
        Action(
            "importPreview",
            preview_records,
            "records",
            "What a CSV file would become in this collection.",
            permission="import",
            writes=True,
            streams=True,
            openapi=openapi.PREVIEW_RECORDS,
        ),
        Action(
            "export",
            export_records,
            "records",
            "Export records as a file.",
            permission="export",
            openapi=openapi.EXPORT,
        ),
    )
    resources = (
        Resource(
            "imports",
            (
                Action(
                    "create",
                    create_import,
                    "snippet",
                    "Import a CSV file, making its collection.",
                    snippet="pm.import-export",
                    writes=True,
                    streams=True,
                    openapi=openapi.IMPORT_ANYWHERE,
                ),
                Action(
                    "preview",
                    preview_import,
                    "snippet",
                    "What a CSV file would become.",
                    snippet="pm.import-export",
                    writes=True,
                    streams=True,
                    openapi=openapi.PREVIEW,
                ),
            ),
            "Imports",
        ),
    )

    async def load(self, application: Application) -> None:
        application.jobs.register(IMPORT)

    async def unload(self, application: Application) -> None:
        application.jobs.unregister(KIND)
