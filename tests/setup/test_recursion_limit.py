"""What Ape imports lets a process recurse until the C stack overflows; here a file of brackets is still an error."""

import subprocess
import sys
from pathlib import Path

from toolchain.artifacts import CHECKOUT

QUESTION = """
import sys
from pathlib import Path

import ape
import ape_test.provider

list(ape.networks.ethereum.networks)  # loads Ape's plugins

from connext.store import InvalidFile, read_document

try:
    read_document(Path(sys.argv[1]))
except InvalidFile as error:
    print(error)
"""


def test_a_file_of_brackets_is_refused_under_ape_too(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    file.write_text("[" * 100_000)
    done = subprocess.run(
        [sys.executable, "-c", QUESTION, file], cwd=CHECKOUT, text=True, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, f"{file}: not valid JSON: nested too deeply\n")
