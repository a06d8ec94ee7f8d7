"""`docs/errors.md` is what the interfaces say (`make docs`), of every contract that ships."""

import re
import subprocess
import sys

from toolchain.artifacts import CHECKOUT

DOCUMENT = CHECKOUT / "docs" / "errors.md"


def test_the_committed_document_is_of_these_interfaces() -> None:
    generated = subprocess.check_output([sys.executable, "toolchain/errors_doc.py"], cwd=CHECKOUT, text=True)
    assert DOCUMENT.read_text() == generated


def test_every_contract_that_ships_is_in_it() -> None:
    shipped = {path.stem for path in (CHECKOUT / "connext" / "artifacts").glob("*.json")}
    assert set(re.findall(r"^## (\w+)$", DOCUMENT.read_text(), re.MULTILINE)) == shipped
