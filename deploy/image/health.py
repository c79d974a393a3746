"""Asks the server of this container whether it is well: ``health.py PORT PATH``. Ends with 1 and a sentence where not.

Of the standard library alone and without a proxy, so that it is quick and leads nowhere else.
"""

import http.client
import sys

TIMEOUT_S = 4.0


def main(port: str, path: str) -> int:
    """0 where the answer is 200."""
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=TIMEOUT_S)
    try:
        connection.request("GET", path, headers={"Connection": "close"})
        answer = connection.getresponse()
        said = answer.read().decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        sys.stderr.write(f"port {port} does not answer: {error}\n")
        return 1
    finally:
        connection.close()
    if answer.status != http.client.OK:
        sys.stderr.write(f"{path} answers {answer.status}: {said}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
