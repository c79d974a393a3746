"""The plugin ``swagger``: the OpenAPI document of the application."""

from insula.plugins.swagger.plugin import SwaggerPlugin

__all__ = ["SwaggerPlugin"]
