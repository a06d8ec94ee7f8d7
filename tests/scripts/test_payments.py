"""Conditional payments from Alice over Bob's node to Charlie, by files and scripts alone; all money to the wei."""

import json
from stat import S_IMODE

import pytest

from connext.channel import Channel
from connext.ledger import Holdings
from connext.store import Store
from tests.scripts.running import ALICE, CAROL
from tests.scripts.trio import ACCOUNTS, Held, Trio

ETH = DAI = 10**18
NONE = Holdings(0, 0)


def ether(wei: int) -> Holdings:
    return Holdings(wei, 0)


def routed(trio: Trio, *options: str) -> tuple[int, int]:
    """1 ETH on its way to Charlie under the terms of an invoice: the transfer in each channel."""
    trio.alone("charlie", "invoice", "0.9 ETH", out="terms").succeeded()
    incoming = trio.lock("1 ETH", "terms")
    return incoming, trio.forward(incoming, *options)


def everybody(trio: Trio) -> dict[str, Held]:
    return {name: trio.held(name) for name in ACCOUNTS}


def gained(trio: Trio, before: dict[str, Held]) -> dict[str, Held]:
    return {name: held.minus(before[name]) for name, held in everybody(trio).items()}


def close(trio: Trio, name: str, channel: str) -> None:
    """Somebody proposes, Bob sends the transaction."""
    trio.do(name, "close", channel, "--propose", out=f"{name}-final").succeeded()
    trio.reads("bob", channel, f"{name}-final", script="close", out=f"{name}-closed")


# --- A secret ---


def test_a_payment_through_a_node(trio: Trio) -> None:
    incoming, outgoing = routed(trio, "--fee", "0.1 %")
    shown = trio.portrait("bob", trio.first)
    assert f"transfer  {incoming}: 1 ETH from the user for the node (you), for the secret of hash 0x" in shown
    assert "nothing recorded\n" in shown
    assert "what proves" not in shown
    shown = trio.portrait("charlie", trio.second)
    assert "your files have what proves that it pays all of 0.999 ETH" in shown
    assert f"get it: ape run resolve {trio.second} {outgoing}" in shown
    trio.do("charlie", "resolve", trio.second, str(outgoing), out="reveal").succeeded()
    output = trio.reads("bob", trio.second, "reveal", script="resolve", out="for-alice").output
    assert f"in channel {trio.first}: show the user what proves transfer {incoming}: it pays you all of 1 ETH" in output
    assert f"for-alice.json for channel {trio.first}, to be read with: ape run resolve --from" in output
    assert "what proves that it pays all of 1 ETH" in trio.portrait("bob", trio.first)
    assert "get it" not in trio.portrait("charlie", trio.second)
    output = trio.reads("alice", trio.first, "for-alice", script="resolve", out="paid").output
    assert f"transfer {incoming} over 1 ETH ends: the node gets 1 ETH" in output
    output = trio.reads("bob", trio.first, "paid", out="thanks").output
    assert f"thanks-2.json for channel {trio.second}, to be read with: ape run update --from" in output
    trio.reads("alice", trio.first, "thanks")
    trio.agree("charlie", trio.second, "thanks-2")
    assert trio.nets("alice", trio.first) == (-ETH, ETH, 0, 0)
    assert trio.nets("charlie", trio.second) == (999 * ETH // 1000, -999 * ETH // 1000, 0, 0)
    assert "open transfer" not in trio.portrait("bob", trio.first)

    before = everybody(trio)
    close(trio, "alice", trio.first)
    close(trio, "charlie", trio.second)
    after = gained(trio, before)
    assert after["alice"] == Held(Holdings(2 * ETH, 50 * DAI), NONE, NONE)
    assert after["charlie"] == Held(ether(999 * ETH // 1000), NONE, NONE)
    assert after["bob"].reserve == ether(2 * ETH + ETH + 5 * ETH - 999 * ETH // 1000)


def test_the_payee_records_and_both_channels_settle(trio: Trio) -> None:
    """Bob does not answer Charlie, for whom Carol records, with a copy of his files; Alice does not answer Bob."""
    _, outgoing = routed(trio, "--amount", "0.95 ETH")
    copy = ("--store", trio.store("charlie"), "--for", ACCOUNTS["charlie"], "--account", CAROL)
    output = trio.run("record", trio.second, str(outgoing), *copy).succeeded().output
    assert "it pays all of 0.95 ETH; possible until 20" in output
    shown = trio.portrait("alice", trio.first)
    assert "decided: all for the payee" in shown
    assert f"next: ape run resolve {trio.first}" in shown
    assert "recorded already" in trio.do("charlie", "record", trio.second, str(outgoing)).succeeded().output

    trio.do("charlie", "dispute", trio.second).succeeded()
    trio.do("bob", "dispute", trio.first).succeeded()
    trio.run("advance", "1 d").succeeded()
    before = everybody(trio)
    carol = ("--account", CAROL, "--store", trio.store("charlie"))
    output = trio.run("settle", trio.second, *carol).succeeded().output
    assert (
        "pay out state 1 and close the channel for ever, with what is decided by now of its 1 open transfer" in output
    )
    assert "the user got 0.95 ETH\n" in output
    after = gained(trio, before)
    assert after["charlie"] == Held(ether(95 * ETH // 100), NONE, NONE)
    assert after["bob"] == Held(NONE, ether(405 * ETH // 100), NONE)

    output = trio.run("settle", trio.first, *carol).succeeded().output
    assert f"its open transfers stay open: {trio.store('charlie')} does not have their list" in output
    assert "open transfers still hold 1 ETH: once they are decided, ape run settle_transfers" in output
    shown = trio.portrait("bob", trio.first)
    assert "  holds     1 ETH in open transfers" in shown
    assert f"next: ape run settle_transfers {trio.first}" in shown
    trio.run("settle_transfers", trio.first, *carol).failed("does not have the list of transfers")
    bobs = ("--account", CAROL, "--store", trio.store("bob"))
    output = trio.run("settle_transfers", trio.first, *bobs).succeeded().output
    assert "hand out what is decided of the channel's 1 open transfer" in output
    assert "the user has nothing, the node 1 ETH" in output
    after = gained(trio, before)
    assert after["alice"] == Held(Holdings(2 * ETH, 50 * DAI), NONE, NONE)
    assert after["bob"] == Held(NONE, ether(2 * ETH + ETH + 405 * ETH // 100), NONE)
    assert "later     from transfers settled since: the user has nothing, the node 1 ETH" in trio.portrait(
        "bob", trio.first
    )
    trio.run("settle_transfers", trio.first, *bobs).failed("holds nothing any more")


def test_what_nobody_proves_comes_back_after_a_settlement(trio: Trio) -> None:
    trio.alone("charlie", "invoice", "1 ETH", "--expires", "3 d", out="terms").succeeded()
    trio.lock("1 ETH", "terms")
    who = ("--account", CAROL, "--store", trio.store("alice"))
    trio.run("settle_transfers", trio.first, *who).failed("transfers are left of a settled one only")
    trio.do("alice", "dispute", trio.first).succeeded()
    trio.run("advance", "1 d").succeeded()
    before = everybody(trio)
    trio.run("settle", trio.first, *who).succeeded()
    trio.run("settle_transfers", trio.first, *who).failed("nothing is decided yet: transfer 256 by 20")
    trio.run("advance", "2 d").succeeded()
    trio.run("settle_transfers", trio.first, *who).succeeded()
    after = gained(trio, before)
    assert after["alice"] == Held(Holdings(2 * ETH, 50 * DAI), NONE, ether(ETH))
    assert after["bob"] == Held(NONE, ether(2 * ETH), NONE)
    output = trio.run("credit", "--push", ALICE, "--account", CAROL).succeeded().output
    assert "its credit of 1 ETH" in output


def test_what_nobody_proves_comes_back_without_the_chain(trio: Trio) -> None:
    _, outgoing = routed(trio)
    trio.do("bob", "resolve", trio.second, out="early").succeeded()
    assert not (trio.folder / "early.json").exists()
    trio.run("advance", "1 d").succeeded()
    trio.do("charlie", "record", trio.second, str(outgoing)).failed("too late: it was decided", "0 ETH of 1 ETH")
    assert "back to the payer" in trio.portrait("bob", trio.second)
    output = trio.do("bob", "resolve", trio.second, out="over").succeeded().output
    assert f"transfer {outgoing} over 1 ETH ends: the node (you) gets 1 ETH" in output
    trio.agree("charlie", trio.second, "over")
    trio.do("alice", "resolve", trio.first, out="back").succeeded()
    trio.agree("bob", trio.first, "back")
    assert trio.nets("bob", trio.first) == trio.nets("bob", trio.second) == (0, 0, 0, 0)
    assert "no open transfers" in trio.do("bob", "resolve", trio.first).succeeded().output


def test_a_payment_is_given_back(trio: Trio) -> None:
    incoming, outgoing = routed(trio)
    trio.do("bob", "cancel", trio.first, str(incoming)).failed("cannot be given back", trio.second)
    trio.do("charlie", "cancel", trio.second, str(outgoing), out="no").succeeded()
    trio.agree("bob", trio.second, "no")
    trio.do("bob", "cancel", trio.first, str(incoming), out="nor-me").succeeded()
    trio.agree("alice", trio.first, "nor-me")
    assert trio.nets("alice", trio.first) == trio.nets("charlie", trio.second) == (0, 0, 0, 0)


def test_nothing_is_given_back_while_a_file_cannot_be_read(trio: Trio) -> None:
    """It was forwarded there, which nobody but that file says."""
    incoming, _ = routed(trio)
    (path,) = (trio.folder / "bob").glob(f"*/{trio.second}.json")
    text = path.read_text()
    path.write_text(text[:-10])
    trio.do("bob", "cancel", trio.first, str(incoming)).failed("the file of another channel may be old or unreadable")
    path.write_text(text)
    trio.do("bob", "cancel", trio.first, str(incoming)).failed("cannot be given back", trio.second)


def test_what_was_lost_is_written_again(trio: Trio) -> None:
    """What Charlie showed Bob, and what Bob showed Alice and proposed to Charlie."""
    _, outgoing = routed(trio)
    trio.do("charlie", "resolve", trio.second, str(outgoing), out="lost").succeeded()
    output = trio.do("charlie", "resend", trio.second, out="again").succeeded().output
    assert "again-2.json, to be read with: ape run resolve --from" in output
    trio.reads("bob", trio.second, "again-2", script="resolve", out="lost")
    trio.do("bob", "resend", trio.first, out="again").succeeded()
    trio.reads("alice", trio.first, "again-2", script="resolve", out="paid")
    trio.reads("bob", trio.first, "paid", out="lost")
    trio.do("bob", "resend", trio.first, out="again").succeeded()
    trio.reads("alice", trio.first, "again")
    trio.do("bob", "resend", trio.second, out="again").succeeded()
    assert json.loads((trio.folder / "again-2.json").read_text())["kind"] == "proposal"
    trio.agree("charlie", trio.second, "again-2")
    assert trio.nets("alice", trio.first) == (-ETH, ETH, 0, 0)
    assert trio.nets("charlie", trio.second) == (ETH, -ETH, 0, 0)


def test_near_the_end_the_payee_is_told_to_record(trio: Trio) -> None:
    _, outgoing = routed(trio)
    trio.do("charlie", "resolve", trio.second, str(outgoing), out="ignored").succeeded()
    trio.run("advance", "84000").failed("is no duration", code=2)
    trio.run("advance", "1410 min").succeeded()
    told = f"next: ape run record {trio.second} {outgoing}, before 20"
    assert told in trio.portrait("charlie", trio.second)
    assert told in trio.do("charlie", "resend", trio.second, out="again").succeeded().output
    trio.do("bob", "resolve", trio.second, "--from", trio.file("ignored")).failed("record the witness on chain")
    output = trio.do("charlie", "resolve", trio.second, str(outgoing)).succeeded().output
    assert f"record on chain what proves transfer {outgoing}; possible until" in output
    assert told not in output
    output = trio.do("bob", "resolve", trio.second, out="must").succeeded().output
    assert "the user gets 1 ETH" in output


# --- A link ---


def test_a_link(trio: Trio) -> None:
    """Alice pays whoever gets the link; Charlie gets it."""
    trio.alone("alice", "link", out="link").succeeded()
    assert S_IMODE((trio.folder / "link.json").stat().st_mode) == 0o600
    incoming = trio.lock("1 ETH", "link")
    source = ("--incoming", trio.first, "--transfer", str(incoming))
    trio.do("bob", "forward", trio.second, *source).failed("only into the channel that the link's key asks for")
    first_time = ("--first-time", "--link", trio.file("link"))
    trio.do("charlie", "request", trio.second, *first_time, out="request").succeeded()
    request = ("--request", trio.file("request"))
    trio.do("bob", "forward", trio.first, *source, *request).failed(f"is about channel {trio.second}")
    outgoing = trio.forward(incoming, *request)
    assert "for whoever holds its link" in trio.portrait("charlie", trio.second)
    trio.do("charlie", "resolve", trio.second, str(outgoing), out="release").succeeded()
    trio.reads("bob", trio.second, "release", script="resolve", out="for-alice")
    trio.reads("alice", trio.first, "for-alice", script="resolve", out="paid")
    trio.reads("bob", trio.first, "paid", out="thanks")
    trio.agree("charlie", trio.second, "thanks-2")
    assert trio.nets("bob", trio.first) == (-ETH, ETH, 0, 0)
    assert trio.nets("charlie", trio.second) == (ETH, -ETH, 0, 0)
    trio.do("charlie", "request", trio.second, "--link", trio.file("link"), out="more").succeeded()
    trio.do("alice", "lock", trio.first, "1 ETH", "--terms", trio.file("link")).failed("under these terms before")


# --- A stream ---


def test_a_stream(trio: Trio) -> None:
    """Alice locks 1 ETH and pays Charlie 0.3 ETH of it, by three vouchers; Bob keeps his percent of that."""
    trio.alone("alice", "stream", "1 ETH", out="stream").succeeded()
    paying = ("--stream", trio.file("stream"))
    trio.alone("alice", "voucher", "0.1 ETH", *paying, out="voucher-1").succeeded()
    trio.alone("charlie", "voucher", "--from", trio.file("voucher-1")).failed("worth nothing yet")
    incoming = trio.lock("1 ETH", "stream")
    outgoing = trio.forward(incoming, "--fee", "1 %")
    assert "by vouchers of a stream of up to 1 ETH" in trio.portrait("charlie", trio.second)

    taken = trio.alone("charlie", "voucher", "--from", trio.file("voucher-1")).succeeded().output
    assert "0.1 ETH more, 0.1 ETH in sum" in taken
    assert f"worth 0.099 ETH of 0.99 ETH by transfer {outgoing} of channel {trio.second}" in taken
    trio.alone("charlie", "voucher", "--from", trio.file("voucher-1")).failed("not above the")
    trio.alone("alice", "voucher", "0.1 ETH", *paying, out="voucher-2").succeeded()
    output = trio.alone("alice", "voucher", "0.1 ETH", *paying, out="voucher-3").succeeded().output
    assert "0.3 ETH of 1 ETH paid" in output
    assert "0.2 ETH more, 0.3 ETH in sum" in trio.alone("charlie", "voucher", "--from", trio.file("voucher-3")).output
    trio.alone("charlie", "voucher", "--from", trio.file("voucher-2")).failed("not above the")
    trio.alone("alice", "voucher", *paying, out="again").succeeded()
    assert (trio.folder / "again.json").read_text() == (trio.folder / "voucher-3.json").read_text()
    trio.alone("alice", "voucher", "0.8 ETH", *paying).failed("above the stream's cap")
    trio.alone("alice", "voucher", "1 DAI", *paying).failed("pays ETH, not DAI")
    trio.alone("charlie", "voucher", "0.1 ETH", *paying).failed("have no key of the stream")

    output = trio.do("charlie", "resolve", trio.second, str(outgoing), out="shown").succeeded().output
    assert "it pays you 0.297 ETH of 0.99 ETH" in output
    trio.reads("bob", trio.second, "shown", script="resolve", out="part")
    trio.reads("charlie", trio.second, "part", out="part-ok")
    output = trio.reads("bob", trio.second, "part-ok", out="for-alice").output
    assert f"for channel {trio.first}, to be read with: ape run resolve --from" in output
    trio.reads("alice", trio.first, "for-alice", script="resolve", out="paid")
    trio.agree("bob", trio.first, "paid")
    assert trio.nets("alice", trio.first) == (-3 * ETH // 10, 3 * ETH // 10, 0, 0)
    assert trio.nets("bob", trio.second) == (297 * ETH // 1000, -297 * ETH // 1000, 0, 0)


# --- An exchange ---


def test_an_exchange(trio: Trio) -> None:
    """Alice gives 20 DAI for 0.01 ETH of Bob's."""
    trade = ("--give", "20 DAI", "--take", "0.01 ETH")
    trio.do("alice", "exchange", trio.first, "--give", "20 DAI", "--take", "1 DAI").failed("different assets", code=2)
    trio.do("alice", "exchange", trio.first, *trade, "--within", "1 d").failed("1 d is not more than 3 h")
    output = trio.do("alice", "exchange", trio.first, *trade, out="trade").succeeded().output
    assert "the user (you) locks 20 DAI for the node as transfer 256" in output
    assert "the node locks 0.01 ETH for the user (you) as transfer 257" in output
    trio.do("bob", "update", trio.first, "--from", trio.file("trade"), "--yes").failed("waits for your --accept")
    trio.agree("bob", trio.first, "trade", "--accept")
    trio.do("alice", "resolve", trio.first, "257", out="secret").succeeded()
    output = trio.reads("bob", trio.first, "secret", script="resolve", out="done").output
    assert (
        "transfers 256 and 257 over 0.01 ETH and 20 DAI end: the user gets 0.01 ETH, the node (you) gets 20 DAI"
        in output
    )
    trio.agree("alice", trio.first, "done")
    assert trio.nets("bob", trio.first) == (ETH // 100, -ETH // 100, -20 * DAI, 20 * DAI)


def test_a_payment_changes_its_asset_on_the_way(trio: Trio) -> None:
    """Alice pays 20 DAI, Charlie gets 0.01 ETH."""
    trio.alone("charlie", "invoice", "0.01 ETH", "--expires", "8 h", out="terms").succeeded()
    incoming = trio.lock("20 DAI", "terms")
    source = ("--incoming", trio.first, "--transfer", str(incoming))
    trio.do("bob", "forward", trio.second, *source, "--amount", "0.01 ETH").failed("at which --rate", code=2)
    outgoing = trio.forward(incoming, "--rate", "1 ETH for 2000 DAI")
    trio.do("charlie", "resolve", trio.second, str(outgoing), out="reveal").succeeded()
    trio.reads("bob", trio.second, "reveal", script="resolve", out="for-alice")
    trio.reads("alice", trio.first, "for-alice", script="resolve", out="paid")
    trio.reads("bob", trio.first, "paid", out="thanks")
    trio.agree("charlie", trio.second, "thanks-2")
    assert trio.nets("bob", trio.first) == (0, 0, -20 * DAI, 20 * DAI)
    assert trio.nets("charlie", trio.second) == (ETH // 100, -ETH // 100, 0, 0)


# --- What stops a step ---


def test_terms_are_used_once(trio: Trio) -> None:
    """Bob has seen the secret of the first payment: a second one under it would be his."""
    trio.alone("charlie", "invoice", "1 ETH", out="terms").succeeded()
    lock = ("lock", trio.first, "1 ETH", "--terms", trio.file("terms"))
    incoming = trio.lock("1 ETH", "terms")
    trio.do("alice", *lock).failed("under these terms before", trio.first)
    trio.do("bob", "cancel", trio.first, str(incoming), out="no").succeeded()
    trio.agree("alice", trio.first, "no")
    trio.do("alice", *lock).failed("under these terms before")
    other = ("--account", ACCOUNTS["charlie"], "--store", trio.store("charlie"))
    trio.run("resend", trio.second, "--first-time", *other).succeeded()
    trio.run(lock[0], trio.second, *lock[2:], *other).failed("ETH: the user's balance would be")


def test_terms_of_a_dead_proposal_were_not_used(trio: Trio) -> None:
    """Both propose at once, the node's stands: Alice locks again under the same terms."""
    trio.alone("charlie", "invoice", "1 ETH", out="terms").succeeded()
    lock = ("lock", trio.first, "1 ETH", "--terms", trio.file("terms"))
    trio.do("alice", *lock, out="crossed").succeeded()
    trio.do("bob", "update", trio.first, "--pay", "0.1 ETH", out="stands").succeeded()
    trio.do("bob", "update", trio.first, "--from", trio.file("crossed"), out="again").failed("crossed this one")
    output = trio.reads("alice", trio.first, "again", out="yes").output
    assert "my proposal 1 is dead" in output
    trio.reads("bob", trio.first, "yes")
    trio.do("alice", *lock, out="second").succeeded()
    trio.agree("bob", trio.first, "second")


def test_terms_of_a_lock_that_was_interrupted_stay_used(trio: Trio, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is signed and saved by then."""
    trio.alone("charlie", "invoice", "1 ETH", out="terms").succeeded()
    save = Store.save

    def interrupted(store: Store, channel: Channel) -> None:
        save(store, channel)
        if channel.own_offers:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Store, "save", interrupted)
        assert trio.do("alice", "lock", trio.first, "1 ETH", "--terms", trio.file("terms")).code != 0
    assert len(trio.stored("alice", trio.first)["ownOffers"]) == 1
    (marked,) = (trio.folder / "alice").glob("*/locked/*.json")
    assert json.loads(marked.read_text())["channelId"] == trio.first


def test_terms_that_come_too_late(trio: Trio) -> None:
    trio.alone("charlie", "invoice", "1 ETH", "--expires", "3 h").failed("3 h is not more than 3 h, and at most 7 d")
    trio.alone("charlie", "invoice", "1 ETH", "--expires", "4 h", out="terms").succeeded()
    trio.alone("alice", "link", "--expires", "4 h", out="link").succeeded()
    trio.run("advance", "2 h").succeeded()
    for name in ("terms", "link"):
        lock = ("lock", trio.first, "1 ETH", "--terms", trio.file(name))
        trio.do("alice", *lock).failed("must be used before 20", "3 h before it is decided")
    trio.do("charlie", "request", trio.second, "--first-time", "--link", trio.file("link")).failed(
        "must be used before"
    )


def test_terms_that_are_decided_already(trio: Trio) -> None:
    """Charlie's secret is public; whatever Alice locked, Bob could take."""
    trio.alone("charlie", "invoice", "1 ETH", out="terms").succeeded()
    incoming = trio.lock("1 ETH", "terms")
    outgoing = trio.forward(incoming)
    trio.do("charlie", "record", trio.second, str(outgoing)).succeeded()
    fresh = ("--account", ALICE, "--store", trio.store("another"))
    trio.run("lock", trio.first, "1 ETH", "--terms", trio.file("terms"), "--first-time", *fresh).failed(
        "is decided already", "ask for new terms"
    )


def test_a_payee_is_not_put_off_with_less(trio: Trio) -> None:
    trio.alone("charlie", "invoice", "1 ETH", out="terms").succeeded()
    incoming = trio.lock("1 ETH", "terms")
    outgoing = trio.forward(incoming, "--amount", "0.5 ETH")
    resolve = ("resolve", trio.second, str(outgoing))
    trio.do("charlie", *resolve).failed("is for 0.5 ETH, you asked for 1 ETH", "--accept")
    assert "all of 0.5 ETH" in trio.do("charlie", *resolve, "--accept", out="well").succeeded().output


def test_what_is_missing(trio: Trio) -> None:
    incoming, outgoing = routed(trio)
    source = ("forward", trio.second, "--incoming", trio.first, "--transfer")
    trio.do("bob", *source, "7").failed("has no open transfer 7")
    trio.do("bob", *source, str(incoming)).failed("would be locked for the next hop")
    trio.do("bob", "forward", trio.second, "--incoming", "0x" + "12" * 32, "--transfer", "7").failed(
        "no channel 0x1212"
    )
    trio.do("bob", "resolve", trio.first, str(incoming)).failed("have nothing that proves transfer", "--witness")
    trio.do("bob", "record", trio.first, str(incoming)).failed("have nothing that proves transfer")
    trio.do("bob", "resolve", trio.first, str(incoming), "--witness", "0x12").failed("a secret has 32 bytes")
    trio.do("bob", "resolve", trio.first, str(incoming), "--witness", "0xzz").failed("hexadecimal digits", code=2)
    trio.do("charlie", "resolve", trio.second, "7").failed("has no open transfer 7")
    trio.do("charlie", "cancel", trio.second, "7").failed("has no open transfer 7")
    trio.do("alice", "resolve", trio.first, str(incoming), "--from", trio.file("terms")).failed("give one of", code=2)
    trio.do("alice", "resolve", trio.first, "--witness", "0x12").failed("say which TRANSFER", code=2)
    (secret,) = (trio.folder / "charlie").glob("*/secrets/*.json")
    assert S_IMODE(secret.stat().st_mode) == 0o600
    secret.unlink()
    trio.do("charlie", "resolve", trio.second, str(outgoing)).failed("have nothing that proves transfer")


def test_files_of_the_wrong_kind(trio: Trio) -> None:
    incoming, outgoing = routed(trio)
    terms, lock = trio.file("terms"), trio.file("terms-lock")
    trio.do("alice", "update", trio.first, "--from", terms).failed("is for `ape run lock --terms`: its kind is terms")
    trio.do("alice", "lock", trio.first, "1 ETH", "--terms", lock).failed("is for `ape run update --from`")
    trio.do("charlie", "request", trio.second, "--link", terms).failed("is for `ape run lock --terms`")
    trio.alone("charlie", "voucher", "--from", terms).failed("is for `ape run lock --terms`")
    trio.alone("alice", "voucher", "1 ETH", "--stream", lock).failed("is for `ape run update --from`")
    trio.alone("alice", "voucher", "1 ETH", "--stream", terms).failed("have no key of the stream")
    trio.alone("alice", "voucher", "1 ETH").failed("give either --stream", code=2)
    source = ("forward", trio.second, "--incoming", trio.first, "--transfer", str(incoming))
    trio.do("bob", *source, "--request", terms).failed("is for `ape run lock --terms`")
    trio.do("bob", "resolve", trio.first, "--from", lock).failed("is for `ape run update --from`")
    trio.do("charlie", "resolve", trio.second, str(outgoing), out="reveal").succeeded()
    trio.do("bob", "withdraw", trio.second, "--from", trio.file("reveal")).failed("is for `ape run resolve --from`")
    trio.do("bob", "resolve", trio.first, "--from", trio.file("reveal")).failed("is about channel")
    (trio.folder / "broken.json").write_text('{"kind": "term"}')
    trio.do("alice", "lock", trio.first, "1 ETH", "--terms", trio.file("broken")).failed("one of proposal,", "voucher")
    trio.do("bob", "forward", trio.second, "--incoming", trio.first, "--transfer", "1", "--rate", "2 DAI").failed(
        "is no price", code=2
    )
    trio.do("bob", *source, "--fee", "100 %").failed("is no fee", code=2)


def test_the_request_of_another_link(trio: Trio) -> None:
    trio.alone("alice", "link", out="link").succeeded()
    trio.alone("alice", "link", out="other").succeeded()
    incoming = trio.lock("1 ETH", "link")
    asks = ("request", trio.second, "--link", trio.file("other"), "--first-time")
    trio.do("charlie", *asks, out="request").succeeded()
    source = ("--incoming", trio.first, "--transfer", str(incoming), "--request", trio.file("request"))
    trio.do("bob", "forward", trio.second, *source).failed("it was made for other terms")
