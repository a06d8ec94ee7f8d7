"""The project's compiler with settings and sources of one's own: mutants, and builds that are easy to trace."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from proof.records import CHECKOUT

SETTINGS: Mapping[str, Any] = json.loads((CHECKOUT / "toolchain" / "solc-settings.json").read_text())
"""Those of the bytecode that people use."""

UNOPTIMIZED: Mapping[str, Any] = {**SETTINGS, "optimizer": {"enabled": False}}
"""Every statement has instructions of its own. Without the intermediate representation the stack is too deep."""


class DoesNotCompile(Exception):
    """The message is the compiler's."""


class Compiler:
    """A running compiler process (see `compiler`)."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def compile(
        self, sources: Mapping[str, str], outputs: Mapping[str, Any], settings: Mapping[str, Any] = SETTINGS
    ) -> dict[str, Any]:
        """The standard JSON answer. Raises DoesNotCompile.

        sources: texts by path in the checkout; what they import is read from there. outputs: as `outputSelection`.
        """
        request = {
            "language": "Solidity",
            "sources": {name: {"content": text} for name, text in sources.items()},
            "settings": {**settings, "outputSelection": outputs},
        }
        questions, answers = self._process.stdin, self._process.stdout
        assert questions is not None
        assert answers is not None
        questions.write(json.dumps(request) + "\n")
        questions.flush()
        answer: dict[str, Any] = json.loads(answers.readline())
        errors = [error["formattedMessage"] for error in answer.get("errors", ()) if error["severity"] == "error"]
        if errors:
            raise DoesNotCompile("\n".join(errors))
        return answer


@contextmanager
def compiler() -> Iterator[Compiler]:
    """A compiler process that ends with the block."""
    command = ["node", str(CHECKOUT / "proof" / "solc.mjs")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Compiler(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.terminate()


def contract_sources(*, with_tests: bool = False) -> dict[str, str]:
    """The contracts that ship, and those for tests if asked for: texts by path in the checkout."""
    folder = CHECKOUT / "contracts"
    paths = (path for path in sorted(folder.rglob("*.sol")) if with_tests or (folder / "test") not in path.parents)
    return {path.relative_to(CHECKOUT).as_posix(): path.read_text() for path in paths}
