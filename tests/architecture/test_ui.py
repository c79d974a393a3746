"""What the pages are made from agrees with the server."""

import openapi


def test_the_committed_openapi_document_is_what_the_server_answers() -> None:
    """If this fails, run ``make docs``."""
    assert openapi.FILE.read_text(encoding="utf-8") == openapi.text()
