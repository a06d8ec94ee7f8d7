"""A deployment by a Safe: the file that its Transaction Builder app reads, with one call of the proxy per contract.

The form is the app's (github.com/safe-global/safe-react-apps, `tx-builder`): version 1.0, raw calldata, and a checksum
over the rest so that the app can tell whether the file was changed by hand.
"""

import json
from collections.abc import Iterable
from typing import Any

from connext.deployer.contracts import Wanted
from connext.deployer.create2 import PROXY
from connext.keccak import keccak256
from connext.types import Address, checksum


def batch_document(missing: Iterable[Wanted], chain_id: int, safe: Address) -> dict[str, Any]:
    """The JSON document."""
    missing = tuple(missing)
    names = ", ".join(f"{item.contract} at {checksum(item.address)}" for item in missing)
    document: dict[str, Any] = {
        "version": "1.0",
        "chainId": str(chain_id),
        "createdAt": 0,
        "meta": {
            "name": "Deploy Connext",
            "description": f"Through the deterministic deployment proxy: {names}",
            "txBuilderVersion": "1.17.1",
            "createdFromSafeAddress": checksum(safe),
            "createdFromOwnerAddress": "",
        },
        "transactions": [
            {
                "to": checksum(PROXY),
                "value": "0",
                "data": "0x" + item.calldata.hex(),
                "contractMethod": None,
                "contractInputsValues": None,
            }
            for item in missing
        ],
    }
    document["meta"]["checksum"] = batch_checksum(document)
    return document


def batch_checksum(document: dict[str, Any]) -> str:
    """As the app computes it: keccak256 of its own canonical form, without the name and the checksum itself."""
    meta = {**document["meta"], "name": None}
    return "0x" + keccak256(_canonical({**document, "meta": meta}).encode()).hex()


def _canonical(value: Any) -> str:
    """Keys sorted, listed before the values."""
    if isinstance(value, list):
        return "[" + ",".join(map(_canonical, value)) + "]"
    if isinstance(value, dict):
        keys = sorted(value)
        return "{" + json.dumps(keys, separators=(",", ":")) + "".join(_canonical(value[k]) + "," for k in keys) + "}"
    return json.dumps(value)
