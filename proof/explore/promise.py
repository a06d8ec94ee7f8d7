"""What section 9 of docs/protocol.md promises, computed from what was deposited and signed, and from nothing played.

A party "always gets at least the balance in [its newest countersigned] state, and its open transfers at their
outcome". What it signed itself beyond that and has not seen answered may count in its place (rules 4 and 6: "its signer
must be content with either end"), so a promise is a choice of ends: one for each state that may be the last.
"""

from collections.abc import Iterator, Mapping
from itertools import product
from operator import add

from connext.channel import initial_state
from connext.messages import State
from connext.transfers import part_of, triple_of
from connext.types import Side, amounts_for
from proof.explore.stage import Stage

Money = tuple[int, int]
"""Wei of ETH and of DAI."""

Shares = Mapping[str, int]
"""By payment, of FULL_SHARE."""


class Promise:
    """What the honest party is to get out of its channels, wherever its money ends up."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._candidates = {channel: _may_be_last(stage, channel) for channel in stage.channels}

    def least(self) -> Money:
        """The least of each asset that any course of events leaves it: what is known before anything is played."""
        ends = [end for shares in self._extremes() for end in self.ends(shares)]
        return min(wei for wei, _ in ends), min(token for _, token in ends)

    def ends(self, shares: Shares) -> list[Money]:
        """One for each choice of last states, where the outcomes became these, or what the party could have proved."""
        shares = {name: max(share, self._bounds(name)[0]) for name, share in shares.items()}
        per_channel = (
            [self._balance(channel, state, shares) for state in states] for channel, states in self._candidates.items()
        )
        return [(sum(wei for wei, _ in choice), sum(token for _, token in choice)) for choice in product(*per_channel)]

    def latest(self) -> int:
        """By when the party has it all, in Unix seconds (G5): "within one challenge period (for open transfers: and
        their expiry)" for each channel. It leaves when there is nothing else to wait for, and no `Resume` is good for
        longer.
        """
        stage = self._stage
        limits = [stage.start, *(triple.expiry for triple in stage.payments.values())]
        for channel in stage.channels:
            limits.append(stage.on_chain(channel).deadline)
            limits += [signed.message.deadline for signed in stage.withdrawals(channel)]
            limits += [signed.message.deadline for signed in stage.resumes(channel)]
            limits += [exit_.exit.deadline for exit_ in stage.exits(channel)]
        return max(limits) + sum(identity.challenge_period for identity in stage.channels.values())

    def surplus(self, end: Money, shares: Shares) -> int:
        """By how many wei the end is above the promise, in the asset where it is least so; negative: too little."""
        return max(min(got - due for got, due in zip(end, ends, strict=True)) for ends in self.ends(shares))

    def _balance(self, channel: str, state: State, shares: Shares) -> Money:
        """Contribution + net + open transfers at their outcome. What others were to receive of a withdrawal is gone."""
        stage, side = self._stage, self._stage.side(channel)
        balance = list(map(add, amounts_for(side, stage.contributions(channel)), amounts_for(side, state)))
        for transfer in state.transfers:
            balance[transfer.asset] += part_of(side, transfer, shares[stage.payment_on(triple_of(transfer))])
        for signed in stage.withdrawals(channel):
            if side is Side.USER and signed.message.recipient != stage.me.account:
                balance = [b - taken for b, taken in zip(balance, amounts_for(side, signed.message), strict=True)]
        return balance[0], balance[1]

    def _extremes(self) -> Iterator[dict[str, int]]:
        """Each outcome at its lowest and highest."""
        for choice in product(*(self._bounds(name) for name in self._stage.payments)):
            yield dict(zip(self._stage.payments, choice, strict=True))

    def _bounds(self, payment: str) -> tuple[int, int]:
        """What the party can prove and is paid by, it records (rule 8); of its secrets, the others prove nothing."""
        stage, share = self._stage, self._stage.share(payment)
        records = payment in stage.provable & stage.incoming
        return share if records else 0, share if records or payment not in stage.secrets else 0


def _may_be_last(stage: Stage, channel: str) -> list[State]:
    """The newest that the party has with both signatures; what it signed later, and its final states."""
    signed = stage.newest(channel)
    newest = signed.message if signed is not None else initial_state(stage.world.channel_id(channel))
    mine = [signed.message for signed in stage.states(channel)]
    return [newest, *(s for s in mine if s != newest and (s.nonce > newest.nonce or s.is_final))]
