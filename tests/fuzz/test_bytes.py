"""What the fuzzer does by hand for speed, the ABI's codec, the package and the contracts' views do as well."""

from collections.abc import Iterator
from typing import Any

import pytest

from connext.abi import artifact
from connext.chain import KNOWN_ABI
from connext.keccak import keccak256
from connext.messages import Domain, Exit, Resume, State, Struct, Transfer, Withdrawal, digest
from connext.signing import InvalidSignature, recover
from connext.token import Permit, TokenDomain
from proof import storage
from proof.fuzz import campaign, ink, wire
from proof.fuzz.choices import Choices, Table, seeded
from proof.fuzz.foreign import Foreign
from proof.fuzz.life import Life
from proof.fuzz.play import Play, reader, transaction_of
from proof.fuzz.scene import FRESH, Move
from proof.fuzz.stage import SHIPPED
from proof.model import operations as op
from proof.model.ledger import UNFUNDED
from proof.model.messages import Header, SignedState, Statement, TransferList

MANAGER = artifact("ChannelManager").abi
REGISTRY = artifact("OutcomeRegistry").abi
ANYBODY = b"\x55" * 20


def plays(count: int, turns: int) -> Iterator[Play]:
    """Lives at their ends, one after the other on one machine."""
    for seed in range(count):
        life = Life(campaign.stage_of(SHIPPED), seeded(seed))
        life.live(turns)
        yield life.play


def moves(play: Play) -> Iterator[Move]:
    for taken in play.taken:
        if isinstance(taken.turn, Move):
            yield taken.turn


# --- Calldata ---


def split(signature: Any) -> tuple[bytes, bytes]:
    raw = getattr(signature, "raw", bytes(64))
    return raw[:32], raw[32:]


def signed(state: SignedState) -> tuple[Any, ...]:
    return tuple(state.header), split(state.user), split(state.node)


def listed(transfers: TransferList) -> tuple[Any, ...]:
    return tuple(tuple(transfer) for transfer in transfers.transfers)


def encoded(operation: Any) -> bytes:
    """By the codec."""
    match operation:
        case op.Deposit(channel, side, token):
            return MANAGER.encode_call("deposit", tuple(channel[1:]), side, token)
        case op.TopUp(channel_id, side, token):
            return MANAGER.encode_call("topUp", channel_id, side, token)
        case op.Collateralize(channel, wei, token):
            return MANAGER.encode_call("collateralize", tuple(channel[1:]), wei, token)
        case op.Withdraw(channel, withdrawal, user, node):
            return MANAGER.encode_call("withdraw", tuple(channel[1:]), tuple(withdrawal), split(user), split(node))
        case op.Checkpoint(channel, state):
            return MANAGER.encode_call("checkpoint", tuple(channel[1:]), signed(state))
        case op.StartDispute(channel, state):
            return MANAGER.encode_call("startDispute", tuple(channel[1:]), signed(state))
        case op.StartDisputeWithExit(channel, deadline, exit_, state):
            arguments = (tuple(channel[1:]), deadline, split(exit_), signed(state))
            return MANAGER.encode_call("startDisputeWithExit", *arguments)
        case op.Resume(channel, deadline, user, node):
            return MANAGER.encode_call("resume", tuple(channel[1:]), deadline, split(user), split(node))
        case op.Settle(channel, header, transfers):
            return MANAGER.encode_call("settle", tuple(channel[1:]), tuple(header), listed(transfers))
        case op.Close(channel, state, transfers):
            return MANAGER.encode_call("close", tuple(channel[1:]), signed(state), listed(transfers))
        case op.SettleTransfers(channel, transfers, wanted):
            return MANAGER.encode_call("settleTransfers", tuple(channel[1:]), listed(transfers), wanted)
        case op.Fund(account, token):
            return MANAGER.encode_call("fund", account, token)
        case op.WithdrawReserve(wei, token, recipient):
            return MANAGER.encode_call("withdrawReserve", wei, token, recipient)
        case op.WithdrawCredit(wei, token, recipient):
            return MANAGER.encode_call("withdrawCredit", wei, token, recipient)
        case op.PushCredit(account, asset):
            return MANAGER.encode_call("pushCredit", account, asset)
        case op.Permit(nonce, expiry, signature):
            r, vs = split(signature)
            number = int.from_bytes(vs)
            s = (number & (1 << 255) - 1).to_bytes(32)
            return MANAGER.encode_call("permit", nonce, expiry, 27 + (number >> 255), r, s)
        case op.Batch(items):
            return MANAGER.encode_call("batch", tuple(map(item, items)))
        case op.Record(condition, params, _, expiry, witness):
            return REGISTRY.encode_call("record", condition, wire.opaque(params), expiry, wire.opaque(witness))
        case op.PlainTransfer():
            return b""
    assert operation == op.Garbled()
    return keccak256(b"unknown()")[:4]


def item(each: op.Item) -> tuple[bytes, int, int]:
    gas = wire.TOO_LITTLE_GAS if each.starved else wire.ITEM_GAS
    return encoded(each.operation), each.value, gas


def test_calldata_is_that_of_the_codec() -> None:
    kinds = set()
    for play in plays(30, 80):
        for move in moves(play):
            kinds.add(type(move.operation).__name__)
            assert wire.calldata(move.operation) == encoded(move.operation)
    assert len(kinds) == 20


def test_a_contract_account_sends_by_being_told_to() -> None:
    for play in plays(5, 40):
        stage = play.stage
        for move in moves(play):
            sender, to, data, value = transaction_of(stage, move)
            if move.context.caller not in stage.contracts:
                assert sender == move.context.caller
                continue
            target = stage.registry if isinstance(move.operation, op.Record) else move.manager.address
            if move.item_gas:
                continue
            told = (target, (move.garbled or encoded(move.operation),), (move.context.value,))
            assert (to, value) == (move.context.caller, 0)
            assert data == stage.recipient.abi.encode_call("execute", *told)


# --- Signatures ---


def plain(statement: Statement) -> tuple[Domain, Struct]:
    """A statement of a channel or the token in the package's own form."""
    domain = Domain(*statement.domain)
    match statement.kind, statement.content:
        case "Withdrawal", content:
            return domain, Withdrawal(statement.channel_id, *content)
        case "Exit", (dispute, deadline):
            return domain, Exit(statement.channel_id, dispute, deadline)
        case "Resume", (dispute, deadline):
            return domain, Resume(statement.channel_id, dispute, deadline)
        case "Permit", (holder, spender, nonce, expiry):
            return TokenDomain(*statement.domain), Permit(holder, spender, nonce, expiry, True)
    raise AssertionError(statement)


def test_digests_are_those_of_the_package() -> None:
    kinds = set()
    for play in plays(30, 80):
        for statement in {made.statement for made in play.scene.inks if made.statement}:
            kinds.add(statement.kind)
            if statement.kind == "State":
                header = statement.content
                transfers = play.scene.lists[header.transfers_hash].transfers if header.transfers_hash != NONE else ()
                message = State(
                    statement.channel_id, *header[:5], tuple(Transfer(*each) for each in transfers), header.is_final
                )
                assert ink.digest(statement) == digest(Domain(*statement.domain), message)
            else:
                assert ink.digest(statement) == digest(*plain(statement))
    assert kinds == {"State", "Withdrawal", "Exit", "Resume"}


NONE = Header(0, 0, 0, 0, 0).transfers_hash


def test_the_digest_of_a_permit_is_that_of_the_package() -> None:
    statement = Statement("Permit", (31337, b"\1" * 20), b"", (b"\2" * 20, b"\3" * 20, 4, 5))
    assert ink.digest(statement) == digest(*plain(statement))


@pytest.mark.parametrize("number", range(len(ink.MALFORMED)))
def test_malformed_signatures_are_nobodys(number: int) -> None:
    with pytest.raises(InvalidSignature):
        recover(keccak256(b"anything"), ink.MALFORMED[number].raw)


def test_the_other_parity_is_somebody_elses() -> None:
    statement = Statement("Exit", (31337, b"\1" * 20), bytes(32), (1, 2))
    life = Life(campaign.stage_of(SHIPPED), seeded(0))
    key = life.play.stage.people[0].signer
    other = ink.with_other_parity(ink.sign(key, statement))
    assert other.signer == recover(ink.digest(statement), other.raw) != key.address


# --- Events and errors ---


def test_events_and_errors_are_read_as_the_abi_reads_them() -> None:
    reads, events, errors = reader(SHIPPED), 0, 0
    stage = campaign.stage_of(SHIPPED)
    for play in plays(12, 60):
        turns = list(moves(play))
        again = Play(stage, play.managers)
        for move in turns:
            again.machine.time = move.context.time
            result = again.machine.send(*transaction_of(stage, move))
            for log in result.logs:
                if log.address in {manager.address for manager in play.managers} | {stage.registry}:
                    events += 1
                    expected, found = KNOWN_ABI.decode_log(log), reads.event(log)
                    assert expected is not None
                    assert found.name == expected.name
                    assert flat(found.values) == flat(tuple(expected.values.values()))
            if not result.succeeded and result.output and not result.output.startswith(b"\x08\xc3\x79\xa0"):
                errors += 1
                error = KNOWN_ABI.decode_error(result.output)
                assert reads.error(result.output) == (error.name, tuple(error.values.values()))
    assert events > 200
    assert errors > 100


def flat(values: tuple[Any, ...]) -> list[Any]:
    """Structs as the values of their fields."""
    found: list[Any] = []
    for value in values:
        if isinstance(value, tuple):
            found += flat(value)
        else:
            found.append(value)
    return found


# --- Storage ---


def ask(play: Play, abi: Any, to: bytes, function: str, *arguments: Any) -> Any:
    result = play.machine.call(ANYBODY, to, abi.encode_call(function, *arguments))
    assert result.succeeded
    return abi.decode_result(function, result.output)


def test_storage_is_read_as_the_views_read_it() -> None:
    statuses = set()
    for play in plays(30, 70):
        for line in play.scene.lines:
            manager, slot = line.desk.address, storage.slot_of(line.identity.id, storage.RECORDS)
            slots = range(slot, slot + storage.WORDS_OF_A_CHANNEL)
            stored = storage.channel_of([play.machine.storage(manager, each) for each in slots])
            statuses.add(stored.status)
            (user_wei, user_token), (held_wei, held_token) = stored.user, stored.held
            ledger = (user_wei, held_wei - user_wei, user_token, held_token - user_token)
            counters = (stored.status, stored.deadline, stored.dispute, stored.sequence, *stored.recorded)
            expected = (*counters, *ledger, stored.transfers_hash, *stored.locked, stored.settled)
            assert tuple(ask(play, MANAGER, manager, "channelOf", line.identity.id)) == expected
        for desk in play.scene.desks:
            for account in (*desk.ledger.reserves, *desk.ledger.credits):
                for mapping, view in ((storage.RESERVES, "reserveOf"), (storage.CREDITS, "creditOf")):
                    word = play.machine.storage(desk.address, storage.slot_of(account, mapping))
                    assert tuple(ask(play, MANAGER, desk.address, view, account)) == storage.pair_of(word)
        for triple, share in play.scene.desks[0].ledger.registry.shares.items():
            assert play.machine.storage(play.stage.registry, storage.share_slot(triple)) == share
            assert ask(play, REGISTRY, play.stage.registry, "outcomeOf", *triple)[0] == share
    assert statuses == set(type(UNFUNDED.status))


# --- Chance ---


def test_choices_reach_both_ends() -> None:
    low, high = Choices(lambda: 0), Choices(lambda: 2**16 - 1)
    for count in (1, 2, 10, 2**16, 2**80, 2**256):
        assert low.below(count) == 0
        assert count - 1 - high.below(count) <= count >> 16
    assert (low.pick("ab"), high.pick("ab")) == ("a", "b")
    assert (low.seldom(1), high.seldom(1)) == (False, True)
    assert (low.between(3, 5), high.between(3, 5)) == (3, 5)


def test_a_table_draws_by_weight() -> None:
    choices, table = seeded(1), Table({"a": 3, "b": 1})
    drawn = [table.draw(choices) for _ in range(4_000)]
    assert 2_850 < drawn.count("a") < 3_150


def test_a_token_refuses_who_has_all_of_it() -> None:
    life = Life(campaign.stage_of(SHIPPED), Choices(lambda: 0x8000))
    desk = life.play.scene.desks[0]
    foreign: Foreign = desk.foreign
    assert foreign.can_receive(FRESH, 1, 2**256 - 1, True)
    desk.ledger.token.balances[FRESH] = 1
    assert not foreign.can_receive(FRESH, 1, 2**256 - 1, True)
