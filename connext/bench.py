"""Countersigned updates per second on one core: `python -m connext.bench`.

One update is a payment between two parties through `party.step`: one proposes and signs, the other verifies, judges and
countersigns, the first verifies the countersignature. Files and networks are left out. The bound is what the four
signature operations of an update (two to sign, two to recover) alone allow, measured in the same run.
"""

import statistics
import sys
import time
from dataclasses import replace

from coincurve import PrivateKey, PublicKey

from connext.channel import UNSEEN, Deployment
from connext.envelopes import Envelope
from connext.events import Open, Output, Pay, Send
from connext.messages import Domain
from connext.party import Party, step
from connext.rules import Policy
from connext.signing import Key
from connext.types import DAY, HOUR, ChannelIdentity, Side, Status

ETHER = 10**18

ROUNDS = 9
UPDATES_PER_ROUND = 500

DEPLOYMENT = Deployment(
    domain=Domain(chain_id=1, verifying_contract=b"\x11" * 20),
    token=b"\x22" * 20,
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


def main() -> None:
    pair = Pair()
    updates, bounds = [], []
    for _ in range(ROUNDS):
        bounds.append(measure_bound(UPDATES_PER_ROUND))
        updates.append(measure_updates(pair, UPDATES_PER_ROUND))
    ratio = statistics.median(u / b for u, b in zip(updates, bounds, strict=True))
    sys.stdout.write(
        f"countersigned updates   {statistics.median(updates):8,.0f} per second\n"
        f"four signatures alone   {statistics.median(bounds):8,.0f} per second\n"
        f"ratio                   {ratio:8.3f}\n"
    )


if __name__ == "__main__":
    main()
