"""The DAI for tests that the scripts deploy where there is none: a test double, so no part of the package."""

from pathlib import Path

from connext.abi import Artifact

ARTIFACT = Path(__file__).resolve().parents[1] / "tests" / "artifacts" / "TestDai.json"


def test_dai() -> Artifact:
    return Artifact.parse("TestDai", ARTIFACT.read_text())


def creation_code(chain_id: int) -> bytes:
    """Its permit is for this chain."""
    dai = test_dai()
    return dai.bytecode + dai.abi.encode_constructor(chain_id)
