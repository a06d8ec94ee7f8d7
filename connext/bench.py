"""Countersigned updates, and vouchers of a stream, per second on one core: `python -m connext.bench`.

One update is a payment between two parties through `party.step`: one proposes and signs, the other verifies, judges and
countersigns, the first verifies the countersignature. Files and networks are left out. The bound is what the four
signature operations of an update (two to sign, two to recover) alone allow, measured in the same run.

One voucher is signed by the payer's end of a stream and checked by the payee's. It is compared with the recovery of one
signature alone.
"""

import statistics
import sys
import time
from dataclasses import replace

from coincurve import PrivateKey, PublicKey

from connext.channel import UNSEEN, Deployment
from connext.conditions import Conditions, stream_params
from connext.envelopes import Envelope
from connext.events import Open, Output, Pay, Send
from connext.messages import Domain
from connext.party import Party, step
from connext.rules import Policy
from connext.signing import Key
from connext.streams import PayingStream, ReceivingStream
from connext.types import DAY, HOUR, ChannelIdentity, Side, Status

ETHER = 10**18

ROUNDS = 9
UPDATES_PER_ROUND = 500
VOUCHERS_PER_ROUND = 1_000

DEPLOYMENT = Deployment(
    domain=Domain(chain_id=1, verifying_contract=b"\x11" * 20),
    token=b"\x22" * 20,
    registry=b"\x33" * 20,
    conditions=Conditions(b"\x41" * 20, b"\x42" * 20, b"\x43" * 20, b"\x44" * 20, b"\x45" * 20),
    capacity_wei=100 * ETHER,
    capacity_token=200_000 * ETHER,
    transfer_limit_wei=10 * ETHER,
    transfer_limit_token=20_000 * ETHER,
    min_challenge_period=HOUR,
    max_challenge_period=30 * DAY,
)
POLICY = Policy(
    payment_limit_wei=10 * ETHER,
    payment_limit_token=20_000 * ETHER,
    min_challenge_period=HOUR,
    max_challenge_period=30 * DAY,
    max_salt=0,
    withdrawal_window=HOUR,
    resume_window=HOUR,
    exit_window=DAY,
)


class Pair:
    """A user and a node with one funded channel, who pay each other in turn."""

    def __init__(self) -> None:
        keys = {Side.USER: Key(b"\x01" * 32), Side.NODE: Key(b"\x02" * 32)}
        user, node = (keys[side].address for side in Side)
        identity = ChannelIdentity(user, user, node, node, DAY, 0)
        self.channel_id = identity.id(1, DEPLOYMENT.domain.verifying_contract)
        funded = replace(UNSEEN, number=1, time=1, status=Status.OPEN, user_wei=50 * ETHER, node_wei=50 * ETHER)
        self.parties = {}
        for side, key in keys.items():
            party = Party(DEPLOYMENT, POLICY, key.address, key, {})
            self.parties[side], _ = step(party, Open(identity, funded, never_signed=True))
        self.payer = Side.USER

    def update(self) -> None:
        """One payment of 1 gwei, countersigned."""
        payer, payee = self.payer, self.payer.other
        self.parties[payer], (_, proposal) = step(self.parties[payer], Pay(self.channel_id, 10**9, 0))
        self.parties[payee], (_, countersignature, _) = step(self.parties[payee], _envelope(proposal))
        self.parties[payer], _ = step(self.parties[payer], _envelope(countersignature))
        self.payer = payee

    def agreed_nonces(self) -> set[int]:
        return {party.channels[self.channel_id].latest.message.nonce for party in self.parties.values()}


def _envelope(output: Output) -> Envelope:
    if not isinstance(output, Send):
        raise RuntimeError(f"expected a message, got {output}")
    return output.envelope


def measure_updates(pair: Pair, count: int) -> float:
    """Updates per second of processor time."""
    before = pair.agreed_nonces()
    start = time.process_time()
    for _ in range(count):
        pair.update()
    seconds = time.process_time() - start
    if pair.agreed_nonces() != {nonce + count for nonce in before}:
        raise RuntimeError(f"the parties did not agree on {count} updates")
    return count / seconds


def measure_bound(count: int) -> float:
    """How many times a second of processor time allows two signatures and two recoveries."""
    keys = [PrivateKey(b"\x01" * 32), PrivateKey(b"\x02" * 32)]
    digests = [bytes(24) + i.to_bytes(8, "big") for i in range(count)]
    start = time.process_time()
    for digest in digests:
        for key in keys:
            signature = key.sign_recoverable(digest, hasher=None)
            PublicKey.from_signature_and_message(signature, digest, hasher=None)
    return count / (time.process_time() - start)


def measure_vouchers(count: int) -> float:
    """Vouchers per second of processor time, each signed by the payer and checked by the payee."""
    key = Key(b"\x01" * 32)
    stream = (1, DEPLOYMENT.conditions.stream, stream_params(key.address, ETHER, b"\x07" * 32), DAY)
    payer, payee = PayingStream(*stream, key), ReceivingStream(*stream)
    start = time.process_time()
    for _ in range(count):
        payee.receive(payer.pay(10**9))
    seconds = time.process_time() - start
    if payee.received != payer.paid:
        raise RuntimeError(f"{payer.paid} were paid, {payee.received} received")
    return count / seconds


def measure_recoveries(count: int) -> float:
    """Signatures per second of processor time whose signer is recovered."""
    key = PrivateKey(b"\x01" * 32)
    digests = [bytes(24) + i.to_bytes(8, "big") for i in range(count)]
    signatures = [key.sign_recoverable(digest, hasher=None) for digest in digests]
    start = time.process_time()
    for digest, signature in zip(digests, signatures, strict=True):
        PublicKey.from_signature_and_message(signature, digest, hasher=None)
    return count / (time.process_time() - start)


def main() -> None:
    pair = Pair()
    updates, bounds, vouchers, recoveries = [], [], [], []
    for _ in range(ROUNDS):
        bounds.append(measure_bound(UPDATES_PER_ROUND))
        updates.append(measure_updates(pair, UPDATES_PER_ROUND))
        recoveries.append(measure_recoveries(VOUCHERS_PER_ROUND))
        vouchers.append(measure_vouchers(VOUCHERS_PER_ROUND))
    sys.stdout.write(
        f"countersigned updates   {statistics.median(updates):8,.0f} per second\n"
        f"four signatures alone   {statistics.median(bounds):8,.0f} per second\n"
        f"ratio                   {_ratio(updates, bounds):8.3f}\n"
        f"vouchers signed/checked {statistics.median(vouchers):8,.0f} per second\n"
        f"recoveries alone        {statistics.median(recoveries):8,.0f} per second\n"
        f"ratio                   {_ratio(vouchers, recoveries):8.3f}\n"
    )


def _ratio(measured: list[float], compared: list[float]) -> float:
    """The median over the rounds: what slows the machine down for a while slows both down."""
    return statistics.median(m / c for m, c in zip(measured, compared, strict=True))


if __name__ == "__main__":
    main()
