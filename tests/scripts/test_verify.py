"""`verify` says of each contract whether it is exactly this source, and what is not; then the sources are published."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs

import pytest
from ape.api.networks import NetworkAPI

from connext.abi import artifact, manager_abi
from connext.chain.endpoint import Endpoint, EndpointGone, http_carrier
from connext.deployer import publishing, standard_json
from connext.deployer.contracts import PURPOSES
from connext.deployer.files import load_config
from connext.deployer.publishing import Etherscan, NotPublished, Publication, Sourcify, Waiting
from connext.deployer.standard_json import Build
from connext.deployments import manager_parameters, read, source_path
from connext.keccak import keccak256
from connext.types import checksum
from scripts import _shipyard
from tests.scripts.live import CHECKOUT, SOLC, Live, committed_checkout, put_dai, quick_rebuild
from tests.scripts.running import start_anvil

OTHER = b"\x66" * 20
CHOICE = "ethereum:mainnet"


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """All contracts on a mainnet that an anvil plays, by `deploy`."""
    folder = tmp_path_factory.mktemp("checkout")
    committed_checkout(folder)
    for url in start_anvil("--chain-id", "1"):
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(folder)
            patch.setattr(NetworkAPI, "required_confirmations", 0)
            patch.setattr(_shipyard, "LIVE_CONFIRMATIONS", 0)
            patch.setattr(standard_json, "_compile", quick_rebuild)
            patch.delenv("ETHERSCAN_API_KEY", raising=False)
            live = Live(CHOICE, url, Endpoint(http_carrier(url)), folder)
            put_dai(live.node, checksum(load_config(CHECKOUT, CHOICE).token.address), with_permit=True)
            live("deploy", "--yes").succeeded()
            yield live


@pytest.fixture
def live(deployed: Live) -> Iterator[Live]:
    """The same; chain and records are afterwards what they were."""
    snapshot = deployed.node.ask("evm_snapshot")
    files = {path: path.read_bytes() for path in deployed.records.iterdir()}
    yield deployed
    deployed.node.ask("evm_revert", snapshot)
    for path, content in files.items():
        path.write_bytes(content)


def verify(live: Live, *options: str) -> Any:
    return live("verify", "--no-publish", *options, account=None)


def address_of(live: Live, contract: str) -> str:
    return checksum(read(live.records / f"{contract}.json").address)


def change(path: Path, field: str, value: object) -> None:
    document = json.loads(path.read_text())
    document[field] = value
    path.write_text(json.dumps(document, indent=2) + "\n")


def test_everything_is_exactly_this_source(live: Live) -> None:
    output = verify(live).succeeded().output
    for name in PURPOSES:
        assert f"\n{name} at {address_of(live, name)} is exactly this source\n" in output


def test_the_real_compiler_says_so_too(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other tests take its word from the artifacts; it takes 10 s for the manager alone."""
    monkeypatch.setattr(standard_json, "_compile", real_compile)
    output = verify(live, "--contract", "ChannelManager").succeeded().output
    assert f"ChannelManager at {address_of(live, 'ChannelManager')} is exactly this source\n" in output


real_compile = standard_json._compile


@pytest.mark.parametrize("contract", ["ChannelManager", "AnyOf"])
def test_one_byte_of_the_code(live: Live, contract: str) -> None:
    address = address_of(live, contract)
    code = bytearray(live.node.code(bytes.fromhex(address[2:])))
    place, was = 777, code[777]
    code[place] ^= 0x01
    live.node.ask("anvil_setCode", address, "0x" + code.hex())
    ran = verify(live)
    ran.failed("not everything on the chain is exactly this source")
    assert (
        f"{contract} at {address} is NOT this source: the code on the chain is not the one whose hash is recorded; "
        f"the code on the chain differs from what the source makes in 1 of {len(code)} bytes, first at byte 777: "
        f"0x{was ^ 1:02x}, not 0x{was:02x}\n"
    ) in ran.output
    assert ran.output.count("is exactly this source") == 5 + 1  # and the error line says it, too


def test_a_byte_that_the_constructor_wrote(live: Live) -> None:
    """Where other tools look away, since these bytes are not in the compiler's output."""
    address = address_of(live, "ChannelManager")
    token = load_config(CHECKOUT, CHOICE).token.address
    code = live.node.code(bytes.fromhex(address[2:]))
    assert token in code
    live.node.ask("anvil_setCode", address, "0x" + code.replace(token, OTHER).hex())
    ran = verify(live, "--contract", "ChannelManager")
    ran.failed("not everything")
    assert f"token is {checksum(OTHER)} on the chain, {checksum(token)} in the record" in ran.output
    assert "the code on the chain differs from what the source makes in" in ran.output


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("capacityWei", "100000000000000000001", "capacityWei is 100000000000000000000 on the chain"),
        ("minChallengePeriod", "60", "minChallengePeriod is 3600 on the chain, 60 in the record"),
        (
            "token",
            "0x0000000000000000000000000000000000000001",
            "token is 0x6B175474E89094C44Da98b954EedeAC495271d0",
        ),
    ],
)
def test_one_parameter(live: Live, name: str, value: str, shown: str) -> None:
    path = live.records / "ChannelManager.json"
    parameters = json.loads(path.read_text())["arguments"][0]
    change(path, "arguments", [{**parameters, name: value}])
    ran = verify(live, "--contract", "ChannelManager")
    ran.failed("not everything")
    assert shown in ran.output
    assert "from this source, these arguments and this salt comes 0x" in ran.output


def test_no_code(live: Live) -> None:
    live.node.ask("anvil_setCode", address_of(live, "Stream"), "0x")
    ran = verify(live, "--contract", "Stream")
    assert "is NOT this source: there is no code on the chain\n" in ran.output


def test_another_salt(live: Live) -> None:
    change(live.records / "Stream.json", "salt", "0x" + "01" * 32)
    assert "these arguments and this salt comes 0x" in verify(live, "--contract", "Stream").output


def test_another_source_beside_the_record(live: Live) -> None:
    path = source_path(live.records / "Stream.json")
    path.write_text(path.read_text() + " ")
    ran = verify(live, "--contract", "Stream")
    ran.failed("the standard JSON of Stream does not compile")


def test_a_source_that_is_not_the_recorded_one(live: Live) -> None:
    change(live.records / "Stream.json", "sourceHash", "0x" + "00" * 32)
    assert "the standard JSON beside the record is not the recorded one" in verify(live, "--contract", "Stream").output


def test_another_compiler(live: Live) -> None:
    path = live.records / "Stream.json"
    change(path, "compiler", {**json.loads(path.read_text())["compiler"], "version": "0.8.36"})
    verify(live, "--contract", "Stream").failed("Stream was compiled with solc 0.8.36, this checkout has 0.8.37")


# --- What a record says beside the code ---


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        ("block", "999", "on the chain, 999 in the record"),
        ("time", "7", "on the chain, 7 in the record"),
        ("deployer", checksum(OTHER), f"on the chain, {checksum(OTHER)} in the record"),
    ],
)
def test_when_and_by_whom(live: Live, field: str, value: str, shown: str) -> None:
    """A manager's events before the recorded block are seen by nobody."""
    change(live.records / "ChannelManager.json", field, value)
    ran = verify(live, "--contract", "ChannelManager")
    ran.failed("not everything")
    assert f"is NOT this source: {field} is " in ran.output
    assert shown in ran.output


def test_the_transaction_of_another_contract(live: Live) -> None:
    other = json.loads((live.records / "AllOf.json").read_text())["transaction"]
    change(live.records / "Stream.json", "transaction", other)
    ran = verify(live, "--contract", "Stream")
    ran.failed("not everything")
    assert f"is NOT this source: transaction {other} did not make it\n" in ran.output


def test_a_transaction_that_hands_the_same_bytes_to_somebody_else(live: Live) -> None:
    """It has the calldata and did not fail, but it made nothing: the contract was there before."""
    record = json.loads((live.records / "Stream.json").read_text())
    data = live.node.ask("eth_getTransactionByHash", record["transaction"])["input"]
    (somebody, *_) = live.node.ask("eth_accounts")
    receipt = live.node.ask("eth_sendTransactionSync", {"from": somebody, "to": checksum(OTHER), "data": data})
    assert receipt["status"] == "0x1"
    path, block = live.records / "Stream.json", int(receipt["blockNumber"], 16)
    change(path, "transaction", receipt["transactionHash"])
    change(path, "block", str(block))
    change(path, "time", str(int(live.node.block(block)["timestamp"], 16)))
    change(path, "deployer", checksum(bytes.fromhex(somebody[2:])))
    ran = verify(live, "--contract", "Stream")
    ran.failed("not everything")
    assert f"it was there before block {block}, in which the recorded transaction is\n" in ran.output


def test_a_transaction_that_the_endpoint_does_not_know(live: Live) -> None:
    """Some nodes forget after a year. The code is proved all the same."""
    change(live.records / "Stream.json", "transaction", "0x" + "77" * 32)
    output = verify(live, "--contract", "Stream").succeeded().output
    assert "is exactly this source (the endpoint does not know the recorded transaction: block, time and" in output


def test_other_settings_of_the_compiler(live: Live) -> None:
    path = live.records / "Stream.json"
    compiler = json.loads(path.read_text())["compiler"]
    change(path, "compiler", {**compiler, "settings": {**compiler["settings"], "viaIR": False}})
    ran = verify(live, "--contract", "Stream")
    ran.failed("not everything")
    assert "the recorded settings of the compiler are not those of the standard JSON" in ran.output


def test_arguments_where_there_are_none(live: Live) -> None:
    change(live.records / "Stream.json", "arguments", ["7"])
    assert "its constructor has no arguments, the record has some" in verify(live, "--contract", "Stream").output


@pytest.mark.parametrize(
    ("line", "other", "shown"),
    [
        ("0x6B175474E89094C44Da98b954EedeAC495271d0F", checksum(OTHER), "token is 0x6B17"),
        ("shortest: 1 h", "shortest: 1 d", "minChallengePeriod is 3600 in the record, 86400 in deployments/config/eth"),
    ],
)
def test_a_trap_of_exactly_this_source(live: Live, line: str, other: str, shown: str) -> None:
    """Whoever can change the records can deploy the same code with a token of his own, or with no time to answer."""
    path = live.folder / "deployments" / "config" / "ethereum-mainnet.yaml"
    text = path.read_text()
    path.write_text(text.replace(line, other))
    try:
        ran = verify(live, "--contract", "ChannelManager")
    finally:
        path.write_text(text)
    ran.failed("not everything")
    assert f"is NOT this source: {shown}" in ran.output


def test_another_text_that_makes_the_same_code(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    """Comments, for instance: they would be published, too."""
    path = source_path(live.records / "Stream.json")
    path.write_text(path.read_text().replace("pragma solidity", "// The owner pays\\npragma solidity", 1))
    change(live.records / "Stream.json", "sourceHash", "0x" + keccak256(path.read_bytes()).hex())
    stream = artifact("Stream")
    monkeypatch.setattr(standard_json, "_compile", lambda *_: Build(SOLC, stream.bytecode, stream.runtime))
    output = verify(live, "--contract", "Stream").succeeded().output
    assert "is exactly this source (the recorded text is not this checkout's, the code is)\n" in output


def test_an_endpoint_that_goes_away_is_no_missing_file(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: object) -> None:
        raise EndpointGone("ConnectionError")

    monkeypatch.setattr(Endpoint, "code", gone)
    verify(live, "--contract", "Stream").failed("the endpoint does not answer (ConnectionError)")


def test_a_manager_that_cannot_be_asked_is_no_other_manager(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: object) -> None:
        raise EndpointGone("ConnectionError")

    monkeypatch.setattr(Endpoint, "read", gone)
    verify(live, "--contract", "ChannelManager").failed("the endpoint does not answer (ConnectionError)")


def test_a_source_that_is_no_text(live: Live) -> None:
    source_path(live.records / "Stream.json").write_bytes(b"\xff\xfe")
    verify(live, "--contract", "Stream").failed("not the standard JSON beside it (it is no text): get the file back")


def test_another_registry(live: Live) -> None:
    change(live.records / "OutcomeRegistry.json", "address", checksum(b"\x01" * 20))
    ran = verify(live, "--contract", "ChannelManager")
    assert "is not the recorded OutcomeRegistry" in ran.output


def test_what_is_missing_is_said(live: Live) -> None:
    source_path(live.records / "AllOf.json").unlink()
    verify(live, "--contract", "AllOf").failed("AllOf has a record, but not the standard JSON beside it")
    (live.records / "AllOf.json").unlink()
    verify(live).failed("no AllOf is deployed on ethereum:mainnet")


def test_a_record_of_another_chain(live: Live) -> None:
    change(live.records / "AllOf.json", "chainId", "10")
    verify(live).failed("AllOf.json is a record of chain 10, but ethereum:mainnet answers with chain 1")


def test_an_unknown_contract(live: Live) -> None:
    ran = verify(live, "--contract", "Vault")
    assert ran.code == 2
    assert "there is no contract Vault, but OutcomeRegistry, Stream" in ran.output


# --- Publishing: a stand-in for the services, which was never run against the real ones ---


class Service:
    """What a service was asked, and what it answers: a list of (status, JSON) in order."""

    def __init__(self, *answers: tuple[int, object]) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, str, bytes]] = []
        self.url = ""


@contextmanager
def serving(service: Service) -> Iterator[Service]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            service.asked.append((self.command, self.path, self.rfile.read(int(self.headers.get("Content-Length", 0)))))
            status, answer = service.answers.pop(0)
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST  # noqa: N815 # named by the library

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        service.url = f"http://127.0.0.1:{server.server_port}"
        yield service
        server.shutdown()


QUICK = Waiting(0.01, 2)


@pytest.fixture
def publication(live: Live) -> Publication:
    record = read(live.records / "ChannelManager.json")
    arguments = manager_abi().encode_constructor(manager_parameters(record))
    return Publication(record, source_path(live.records / "ChannelManager.json").read_text(), SOLC, arguments)


def test_sourcify_gets_the_recorded_source(publication: Publication) -> None:
    answers = (
        (202, {"verificationId": "v1"}),
        (200, {"isJobCompleted": False}),
        (200, {"isJobCompleted": True, "contract": {"match": "exact_match"}}),
    )
    with serving(Service(*answers)) as service:
        assert Sourcify(service.url, QUICK).publish(publication) == "published (exact match)"
    (method, path, body), *rest = service.asked
    assert (method, path) == ("POST", f"/v2/verify/1/{publication.address}")
    sent = json.loads(body)
    assert sent["stdJsonInput"] == json.loads(publication.source)
    assert sent["compilerVersion"] == "0.8.37+commit.f401782d"
    assert sent["contractIdentifier"] == "contracts/ChannelManager.sol:ChannelManager"
    assert sent["creationTransactionHash"] == "0x" + publication.record.transaction.hex()
    assert [(method, path) for method, path, _ in rest] == [("GET", "/v2/verify/v1")] * 2


def test_etherscan_gets_the_recorded_source(publication: Publication) -> None:
    answers = (
        (200, {"status": "1", "message": "OK", "result": "guid7"}),
        (200, {"status": "0", "message": "NOTOK", "result": "Pending in queue"}),
        (200, {"status": "1", "message": "OK", "result": "Pass - Verified"}),
    )
    with serving(Service(*answers)) as service:
        assert Etherscan("the-key", service.url, QUICK).publish(publication) == "published"
    (_, path, body), *rest = service.asked
    assert path == "/?chainid=1"
    sent = {name: values[0] for name, values in parse_qs(body.decode()).items()}
    assert sent["sourceCode"] == publication.source
    assert sent["codeformat"] == "solidity-standard-json-input"
    assert sent["contractname"] == "contracts/ChannelManager.sol:ChannelManager"
    assert sent["compilerversion"] == "v0.8.37+commit.f401782d"
    assert sent["contractaddress"] == publication.address
    created = artifact("ChannelManager").bytecode + bytes.fromhex(sent["constructorArguements"])
    assert keccak256(b"\xff" + _PROXY + publication.record.salt + keccak256(created))[12:] == publication.record.address
    assert all(b"guid=guid7" in body and b"apikey=the-key" in body for _, _, body in rest)


_PROXY = bytes.fromhex("4e59b44847b379578588920cA78FbF26c0B4956C")


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ([(400, {"customCode": "invalid_parameter", "message": "no such chain"})], "no such chain"),
        ([(500, "Internal error")], "Internal error"),
        (
            [(202, {"verificationId": "v"}), (200, {"isJobCompleted": True, "error": {"message": "no match"}})],
            "no match",
        ),
    ],
)
def test_sourcify_refuses(publication: Publication, answers: list[Any], reason: str) -> None:
    with serving(Service(*answers)) as service, pytest.raises(NotPublished, match=f"Sourcify did not take .*{reason}"):
        Sourcify(service.url, QUICK).publish(publication)


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ([(200, {"status": "0", "result": "Invalid API Key the-key"})], "Invalid API Key …"),
        (
            [(200, {"status": "1", "result": "g"}), (200, {"status": "0", "result": "Fail - no match"})],
            "Fail - no match",
        ),
    ],
)
def test_etherscan_refuses(publication: Publication, answers: list[Any], reason: str) -> None:
    with serving(Service(*answers)) as service, pytest.raises(NotPublished, match=reason) as error:
        Etherscan("the-key", service.url, QUICK).publish(publication)
    assert "the-key" not in str(error.value)


def test_what_was_published_before_is_fine(publication: Publication) -> None:
    with serving(Service((409, {"customCode": "already_verified", "message": "is verified"}))) as service:
        assert Sourcify(service.url, QUICK).publish(publication) == "was published before"
    with serving(Service((200, {"status": "0", "result": "Contract source code already verified"}))) as service:
        assert Etherscan("k", service.url, QUICK).publish(publication) == "was published before"


def test_a_service_that_is_not_there(publication: Publication) -> None:
    with pytest.raises(NotPublished, match=r"Sourcify did not take ChannelManager: it does not answer \(URLError\)"):
        Sourcify("http://127.0.0.1:1", QUICK).publish(publication)


def test_publishing_is_asked_for(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    published = []
    monkeypatch.setattr(Sourcify, "publish", lambda _, publication: published.append(publication) or "published")
    one = ("verify", "--contract", "Stream")
    assert "Publish the sources on Sourcify, for ever?" in live(*one, account=None, answers="n\n").succeeded().output
    assert not published
    assert "Stream: published" in live(*one, account=None, answers="y\n").succeeded().output
    assert "Stream: published" in live(*one, "--publish", account=None).succeeded().output
    assert [item.record.contract for item in published] == ["Stream", "Stream"]


def test_with_a_key_it_is_etherscan() -> None:
    assert publishing.explorer_for({}).service == "Sourcify"
    assert publishing.explorer_for({"ETHERSCAN_API_KEY": "k"}).service == "Etherscan"


def test_what_is_wrong_is_never_published(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Sourcify, "publish", lambda *_: pytest.fail("published"))
    live.node.ask("anvil_setCode", address_of(live, "Stream"), "0x00")
    live("verify", "--publish", account=None).failed("not everything on the chain is exactly this source")
