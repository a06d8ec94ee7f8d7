"""Countersigned updates, and vouchers of a stream, per second on one core: `python -m connext.bench`.

One update is a payment between two parties through `party.step`: one proposes and signs, the other verifies, judges and
countersigns, the first verifies the countersignature. Files and networks are left out. It is compared with what its
four signature operations (two to sign, two to recover) alone allow, measured in the same round.

One voucher is signed by the payer's end of a stream and checked by the payee's. It is compared with one signature and
one recovery alone.

`checking_by_transfers` and `checking_by_channels` show how one side's part of an update grows: what a node does for
each payment that it gets.

All times are processor time, so that other programs on the machine disturb little.
"""

import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from coincurve import PrivateKey, PublicKey

from connext.channel import UNSEEN, Deployment
from connext.conditions import Conditions, hash_lock_params, stream_params
from connext.envelopes import Envelope
from connext.events import Lock, Open, Output, Pay, Send
from connext.keccak import keccak256
from connext.messages import Domain
from connext.party import Party, step
from connext.rules import Policy
from connext.signing import Key
from connext.streams import PayingStream, ReceivingStream
from connext.types import DAY, HOUR, Asset, ChannelIdentity, Side, Status

ETHER = 10**18
GWEI = 10**9

ROUNDS = 5
UPDATES_PER_ROUND = 2_000
VOUCHERS_PER_ROUND = 5_000
CHECKS_PER_ROUND = 100

OPEN_TRANSFERS = (0, 25, 50, 75, 100, 125, 150, 175, 200)
CHANNELS = (1, 250, 500, 750, 1_000, 1_250, 1_500, 1_750, 2_000)

DEPLOYMENT = Deployment(
    domain=Domain(chain_id=1, verifying_contract=b"\x11" * 20),
    token=b"\x22" * 20,
    registry=b"\x33" * 20,
    conditions=Conditions(b"\x33" * 20, b"\x42" * 20, b"\x43" * 20, b"\x44" * 20, b"\x45" * 20),
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
    withdrawal_window=HOUR,
    resume_window=HOUR,
    exit_window=DAY,
    recording_margin=4 * HOUR,  # enough to record 200 secrets
)


# --- What is measured ---


class Pair:
    """A user and a node with funded channels, who pay each other in turn in the first one."""

    def __init__(self, channels: int = 1, transfers: int = 0) -> None:
        """transfers: how many of the user's are open in the first channel, each on a hash of its own."""
        keys = {Side.USER: Key(b"\x01" * 32), Side.NODE: Key(b"\x02" * 32)}
        self.parties = {side: Party(DEPLOYMENT, POLICY, key.address, key, {}) for side, key in keys.items()}
        user, node = (keys[side].address for side in Side)
        identities = [ChannelIdentity(user, user, node, node, DAY, salt) for salt in range(channels)]
        self.channel_id = identities[0].id(1, DEPLOYMENT.domain.verifying_contract)
        funded = replace(UNSEEN, number=1, time=1, status=Status.OPEN, user_wei=50 * ETHER, node_wei=50 * ETHER)
        for identity in identities:
            for side in Side:
                self.parties[side], _ = step(self.parties[side], Open(identity, funded, never_signed=True))
        self.payer = Side.USER
        for number in range(transfers):
            self._lock(number)

    def update(self) -> None:
        """One payment of 1 gwei, countersigned."""
        self.conclude(self.check(self.propose()))

    def propose(self) -> Envelope:
        return self._proposed(Pay(self.channel_id, GWEI, 0))

    def check(self, proposal: Envelope) -> Envelope:
        """What the payee does: verify, judge, countersign."""
        payee = self.payer.other
        self.parties[payee], (_, countersignature, _) = step(self.parties[payee], proposal)
        return _envelope(countersignature)

    def conclude(self, countersignature: Envelope) -> None:
        self.parties[self.payer], _ = step(self.parties[self.payer], countersignature)
        self.payer = self.payer.other

    def agreed_nonces(self) -> set[int]:
        return {party.channels[self.channel_id].latest.message.nonce for party in self.parties.values()}

    def open_transfers(self) -> set[int]:
        return {len(party.channels[self.channel_id].latest.message.transfers) for party in self.parties.values()}

    def _lock(self, number: int) -> None:
        params = hash_lock_params(keccak256(number.to_bytes(32)))
        self.payer = Side.USER
        lock = Lock(self.channel_id, Asset.ETH, GWEI, DEPLOYMENT.conditions.hash_lock, params, DAY)
        self.conclude(self.check(self._proposed(lock)))

    def _proposed(self, intent: Pay | Lock) -> Envelope:
        self.parties[self.payer], (_, proposal) = step(self.parties[self.payer], intent)
        return _envelope(proposal)


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
    _assert_agreed(pair, before, count)
    return count / seconds


def measure_checking(pair: Pair, count: int) -> float:
    """Seconds of processor time in which the payee answers a proposal."""
    before = pair.agreed_nonces()
    seconds = 0.0
    for _ in range(count):
        proposal = pair.propose()
        start = time.process_time()
        countersignature = pair.check(proposal)
        seconds += time.process_time() - start
        pair.conclude(countersignature)
    _assert_agreed(pair, before, count)
    return seconds / count


def _assert_agreed(pair: Pair, before: set[int], count: int) -> None:
    if pair.agreed_nonces() != {nonce + count for nonce in before}:
        raise RuntimeError(f"the parties did not agree on {count} updates")


def measure_vouchers(count: int) -> float:
    """Vouchers per second of processor time, each signed by the payer and checked by the payee."""
    key = Key(b"\x01" * 32)
    stream = (1, DEPLOYMENT.conditions.stream, stream_params(key.address, ETHER, b"\x07" * 32), DAY)
    payer, payee = PayingStream(*stream, key), ReceivingStream(*stream)
    start = time.process_time()
    for _ in range(count):
        payee.receive(payer.pay(GWEI))
    seconds = time.process_time() - start
    if payee.received != payer.paid:
        raise RuntimeError(f"{payer.paid} were paid, {payee.received} received")
    return count / seconds


def measure_signatures(signers: int, count: int) -> float:
    """How many times a second of processor time allows one signature by each signer, and its recovery."""
    keys = [PrivateKey(bytes(31) + bytes((i,))) for i in range(1, signers + 1)]
    digests = [bytes(24) + i.to_bytes(8) for i in range(count)]
    start = time.process_time()
    for digest in digests:
        for key in keys:
            signature = key.sign_recoverable(digest, hasher=None)
            PublicKey.from_signature_and_message(signature, digest, hasher=None)
    return count / (time.process_time() - start)


# --- What comes of it ---


@dataclass(frozen=True)
class Rate:
    """Medians over the rounds, per second of processor time on one core.

    signatures_alone: how many the signature operations would allow, were there nothing else to do. fraction: the median
    of the rounds' own, for what slows the machine down for a while slows down both.
    """

    per_second: int
    signatures_alone: int
    fraction: float


Curve = tuple[tuple[int, int], ...]
"""Points, x ascending."""


def rates() -> dict[str, Rate]:
    """Of countersigned updates and of vouchers."""
    pair = Pair()
    return {
        "countersigned updates": _rate(
            lambda: measure_updates(pair, UPDATES_PER_ROUND), lambda: measure_signatures(2, UPDATES_PER_ROUND)
        ),
        "vouchers": _rate(
            lambda: measure_vouchers(VOUCHERS_PER_ROUND), lambda: measure_signatures(1, VOUCHERS_PER_ROUND)
        ),
    }


def _rate(measure: Callable[[], float], measure_bound: Callable[[], float]) -> Rate:
    bounds, measured = zip(*((measure_bound(), measure()) for _ in range(ROUNDS)), strict=True)
    fractions = (rate / bound for rate, bound in zip(measured, bounds, strict=True))
    return Rate(
        round(statistics.median(measured)), round(statistics.median(bounds)), round(statistics.median(fractions), 3)
    )


def checking_by_transfers() -> Curve:
    """Microseconds of the payee for one payment, by how many transfers are open in the channel."""
    return _checking(OPEN_TRANSFERS, lambda transfers: Pair(transfers=transfers))


def checking_by_channels() -> Curve:
    """Microseconds of the payee for one payment, by how many channels it has."""
    return _checking(CHANNELS, lambda channels: Pair(channels=channels))


def _checking(sizes: Iterable[int], pair_of: Callable[[int], Pair]) -> Curve:
    pairs = {size: pair_of(size) for size in sizes}
    rounds = [{size: measure_checking(pair, CHECKS_PER_ROUND) for size, pair in pairs.items()} for _ in range(ROUNDS)]
    return tuple((size, round(1e6 * statistics.median(times[size] for times in rounds))) for size in pairs)


def machine() -> str:
    """The processor, where the system tells it, and Python."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return f"{next(names, platform.machine())}, Python {platform.python_version()}"


def text(measured: Mapping[str, Rate]) -> str:
    """One line for each."""
    return "".join(
        f"{name:21} {rate.per_second:6,} per second, {rate.fraction:.3f} of the {rate.signatures_alone:,} "
        "that the signatures alone allow\n"
        for name, rate in measured.items()
    )


if __name__ == "__main__":
    sys.stdout.write(text(rates()))
