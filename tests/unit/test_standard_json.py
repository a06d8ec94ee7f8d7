"""The compiler's input for one contract: all that it imports, nothing else, always the same text."""

import json
from pathlib import Path

import pytest

from connext.deployer.contracts import PURPOSES
from connext.deployer.standard_json import SOURCES, DoesNotCompile, SourceMissing, compiler, rebuild, standard_json

CHECKOUT = Path(__file__).resolve().parents[2]
SETTINGS = json.loads((CHECKOUT / "toolchain" / "solc-settings.json").read_text())


def small_checkout(folder: Path, **sources: str) -> Path:
    (folder / "toolchain").mkdir()
    (folder / "toolchain" / "solc-settings.json").write_text(json.dumps(SETTINGS))
    for name, text in sources.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_every_contract_has_a_source() -> None:
    assert set(SOURCES) == set(PURPOSES)


@pytest.mark.parametrize("contract", SOURCES)
def test_what_a_contract_needs(contract: str) -> None:
    text = standard_json(CHECKOUT, contract)
    document = json.loads(text)
    assert document["language"] == "Solidity"
    assert SOURCES[contract] in document["sources"]
    assert {**SETTINGS, "outputSelection": document["settings"]["outputSelection"]} == document["settings"]
    assert not any(name.startswith(("contracts/test/", "node_modules/", "/", ".")) for name in document["sources"])
    assert text == standard_json(CHECKOUT, contract)


def test_imports_of_every_form_are_followed_once(tmp_path: Path) -> None:
    root = small_checkout(
        tmp_path,
        **{
            "contracts/conditions/AllOf.sol": 'import "./Base.sol";\nimport {\n    A,\n    B\n} from "../Both.sol";\n'
            'import {C} from "@lib/C.sol";\nimport * as D from "../D.sol";\n// import "./not-imported.sol";\n',
            "contracts/conditions/Base.sol": 'import "./AllOf.sol";\nstring constant X = "./neither.sol";\n',
            "contracts/Both.sol": "",
            "contracts/D.sol": "",
            "node_modules/@lib/C.sol": 'import "./sub/E.sol";',
            "node_modules/@lib/sub/E.sol": "",
            "contracts/Unused.sol": "",
        },
    )
    assert list(json.loads(standard_json(root, "AllOf"))["sources"]) == [
        "@lib/C.sol",
        "@lib/sub/E.sol",
        "contracts/Both.sol",
        "contracts/D.sol",
        "contracts/conditions/AllOf.sol",
        "contracts/conditions/Base.sol",
    ]


def test_a_source_that_is_not_there(tmp_path: Path) -> None:
    root = small_checkout(tmp_path, **{"contracts/conditions/AnyOf.sol": 'import "../Missing.sol";\n'})
    with pytest.raises(SourceMissing, match=r"there is no source contracts/Missing\.sol in .*make setup"):
        standard_json(root, "AnyOf")


def test_the_compiler_is_the_pinned_one() -> None:
    assert (compiler(CHECKOUT).version, compiler(CHECKOUT).settings) == ("0.8.37", SETTINGS)


# --- A standard JSON that somebody else wrote ---

LINKED = "library L { function f() public {} } contract AnyOf { function g() public { L.f(); } }"


def foreign(selection: list[str], source: str = "contract AnyOf {}") -> str:
    return json.dumps(
        {
            "language": "Solidity",
            "sources": {"A.sol": {"content": source}},
            "settings": {"outputSelection": {"*": {"*": selection}}},
        }
    )


@pytest.mark.parametrize(
    "source",
    [foreign(["abi"]), foreign(["evm.bytecode.object"]), foreign(["evm"], LINKED)],
    ids=["no code", "half of the code", "a library to link"],
)
def test_code_that_is_not_whole(source: str) -> None:
    with pytest.raises(DoesNotCompile, match="it does not ask for all of the code, or leaves holes for libraries"):
        rebuild(CHECKOUT, "AnyOf", source, "0.8.37")


@pytest.mark.parametrize("source", ["", "[]", "{", "[" * 100_000], ids=["nothing", "a list", "cut short", "deep"])
def test_what_is_no_standard_json(source: str) -> None:
    with pytest.raises(DoesNotCompile, match=r"the standard JSON of AnyOf does not compile: ."):
        rebuild(CHECKOUT, "AnyOf", source, "0.8.37")


def test_without_node(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DoesNotCompile, match=r"node cannot be started \(No such file or directory\): make setup"):
        rebuild(CHECKOUT, "AnyOf", foreign(["evm"]) + " ", "0.8.37")
