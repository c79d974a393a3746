"""The resource ``swagger``: ``swagger:get`` answers the OpenAPI 3.1 document of this very application."""

from __future__ import annotations

from typing import Final

from insula.application.api.action import Action, Context, Raw, Resource
from insula.application.api.encode import encode
from insula.application.api.openapi import document
from insula.application.plugin import Plugin


async def get_document(context: Context) -> Raw:
    """The document, not wrapped in ``data``."""
    return Raw(encode(await document(context.application, context.request.prefix)))


_OPENAPI: Final = {
    "responses": {
        "200": {
            "description": "The document.",
            "content": {"application/json": {"schema": {"type": "object"}}},
        }
    }
}


class SwaggerPlugin(Plugin):
    """Serves the OpenAPI document of this very application."""

    name = "swagger"
    title = "API documentation"
    description = "Describes the application's HTTP API, its collections included, as an OpenAPI document."
    resources = (
        Resource(
            "swagger",
            (
                Action(
                    "get",
                    get_document,
                    "snippet",
                    "The OpenAPI document of this application.",
                    snippet="pm.api-doc.documentation",
                    openapi=_OPENAPI,
                ),
            ),
            "API documentation",
        ),
    )
