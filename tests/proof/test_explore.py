"""The explorer finds what can be lost, and nothing where nothing can; and what it leaves out makes no difference."""

import random
import sys
from collections.abc import Callable, Iterator

import pytest

from connext.chain import Transaction
from connext.chain.evm import EvmChain
from connext.checking import Play
from connext.keccak import keccak256
from connext.types import DAY, HOUR, amounts_for
from proof.explore import __main__ as command
from proof.explore import run
from proof.explore.board import Board
from proof.explore.game import Found, Game, Position, Step
from proof.explore.moments import next_moment, starts_that_matter
from proof.explore.moves import Move, Papers
from proof.explore.players import Player, Rulebook, Software, Without, asleep
from proof.explore.promise import Promise
from proof.explore.run import explore
from proof.explore.scenario import as_story
from proof.explore.stage import STRANGER, Stage, names_of_histories, parties_of, read_history, set_stage, stages_of
from proof.explore.telling import Teller, money
from proof.machine import Machine
from proof.storage import CREDITS, TOKEN_BALANCES, slot_of
from tests.scene import stage as scene

ETH = DAI = 10**18


@pytest.fixture(autouse=True)
def _long_lines() -> Iterator[None]:
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(command.DEPTH_OF_SEARCH)
    yield
    sys.setrecursionlimit(before)


def played(history: str, honest: str, player: Callable[[Papers], Player] = Software) -> tuple[Game, Found]:
    game = Game(set_stage(read_history(history), honest), player)
    return game, game.explore()


def told(game: Game, found: Found) -> list[str]:
    return list(Teller(game).line(found.line))


# --- The histories ---


@pytest.mark.parametrize("name", names_of_histories())
def test_a_history_happens_as_it_says(name: str) -> None:
    story = read_history(name)
    play = Play(scene(story, EvmChain()), story)
    assert [(step.number, step.problems) for step in play.steps() if step.problems] == []


PROMISED = {
    ("exchange", "alice"): "3 ETH and 3000 DAI",
    ("exchange", "bob"): "1 ETH and 6000 DAI",
    ("exit", "alice"): "4 ETH",
    ("exit", "bob"): "6 ETH",
    ("finals", "alice"): "4 ETH",
    ("finals", "bob"): "6 ETH",
    ("half-signed", "alice"): "3 ETH",
    ("half-signed", "bob"): "2 ETH",
    ("hash-lock", "alice"): "7 ETH",
    ("hash-lock", "bob"): "3 ETH",
    ("payments", "alice"): "1 ETH",
    ("payments", "bob"): "9 ETH",
    ("resume", "alice"): "7 ETH",
    ("resume", "bob"): "3 ETH",
    ("route", "alice"): "3.5 ETH",
    ("route", "bob"): "4 ETH",
    ("route", "charlie"): "1.4984 ETH",
    ("route-paid", "alice"): "3.5 ETH",
    ("route-paid", "bob"): "4.0016 ETH",
    ("route-paid", "charlie"): "1.4984 ETH",
    ("route-stream", "alice"): "4.4 ETH",
    ("route-stream", "bob"): "4.00064 ETH",
    ("route-stream", "charlie"): "0.59936 ETH",
    ("stream", "alice"): "650 DAI",
    ("stream", "bob"): "350 DAI",
    ("two-transfers", "alice"): "6 ETH",
    ("two-transfers", "bob"): "4 ETH",
    ("withdrawal", "alice"): "5 ETH",
    ("withdrawal", "bob"): "5 ETH",
}
"""By hand, from the histories: what each party has in its newest state, with what it can prove and without what others
can. A half-signed payment may happen or not. The node Bob has 4 ETH before a route, and earns 0.0016 ETH by it, or of
the stream two fifths: 0.6 ETH come in, 0.59936 ETH go out."""


@pytest.mark.parametrize(("history", "honest"), PROMISED)
def test_what_section_9_promises(history: str, honest: str) -> None:
    assert money(Promise(set_stage(read_history(history), honest)).least()) == PROMISED[history, honest]


def test_every_party_of_every_history_is_promised_something() -> None:
    assert PROMISED.keys() == {
        (name, honest) for name in names_of_histories() for honest in parties_of(read_history(name))
    }


def test_by_when_all_is_over() -> None:
    """Of a dispute that starts at once, or with an exit at its last; two channels may be left one after the other."""
    ends = {name: set_stage(read_history(name), "bob") for name in ("payments", "exit", "route")}
    latest = {name: Promise(stage).latest() - stage.start for name, stage in ends.items()}
    assert latest == {"payments": DAY, "exit": DAY + 12 * HOUR - 13, "route": 36 * HOUR - 13 + 2 * DAY}


def test_a_signature_that_is_kept_from_the_party_makes_no_state_its_newest() -> None:
    """Charlie has countersigned that he is paid, which Bob has not seen yet: either of two states may be the last."""
    moment = stages_of(read_history("route-stream"), "bob")[9]
    assert list(moment.world.evidence[moment.world.channel_id("charlie-bob")].states) == [1, 2]
    newest = moment.newest("charlie-bob")
    assert newest is not None
    assert newest.message.nonce == 1


@pytest.mark.parametrize("history", ["route", "route-paid", "route-stream"])
def test_wherever_a_route_leaves_off_its_node_has_signed_nothing_that_costs_it(history: str) -> None:
    """G9. The promise follows what was signed: a node that signs in the wrong order is promised, and gets, less."""
    for moment in stages_of(read_history(history), "bob"):
        paid_in = [amounts_for(moment.side(name), moment.contributions(name)) for name in moment.channels]
        least = Promise(moment).least()
        assert least[0] >= sum(wei for wei, _ in paid_in)
        assert least[1] >= sum(token for _, token in paid_in)


# --- Moments ---


def test_a_moment_is_the_last_second_before_a_limit_or_the_first_at_it() -> None:
    limits = [100, 200]
    times = [next_moment(now, limits, ()) for now in (0, 99, 100, 199, 200)]
    assert times == [99, 100, 199, 200, None]


def test_a_dispute_starts_at_all_seconds_that_change_the_order_of_limits() -> None:
    """A limit a day and a half away: a dispute of a day ends before it, with it, or after it."""
    starts = list(starts_that_matter([36 * HOUR], DAY, 1))
    assert starts == [12 * HOUR]
    assert [next_moment(now, (), starts) for now in (0, 12 * HOUR, 12 * HOUR + 1)] == [12 * HOUR, 12 * HOUR + 1, None]


def test_a_second_dispute_can_end_with_a_limit_too() -> None:
    assert list(starts_that_matter([100], 30, 2)) == [70, 40]


# --- Promises that are kept ---


@pytest.mark.parametrize("player", ["software", "rules"])
@pytest.mark.parametrize("history", ["payments", "half-signed", "finals"])
def test_nobody_ends_with_less_than_was_promised(history: str, player: str) -> None:
    story = read_history(history)
    for honest in parties_of(story):
        figures = explore(story, honest, player)
        assert figures.surplus == 0
        assert figures.promised == figures.least


def test_wherever_a_history_leaves_off() -> None:
    moments = stages_of(read_history("payments"), "alice")
    games = [Game(moment, Software).explore() for moment in moments]
    assert [money(found.least) for found in games] == [
        *("5 ETH", "5 ETH"),  # the deposits
        *("2 ETH", "2 ETH", "2 ETH"),  # she pays 3 ETH: half-signed, answered
        "4 ETH",
        *("nothing", "nothing", "nothing"),
        "1 ETH",
    ]
    assert [found.worst.surplus for found in games] == [0] * len(moments)


def test_the_figures_of_a_small_game() -> None:
    """To be looked at whenever they change: fewer positions mean that something is not played any more."""
    figures = explore(read_history("payments"), "alice", "software")
    assert (figures.positions, figures.merged, figures.chain_positions, figures.endings) == (124, 373, 44, 8)
    assert figures.latest == "start + 1 d, promised by start + 1 d"


def test_of_a_stream_that_others_pay_every_voucher_is_tried() -> None:
    stages = {honest: set_stage(read_history("stream"), honest) for honest in ("alice", "bob")}
    recorded = {
        honest: [move.note for move in Papers(stage).free_moves() if move.action.name == "record"]
        for honest, stage in stages.items()
    }
    assert recorded == {"alice": [""], "bob": ["", ", half of what was paid", ", all of it"]}


# --- Promises that are broken ---


def test_a_party_that_sleeps_is_robbed_and_the_line_is_told() -> None:
    game, found = played("payments", "alice", lambda papers: asleep(Software(papers)))
    assert (found.least, found.worst.surplus) == ((0, 0), -ETH)
    assert told(game, found) == [
        "start:",
        "  1. bob starts a dispute in main with state 3",
        "start + 1 d, at the deadline:",
        "  2. mallory settles main with state 3",
    ]


@pytest.mark.parametrize(
    ("history", "honest", "player", "rule", "lost"),
    [
        ("payments", "bob", Software, "checkpoint", 4 * ETH),
        ("payments", "bob", Rulebook, "checkpoint", 4 * ETH),
        ("hash-lock", "alice", Software, "record", 3 * ETH),
        ("stream", "bob", Rulebook, "record", 150 * DAI),
    ],
)
def test_without_a_rule_the_promise_is_broken(
    history: str, honest: str, player: Callable[[Papers], Player], rule: str, lost: int
) -> None:
    _, found = played(history, honest, lambda papers: Without(player(papers), frozenset((rule,))))
    assert found.worst.surplus == -lost


class SettlesTooEarly(Machine):
    """As if the manager took a dispute for over one second before its deadline."""

    def send(self, sender: bytes, to: bytes, data: bytes, *arguments: int):
        if data[:4] != keccak256(SETTLE)[:4]:
            return super().send(sender, to, data, *arguments)
        time = self.time
        self.time = time + 1
        result = super().send(sender, to, data, *arguments)
        self._enter(self.block - 1, time)
        return result


SETTLE = (
    b"settle((address,address,address,address,uint32,uint64),(uint64,int128,int128,int128,int128,bytes32,bool),"
    b"(uint64,uint8,uint8,uint128,address,bytes32,uint64)[])"
)


def test_a_faulty_contract_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("proof.explore.stage.Machine", SettlesTooEarly)
    game, found = played("payments", "alice")
    assert (found.least, found.worst.surplus) == ((0, 0), -ETH)
    assert told(game, found) == [
        "start:",
        "  1. bob starts a dispute in main with state 3",
        "start + 23 h 59 min 59 s, 1 s before the deadline:",
        "  2. mallory settles main with state 3",
    ]


# --- What makes no difference ---


def walk(game: Game, rng: random.Random, length: int) -> Iterator[Position]:
    """The positions of a random line; the machine is at each of them in turn."""
    position = game.start
    for _ in range(length):
        yield position
        steps = list(game._steps(position))
        if not steps:
            return
        step = rng.choice(steps)
        game.board.go(step.move, step.to.time)
        position = step.to


FOR_ANYBODY = {
    "checkpoint",
    "settle",
    "close",
    "settle_transfers",
    "withdraw",
    "resume",
    "record",
    "start_dispute_with_exit",
}


@pytest.mark.parametrize("history", ["two-transfers", "resume", "withdrawal", "exit", "finals"])
def test_it_does_not_matter_who_calls_what_anybody_may(history: str) -> None:
    tried = 0
    for seed in range(5):
        game = Game(set_stage(read_history(history), "alice"), Software)
        for position in walk(game, random.Random(seed), 12):
            for move in game.free:
                if move.action.name in FOR_ANYBODY:
                    ends = {_after(game.board, move, sender) for sender in _senders(game.stage)}
                    assert ends == {game.board.after(position.node, position.time, move) or position.node}
                    tried += 1
    assert tried > 100


def _senders(stage: Stage) -> list[bytes]:
    return [stage.world.actor(name).account for name in ("alice", "bob", STRANGER)]


def _after(board: Board, move: Move, sender: bytes) -> int:
    here = board.here()
    board.machine.send(sender, move.to, move.data, move.value)
    node = board.node()
    board.back(here)
    return node


@pytest.mark.parametrize("history", ["two-transfers", "resume", "withdrawal", "stream"])
def test_nothing_else_of_the_chain_changes_but_what_others_have(history: str) -> None:
    """Whatever is not among the words could make two positions different that are taken for the same."""
    for seed in range(5):
        stage = set_stage(read_history(history), "alice")
        game = Game(stage, Software)
        line = _random_line(game, random.Random(seed))
        chain = stage.world.chain
        before = chain._mined[-1].accounts
        for step in line:
            if step.to.time > chain.head.time + 1:
                chain.set_next_time(step.to.time)
            if step.move is not None:
                chain.send(_transaction(step.move))
        after = chain._mined[-1].accounts
        changed = {
            (address, slot)
            for address, account in after.items()
            for slot in account.storage.keys() | before.get(address, account).storage.keys()
            if account.storage.get(slot) != before.get(address, account).storage.get(slot)
        }
        assert changed <= {*game.board._slots, *_of_others(stage)}


def _random_line(game: Game, rng: random.Random) -> list[Step]:
    position, line = game.start, []
    for _ in range(40):
        steps = list(game._steps(position))
        if not steps:
            break
        step = rng.choice(steps)
        line.append(step)
        game.board.go(step.move, step.to.time)
        position = step.to
    return line


def _transaction(move: Move) -> Transaction:
    return Transaction(move.sender, move.to, move.data, move.value)


def _of_others(stage: Stage) -> Iterator[tuple[bytes, int]]:
    manager, token = stage.world.manager, stage.deployment.token
    for account in (*(actor.account for actor in stage.world.actors.values()), manager):
        yield token, slot_of(account, TOKEN_BALANCES)
        if account != stage.me.account:
            yield manager, slot_of(account, CREDITS)


# --- Told again ---


@pytest.mark.parametrize(("history", "honest"), [("payments", "alice"), ("finals", "bob"), ("hash-lock", "alice")])
def test_a_line_is_a_story_that_ends_alike(history: str, honest: str) -> None:
    game, found = played(history, honest)
    assert found.worst.surplus == 0
    story = as_story(game, found)
    play = Play(scene(story, EvmChain()), story)
    assert [(step.number, step.problems) for step in play.steps() if step.problems] == []
    assert play.problems_at_end() == ()
    assert story.ends is not None


def test_what_is_robbed_from_a_sleeper_is_a_story_too() -> None:
    game, found = played("payments", "alice", lambda papers: asleep(Software(papers)))
    story = as_story(game, found)
    assert "1000000000000000000 wei LESS" in story.about
    assert [action.name for action in story.actions[-2:]] == ["start_dispute", "settle"]


# --- The command ---


@pytest.fixture
def _nothing_kept(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.setattr(run, "KEPT", tmp_path / "explore.json")


@pytest.mark.usefixtures("_nothing_kept")
def test_the_command_succeeds_where_the_promise_is_kept(monkeypatch, capsys) -> None:
    monkeypatch.setattr("sys.argv", ["explore", "payments", "--honest", "alice"])
    assert command.main() == 0
    said = capsys.readouterr().out
    assert "alice, by the software that ships: promised 1 ETH, the least end is 1 ETH: kept" in said
    assert "124 positions visited, 373 ways to one that was known" in said
    assert said.endswith("every promise is kept\n")


@pytest.mark.usefixtures("_nothing_kept")
def test_the_command_fails_where_it_is_broken_and_shows_how(monkeypatch, capsys) -> None:
    monkeypatch.setattr("sys.argv", ["explore", "payments", "--honest", "alice", "--player", "asleep"])
    assert command.main() == 1
    said = capsys.readouterr().out
    assert "  1. bob starts a dispute in main with state 3\n" in said
    assert said.endswith("BROKEN: payments, alice, asleep\n")


@pytest.mark.usefixtures("_nothing_kept")
def test_what_was_explored_is_not_explored_again(monkeypatch, capsys) -> None:
    monkeypatch.setattr("sys.argv", ["explore", "payments", "--honest", "alice"])
    assert command.main() == 0
    first = capsys.readouterr().out
    monkeypatch.setattr(command, "explore", None)
    assert command.main() == 0
    assert capsys.readouterr().out == first
