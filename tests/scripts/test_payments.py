"""Conditional payments from Alice over Bob's node to Charlie, by files and scripts alone."""

from connext.ledger import Holdings
from tests.scripts.trio import Trio

ETH = 10**18
NOTHING = Holdings(0, 0)


def routed(trio: Trio, *options: str) -> tuple[int, int]:
    """1 ETH on its way to Charlie under the terms of an invoice: the transfer in each channel."""
    trio.alone("charlie", "invoice", "0.9 ETH", out="terms").succeeded()
    incoming = trio.lock("1 ETH", "terms")
    first_time = () if list((trio.folder / "charlie").glob(f"*/{trio.second}.json")) else ("--first-time",)
    if first_time:
        trio.do("charlie", "resend", trio.second, *first_time).succeeded()
    return incoming, trio.forward(incoming, *options)


def test_a_payment_through_a_node(trio: Trio) -> None:
    incoming, outgoing = routed(trio, "--fee", "0.1 %")
    shown = trio.portrait("bob", trio.first)
    assert f"transfer  {incoming}: 1 ETH from the user for the node (you), for the secret of hash 0x" in shown
    assert "nothing recorded; your files have no witness" in shown
    trio.do("charlie", "resolve", trio.second, str(outgoing), out="reveal").succeeded()
    output = trio.reads("bob", trio.second, "reveal", script="resolve", out="for-alice").output
    assert f"for-alice.json for channel {trio.first}, to be read with: ape run resolve --from" in output
    output = trio.reads("alice", trio.first, "for-alice", script="resolve", out="paid").output
    assert f"transfer {incoming} ends and 1 ETH is free, the node gets 1 ETH" in output
    output = trio.reads("bob", trio.first, "paid", out="thanks").output
    assert f"thanks-2.json for channel {trio.second}, to be read with: ape run update --from" in output
    trio.reads("alice", trio.first, "thanks")
    trio.agree("charlie", trio.second, "thanks-2")
    assert trio.nets("alice", trio.first) == (-ETH, ETH, 0, 0)
    assert trio.nets("charlie", trio.second) == (999 * ETH // 1000, -999 * ETH // 1000, 0, 0)
