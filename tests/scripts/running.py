"""Scripts as their users run them, in this process."""

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Thread

from ape_run._cli import cli
from click.testing import CliRunner

LOCAL = "ethereum:local:foundry"
ALICE, BOB, CAROL, CHARLIE = "TEST::0", "TEST::1", "TEST::2", "TEST::3"


@dataclass(frozen=True)
class Ran:
    """How a script ended: its exit code, and all that it printed."""

    code: int
    output: str

    def succeeded(self) -> "Ran":
        assert self.code == 0, self.output
        return self

    def failed(self, *parts: str, code: int = 1) -> "Ran":
        """With this exit code, and with one error line that has all these parts."""
        assert self.code == code, self.output
        (error,) = [line for line in self.output.splitlines() if line.startswith("Error: ")]
        for part in parts:
            assert part in error, self.output
        return self


Run = Callable[..., Ran]


def invoke(arguments: list[str], answers: str = "") -> Ran:
    result = CliRunner().invoke(cli, arguments, input=answers)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Ran(result.exit_code, result.output)


def start_anvil(*options: str) -> Iterator[str]:
    """An anvil of our own: Ape's lives only as long as one command."""
    command = ["anvil", "--host", "127.0.0.1", "--port", "0", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    address = next(line.split()[-1] for line in process.stdout if line.startswith("Listening on"))
    Thread(target=process.stdout.read, daemon=True).start()  # a full pipe would stop it
    yield f"http://{address}"
    process.terminate()
    process.wait()
