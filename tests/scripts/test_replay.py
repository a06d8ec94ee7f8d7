"""Stories and channels of a chain, replayed as auditors do it."""

import subprocess
import sys
from pathlib import Path

import pytest
from ape.exceptions import ProviderError

from connext.stories import read_story
from tests.scripts.conftest import Pair
from tests.scripts.running import CAROL, Run
from tests.scripts.test_payments import routed
from tests.scripts.trio import Trio

ROOT = Path(__file__).parents[2]
STORY = """\
title: Alice pays in, and gets it back
guarantees: [G5]
channels:
  main: {user: alice, node: bob, period: 1 d, salt: 0}
actions:
  - {do: go_silent, by: alice}
  - {do: go_silent, by: bob}
  - {do: deposit, by: alice, channel: main, side: user, amount: 1 ETH}
  - {do: start_dispute, by: alice, channel: main}
  - {do: advance, duration: 1 d}
  - {do: settle, by: alice, channel: main}
ends: {}
"""


@pytest.fixture
def story(tmp_path: Path) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text(STORY)
    return path


# --- Stories ---


def test_a_story_is_played_and_reported(run: Run, story: Path, tmp_path: Path) -> None:
    output = run("replay", str(story), "--report", str(tmp_path / "out")).succeeded().output
    assert "Alice pays in, and gets it back" in output
    assert "startDispute: DisputeStarted" in output
    assert "as it says: 6 steps" in output
    page = (tmp_path / "out" / "mine.html").read_text()
    assert "Everything came out as the story says." in page


def test_the_same_story_gives_the_same_bytes(run: Run, story: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        run("replay", str(story), "--report", str(tmp_path / name)).succeeded()
    one, two = ((tmp_path / name / "mine.html").read_bytes() for name in ("one", "two"))
    assert one == two


def test_the_chain_is_as_it_was_afterwards(run: Run, story: Path, pair: Pair) -> None:
    before = pair.portrait()
    run("replay", str(story), "--no-report").succeeded()
    assert pair.portrait() == before


@pytest.mark.usefixtures("story")
def test_a_folder_gives_an_index(run: Run, tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text(STORY.replace("1 ETH", "2 ETH"))
    run("replay", str(tmp_path), "--report", str(tmp_path / "out")).succeeded()
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"mine.html", "other.html", "index.html"}
    assert 'href="./other.html"' in (tmp_path / "out" / "index.html").read_text()


@pytest.mark.usefixtures("story")
def test_no_page_takes_the_place_of_another(run: Run, tmp_path: Path) -> None:
    """Neither that of a story with the same name elsewhere, nor the index that of a story called so."""
    (tmp_path / "below").mkdir()
    for name, title in (("below/mine", "Alice is elsewhere"), ("index", "Alice is no index")):
        (tmp_path / f"{name}.yaml").write_text(STORY.replace("Alice pays in, and gets it back", title))
    out = tmp_path / "out"
    run("replay", str(tmp_path), str(tmp_path / "below"), "--report", str(out)).succeeded()
    titles = {
        "mine": "Alice pays in",
        "mine-2": "Alice is elsewhere",
        "index-2": "Alice is no index",
        "index": "Replays",
    }
    assert {path.stem for path in out.iterdir()} == titles.keys()
    assert all(f"<title>{title}" in (out / f"{name}.html").read_text() for name, title in titles.items())


def test_a_title_means_itself_in_the_terminal(run: Run, story: Path) -> None:
    title = r"Alice [bold] \[/red] [/]"
    story.write_text(STORY.replace("Alice pays in, and gets it back", f"'{title}'"))
    assert title in run("replay", str(story), "--no-report").succeeded().output


def test_a_story_that_comes_out_otherwise(run: Run, story: Path, tmp_path: Path) -> None:
    story.write_text(STORY.replace("ends: {}", "ends: {alice: {wallet: 1 wei ETH}}"))
    ran = run("replay", str(story), "--report", str(tmp_path / "out"))
    ran.failed("not as it should be: mine")
    assert "WRONG: at the end: alice: no change instead of wallet 0.000000000000000001 ETH" in ran.output
    assert "Not as the story says" in (tmp_path / "out" / "mine.html").read_text()


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (STORY.replace("by: alice, channel: main}", "by: alice, channel: other}"), "line 9: actions[3].channel"),
        (STORY.replace("[G5]", "[G77]"), "line 2: guarantees[0]"),
        (STORY.replace("duration: 1 d", "duration: soon"), "line 10: actions[4].duration"),
        (STORY.replace("ends: {}", "ends: {"), "line 13"),
        (STORY.replace("title: ", "titel: "), "line 1: titel"),
        (STORY.replace("pays in", "pays \0"), "line 1: '\\x00' cannot be in a story"),
        ("", "mine.yaml, line 1"),
        (STORY.replace("{do: advance, duration: 1 d}", "{do: advance, duration: 1 d, at: 10 s}"), "line 10: advance: "),
        (
            STORY.replace("channel: main}", "channel: main, nonce: 7}", 1),
            "start_dispute by alice: no state 7 was signed",
        ),
    ],
)
def test_a_broken_file_is_named_with_its_line_and_nothing_is_played(
    run: Run, story: Path, tmp_path: Path, text: str, error: str
) -> None:
    (tmp_path / "good.yaml").write_text(STORY)
    story.write_text(text)
    ran = run("replay", str(tmp_path / "good.yaml"), str(story)).failed(error, code=2)
    assert "startDispute" not in ran.output


def test_a_story_that_breaks_off_is_named_with_its_line(run: Run, story: Path, tmp_path: Path) -> None:
    """Nobody can know before it is played that Bob's software refuses what is more than Alice has."""
    paying = "{do: pay, by: alice, channel: main, amount: 2 ETH, fails: BalanceNegative}"
    text = STORY.replace("go_silent, by: alice}", "go_silent, by: carol}").replace("go_silent, by: bob}", "mine}")
    text = text.replace(
        "  - {do: start_dispute, by: alice, channel: main}",
        f"  - {paying}\n  - {{do: checkpoint, by: carol, channel: main, nonce: 1}}",
    )
    story.write_text(text + "strangers: [carol]\n")
    (tmp_path / "other.yaml").write_text(STORY)
    ran = run("replay", str(tmp_path), "--report", str(tmp_path / "out"))
    ran.failed("mine.yaml, line 10: checkpoint by carol: channel 'main' has no countersigned state with nonce 1")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"other.html"}


def test_on_a_fork_with_blocks_that_are_taken_back() -> None:
    """In a process of its own. What was first written in such a block must be gone, too: here, an outcome."""
    ape = Path(sys.executable).with_name("ape")
    names = ("a-recording-is-taken-back", "a-reorganization-during-a-dispute", "a-token-that-answers-false")
    paths = [f"scenarios/{name}.yaml" for name in names]
    command = [ape, "run", "replay", *paths, "--no-report", "--network", "ethereum:mainnet-fork:foundry"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("as it says: ") == len(names)


def test_what_cannot_be_read_or_written(run: Run, story: Path, tmp_path: Path) -> None:
    run("replay", str(tmp_path / "none.yaml")).failed("none.yaml cannot be read: No such file", code=2)
    (tmp_path / "empty").mkdir()
    run("replay", str(tmp_path / "empty")).failed("has no stories", code=2)
    run("replay", str(story), "--report", str(story / "below")).failed("no report can be written")
    run("replay").failed("name stories", code=2)
    story.write_bytes(b"\xff\xfe")
    run("replay", str(story)).failed("it is not UTF-8 text", code=2)


# --- A channel of a chain ---


def channel_replayed(pair: Pair, place: str = "a fork of block") -> tuple[str, Path]:
    out = pair.folder / "told.yaml"
    report = ("--report", str(pair.folder / "report"))
    ran = pair.run("replay", "--channel", pair.channel, "--out", str(out), *report).succeeded()
    assert_same_end(ran.output, place)
    return ran.output, out


def assert_same_end(output: str, place: str = "a fork of block") -> None:
    assert f"the same transactions have the same results on {place}" in output
    assert "and the story has the same end" in output


def test_a_dispute_on_a_chain_is_replayed_by_its_id(pair: Pair) -> None:
    pair.pay("1 ETH", "only")
    pair.alice("dispute").succeeded()
    pair.run("advance", "1 d").succeeded()
    pair.run("settle", pair.channel, "--account", CAROL).succeeded()
    output, out = channel_replayed(pair)
    assert "played again on a fork of block" in output
    story = read_story(out.read_text())
    done = [action.name for action in story.actions if action.time is not None]
    assert done == ["deposit", "deposit", "batch", "settle"]
    assert [action.actor for action in story.actions if action.time is not None][-1] == "stranger 1"
    pair.run("replay", str(out), "--no-report").succeeded()  # on another chain, with the keys of anybody


def test_without_an_archive_an_empty_chain_does(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """The endpoint knows no old state: the same contracts, at the same addresses, with nothing in them."""

    def no_archive(*_: object) -> None:
        raise ProviderError("Cannot start a fork: anvil ended, saying\nmissing trie node")

    monkeypatch.setattr("scripts._archive.fork_of", no_archive)
    pair.pay("1 ETH", "only")
    pair.alice("dispute").succeeded()
    pair.run("advance", "1 d").succeeded()
    pair.run("settle", pair.channel, "--account", CAROL).succeeded()
    output, out = channel_replayed(pair, "an empty chain with the same contracts, ")
    assert "# Not in it: messages off chain, and transactions that failed" in out.read_text()
    assert "(missing trie node): played again on an empty chain with the same contracts" in " ".join(output.split())


def test_what_if(pair: Pair) -> None:
    """The story is an edit away from another one."""
    pair.pay("1 ETH", "only")
    pair.alice("dispute").succeeded()
    pair.run("advance", "1 d").succeeded()
    pair.run("settle", pair.channel, "--account", CAROL).succeeded()
    _, out = channel_replayed(pair)
    earlier = out.read_text().replace("do: settle, at: ", "do: settle, at: 7")
    story = read_story(out.read_text())
    (settled,) = [action.time for action in story.actions if action.name == "settle"]
    (disputed,) = [action.time for action in story.actions if action.name == "batch"]
    early = out.read_text().replace(f"at: {settled}", f"at: {disputed + 86_399}")
    assert earlier != early
    out.write_text(early)
    ran = pair.run("replay", str(out), "--no-report")
    ran.failed("not as it should be: told")
    assert "DisputeNotOver" in ran.output


def test_withdrawals_resumes_and_closes_are_told(pair: Pair) -> None:
    take = ("--take", "0.5 ETH", "--give", "0.1 ETH", "--to", CAROL)
    pair.alice("withdraw", *take, "--out", pair.file("w.json")).succeeded()
    pair.bob("withdraw", "--from", pair.file("w.json"), "--accept", "--out", pair.file("ok.json")).succeeded()
    pair.alice("withdraw", "--from", pair.file("ok.json")).succeeded()
    pair.alice("dispute").succeeded()
    pair.alice("resume", "--propose", "--out", pair.file("r.json")).succeeded()
    pair.bob("resume", "--from", pair.file("r.json"), "--out", pair.file("rok.json")).succeeded()
    pair.alice("resume", "--from", pair.file("rok.json")).succeeded()
    pair.alice("close", "--propose", "--out", pair.file("final.json")).succeeded()
    pair.bob("close", "--from", pair.file("final.json"), "--out", pair.file("done.json")).succeeded()
    _, out = channel_replayed(pair)
    names = [action.name for action in read_story(out.read_text()).actions]
    assert {"make_withdrawal", "withdraw", "make_resume", "resume", "make_state", "close"} <= set(names)


def test_a_channel_that_still_lives(pair: Pair) -> None:
    """Two deposits, and nothing more so far."""
    _, out = channel_replayed(pair)
    assert [action.name for action in read_story(out.read_text()).actions if action.time] == ["deposit", "deposit"]


def test_transfers_and_their_outcome_are_told(trio: Trio) -> None:
    """Charlie records; one channel is settled with its list of transfers, the other without, and its transfer later."""
    _, outgoing = routed(trio, "--amount", "0.95 ETH")
    trio.do("charlie", "record", trio.second, str(outgoing)).succeeded()
    trio.do("charlie", "dispute", trio.second).succeeded()
    trio.do("bob", "dispute", trio.first).succeeded()
    trio.run("advance", "1 d").succeeded()
    charlies, bobs = (("--account", CAROL, "--store", trio.store(name)) for name in ("charlie", "bob"))
    trio.run("settle", trio.second, *charlies).succeeded()
    trio.run("settle", trio.first, *charlies).succeeded()
    trio.run("settle_transfers", trio.first, *bobs).succeeded()
    for channel in (trio.first, trio.second):
        out = trio.file(f"told-{channel[:6]}")
        output = trio.run("replay", "--channel", channel, "--no-report", "--out", out).succeeded().output
        assert_same_end(output)
        assert "record" in [action.name for action in read_story(Path(out).read_text()).actions]
        trio.run("replay", out, "--no-report").succeeded()


def test_no_such_channel(run: Run, pair: Pair) -> None:
    run("replay", "--channel", "0x" + "12" * 32).failed("0x1212")
    run("replay", "--channel", pair.channel, "scenarios").failed("not both", code=2)
    run("replay", "scenarios", "--out", "x.yaml").failed("--out is for the story of a --channel", code=2)
    run("replay", "--channel", "0x12").failed("is no channel id", code=2)
