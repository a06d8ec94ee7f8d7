"""Publishing sources where people look for them: Etherscan for whoever has a key of it, Sourcify for everybody else.

Both get the recorded standard JSON itself and compile it on their own (docs/decisions/0010-deployments.md says why the
plugins of Ape are not used). What is published stays public for ever.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any, Protocol
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from connext.deployer.standard_json import SOURCES
from connext.deployments import Record
from connext.errors import ConnextError
from connext.types import checksum

ETHERSCAN = "https://api.etherscan.io/v2/api"
SOURCIFY = "https://sourcify.dev/server"
TIMEOUT_SECONDS = 60


@dataclass(eq=False)
class NotPublished(ConnextError):
    text = "{service} did not take {contract}: {reason}"
    service: str
    contract: str
    reason: str


@dataclass(frozen=True, slots=True)
class Publication:
    """What a service needs of a contract. version: of the compiler with its commit; arguments: ABI-encoded."""

    record: Record
    source: str
    version: str
    arguments: bytes

    @property
    def address(self) -> str:
        return checksum(self.record.address)

    @property
    def name(self) -> str:
        return f"{SOURCES[self.record.contract]}:{self.record.contract}"

    @property
    def short_version(self) -> str:
        """0.8.37+commit.f401782d, without the platform."""
        return ".".join(self.version.split(".")[:4])


class Explorer(Protocol):
    service: str

    def publish(self, publication: Publication) -> str:
        """What came of it, in a few words. Raises NotPublished."""


@dataclass(frozen=True)
class Waiting:
    poll_seconds: float = 3.0
    patience_seconds: float = 300.0


class Sourcify:
    """Version 2 of its HTTP API."""

    service = "Sourcify"

    def __init__(self, url: str = SOURCIFY, waiting: Waiting | None = None) -> None:
        self._url = url
        self._waiting = waiting or Waiting()

    def publish(self, publication: Publication) -> str:
        contract, record = publication.record.contract, publication.record
        body = {
            "stdJsonInput": json.loads(publication.source),
            "compilerVersion": publication.short_version,
            "contractIdentifier": publication.name,
            "creationTransactionHash": "0x" + record.transaction.hex(),
        }
        url = f"{self._url}/v2/verify/{record.chain_id}/{publication.address}"
        answer = _asked(self.service, contract, url, json.dumps(body).encode(), "application/json")
        if answer.get("customCode") == "already_verified":
            return "was published before"
        if "verificationId" not in answer:
            raise NotPublished(self.service, contract, str(answer.get("message", answer)))
        return self._result(contract, f"{self._url}/v2/verify/{answer['verificationId']}")

    def _result(self, contract: str, url: str) -> str:
        for _ in _ticks(self._waiting):
            job = _asked(self.service, contract, url)
            if not job.get("isJobCompleted"):
                continue
            match = (job.get("contract") or {}).get("match")
            if match is None:
                raise NotPublished(self.service, contract, str((job.get("error") or {}).get("message", job)))
            return f"published ({match.replace('_', ' ')})"
        raise NotPublished(self.service, contract, "no result yet; look there later")


class Etherscan:
    """Version 2 of its API, one for all chains. The key is whoever's it is: it goes nowhere but there."""

    service = "Etherscan"

    def __init__(self, key: str, url: str = ETHERSCAN, waiting: Waiting | None = None) -> None:
        self._key = key
        self._url = url
        self._waiting = waiting or Waiting()

    def publish(self, publication: Publication) -> str:
        contract = publication.record.contract
        result = self._ask(
            publication,
            action="verifysourcecode",
            sourceCode=publication.source,
            codeformat="solidity-standard-json-input",
            contractaddress=publication.address,
            contractname=publication.name,
            compilerversion=f"v{publication.short_version}",
            constructorArguements=publication.arguments.hex(),  # sic
        )
        if "already verified" in result.lower():
            return "was published before"
        for _ in _ticks(self._waiting):
            status = self._ask(publication, action="checkverifystatus", guid=result)
            if status.startswith("Pass"):
                return "published"
            if status.startswith("Fail"):
                raise NotPublished(self.service, contract, status)
        raise NotPublished(self.service, contract, "no result yet; look there later")

    def _ask(self, publication: Publication, **fields: str) -> str:
        contract, chain_id = publication.record.contract, publication.record.chain_id
        body = urlencode({"module": "contract", "apikey": self._key, **fields}).encode()
        url = f"{self._url}?chainid={chain_id}"
        answer = _asked(self.service, contract, url, body, "application/x-www-form-urlencoded")
        result = str(answer.get("result", answer)).replace(self._key, "…")
        pending = "pending" in result.lower() or "already verified" in result.lower() or result.startswith("Fail")
        if answer.get("status") != "1" and not pending:
            raise NotPublished(self.service, contract, result)
        return result


def explorer_for(environment: Mapping[str, str]) -> Explorer:
    """Etherscan where ETHERSCAN_API_KEY is set (the name that all its tools use), else Sourcify."""
    key = environment.get("ETHERSCAN_API_KEY")
    return Etherscan(key) if key else Sourcify()


def _asked(service: str, contract: str, url: str, body: bytes | None = None, kind: str = "") -> dict[str, Any]:
    """The JSON object that the service answers, whatever the status. Raises NotPublished."""
    headers = {"User-Agent": "connext"} | ({"Content-Type": kind} if body else {})
    try:
        try:
            with urlopen(Request(url, body, headers), timeout=TIMEOUT_SECONDS) as response:
                answer = json.load(response)
        except HTTPError as error:
            answer = json.loads(error.read())
    except (OSError, HTTPException, ValueError) as error:
        raise NotPublished(service, contract, f"it does not answer ({type(error).__name__})") from None
    return answer if isinstance(answer, dict) else {"message": str(answer)}


def _ticks(waiting: Waiting) -> Any:
    end = time.monotonic() + waiting.patience_seconds
    while time.monotonic() < end:
        yield
        time.sleep(waiting.poll_seconds)
