"""For the Python of .venv-0.5.3/: the client of whirr 0.5.3. A line of JSON in is a call, a line out its answer."""

import importlib
import json
import sys
from typing import Any


def plain(value: Any) -> Any:
    """What the client returned, as JSON; bytes as hexadecimal digits."""
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, bytes):
        return value.hex()
    return value.model_dump(mode="json") if hasattr(value, "model_dump") else value


def main(server_url: str) -> None:
    module = importlib.import_module("whirr.client")  # the name means another package to linters
    client = module.WhirrClient(server_url)
    for line in sys.stdin:
        name, arguments = json.loads(line)
        try:
            answer = {"answer": plain(getattr(client, name)(**arguments))}
        except module.WhirrClientError as error:
            answer = {"error": str(error)}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
