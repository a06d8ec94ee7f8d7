"""One JSON-RPC call, without a library."""

import json
from typing import Any
from urllib.request import Request, urlopen

TIMEOUT_SECONDS = 15


def call(url: str, method: str, *params: Any) -> Any:
    """Return the result of `method`.

    Raises:
        OSError: the endpoint cannot be reached, or answers with an HTTP error.
        ValueError: the answer is not JSON-RPC, or is an error.
    """
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    headers = {"Content-Type": "application/json", "User-Agent": "connext"}
    with urlopen(Request(url, body, headers), timeout=TIMEOUT_SECONDS) as response:
        answer = json.load(response)
    if not isinstance(answer, dict) or "result" not in answer:
        raise ValueError(f"{method} was answered with {json.dumps(answer)[:300]}")
    return answer["result"]
