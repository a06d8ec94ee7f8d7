"""A real browser, the chromium of the system, and pages of replays that it opens."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from rich.console import Console

from connext.replay.report import Replay
from scripts._theatre import InProcess, Theatre, read_script, write_reports

CHECKOUT = Path(__file__).parents[2]
SHOTS = CHECKOUT / ".build" / "report-shots"
SHOWN = (
    "stale-exit-answered-by-a-stranger",  # a dispute, and who is not a party
    "many-open-transfers-in-a-dispute",  # messages, transfers, long arguments
    "across-three-nodes-with-one-expiry",  # most people
    "a-batch-with-a-front-run-item",  # a batch, failures
)
WRONG = "comes-out-otherwise"
"""A story that does not end as it says, with names that must be escaped."""
STORY = """\
title: "<script>document.title = 'taken over'</script> & \\"quotes\\""
about: "<img src=x onerror=alert(1)> what a stranger may have written: <b>bold</b>"
guarantees: [G5]
channels: {main: {user: alice, node: bob, period: 1 d, salt: 0}}
actions:
  - {do: deposit, by: alice, channel: main, side: user, amount: 1 ETH, fails: CapacityExceeded}
  - {do: start_dispute, by: alice, channel: main}
ends: {alice: {wallet: -2 ETH}}
"""


def chromium() -> str:
    """Its path. `$CHROMIUM` names another one."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.exit("there is no chromium: install the Debian package chromium, or name one in CHROMIUM", 1)
    return found


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []  # chromium's own rule for root
    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=chromium(), args=[*sandbox, "--disable-gpu"])
        yield started
        started.close()


@pytest.fixture(scope="session")
def replays(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Replay]:
    """By name, as `ape run replay` makes them."""
    folder = tmp_path_factory.mktemp("stories")
    (folder / f"{WRONG}.yaml").write_text(STORY)
    paths = [*(CHECKOUT / "scenarios" / f"{name}.yaml" for name in SHOWN), folder / f"{WRONG}.yaml"]
    theatre = Theatre(InProcess(), Console(quiet=True))
    return {path.stem: theatre.play(read_script(path)) for path in paths}


@pytest.fixture(scope="session")
def pages(replays: dict[str, Replay]) -> dict[str, Path]:
    """Their files by name, and that of `index`."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    return {path.stem: path for path in write_reports(list(replays.items()), SHOTS)}


class Visit:
    """A page that is open, and what it complained of."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._check_request)

    def _check_request(self, request: object) -> None:
        url: str = request.url  # type: ignore[attr-defined] # playwright's Request
        if not url.startswith(("file:", "data:")):
            self.complaints.append(f"asks for {url}")
