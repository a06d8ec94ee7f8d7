"""`docs/errors.md` is what the interface says (`make docs`)."""

import subprocess
import sys

from toolchain.artifacts import CHECKOUT


def test_the_committed_document_is_of_this_interface() -> None:
    generated = subprocess.check_output([sys.executable, "toolchain/errors_doc.py"], cwd=CHECKOUT, text=True)
    assert (CHECKOUT / "docs" / "errors.md").read_text() == generated
