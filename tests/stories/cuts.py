"""A story stopped at every moment: after each message and each transaction one party falls silent for ever.

The others play on: they do what is left of the story for them, take their channels to the chain, and wait until
everything is decided. A step of a party, with all that it sends, is one moment; what it had sent may still be lost.
"""

from collections.abc import Iterable, Iterator
from copy import copy, deepcopy
from dataclasses import dataclass

from connext.actions import Action, action, play
from connext.chain import LocalChain
from connext.chain.evm import EvmChain
from connext.errors import ConnextError
from connext.events import Event
from connext.lifecycle import POLICY
from connext.story import Story, world_of
from connext.types import ChannelIdentity, Side, Status
from connext.world import Outcome, World, actor
from tests.scene import deploy, enrich


class CutWorld(World):
    """Keeps a copy of itself as it was at every moment."""

    def __init__(self, *arguments: object, **options: object) -> None:
        self.moments: list[CutWorld] | None = None
        self.stopped: str | None = None
        self.action_index = 0
        self._last_mark = (0, 0)
        super().__init__(*arguments, **options)  # type: ignore[arg-type]

    def tell(self, name: str, event: Event) -> None:
        if name != self.stopped:
            super().tell(name, event)

    def _deliver(self) -> bool:
        happened = super()._deliver()
        self._mark()
        return happened

    def _look(self) -> bool:
        happened = super()._look()
        self._mark()
        return happened

    def _mark(self) -> None:
        """A moment, if something was said or sent since the last one."""
        if self.moments is None:
            return
        mark = (len(self.sent), len(self.in_flight))
        if mark != self._last_mark:
            self._last_mark = mark
            self.moments.append(self.twin())

    def twin(self) -> "CutWorld":
        """A world of its own with the same present."""
        twin = copy(self)
        twin.moments = None
        twin.chain = _twin_chain(self.chain)
        twin.parties, twin.silent, twin.sent = dict(self.parties), set(self.silent), list(self.sent)
        twin.in_flight, twin.mail = list(self.in_flight), deepcopy(self.mail)
        twin.evidence, twin.payments = deepcopy(self.evidence), _copied(self.payments)
        twin.outcome, twin._seen = Outcome(), dict(self._seen)
        return twin

    def stop(self, name: str, *, mail_is_lost: bool) -> None:
        self.stopped = name
        self.silent.add(name)
        if mail_is_lost:
            self.in_flight = [letter for letter in self.in_flight if letter.sender != name]


def _copied(payments: dict[str, object]) -> dict[str, object]:
    """Streams grow; keys are shared."""
    twins = {name: copy(payment) for name, payment in payments.items()}
    for twin in twins.values():
        twin.paying, twin.receiving = copy(twin.paying), copy(twin.receiving)  # type: ignore[attr-defined]
        twin.requests = dict(twin.requests)  # type: ignore[attr-defined]
    return twins


def _twin_chain(chain: LocalChain) -> EvmChain:
    assert isinstance(chain, EvmChain)
    twin = copy(chain)
    twin._mined, twin._callers = list(chain._mined), copy(chain._callers)
    twin._callers.clear()
    return twin


# --- Playing ---


def begin(story: Story) -> CutWorld:
    chain = EvmChain()
    deployment = deploy(chain)
    enrich(chain, deployment, (actor(name).account for name in story.names))
    template = world_of(story, chain, deployment, policy=POLICY)
    return CutWorld(chain, deployment, template.actors.values(), template.channels, policy=POLICY)


def moments_of(story: Story) -> list[CutWorld]:
    """The world at each moment of the whole story."""
    world = begin(story)
    world.moments = []
    for index, deed in enumerate(story.actions):
        world.action_index = index
        play(world, [deed])
        world._mark()
    return world.moments


@dataclass(frozen=True)
class Cut:
    """Who stops after which moment. mail_is_lost: what it had sent does not arrive any more."""

    moment: int
    stopped: str
    mail_is_lost: bool


def cuts(story: Story, moments: list[CutWorld]) -> Iterator[Cut]:
    for number, moment in enumerate(moments):
        for name in story.names:
            yield Cut(number, name, False)
            if any(letter.sender == name for letter in moment.in_flight):
                yield Cut(number, name, True)


def play_on(story: Story, moment: CutWorld, cut: Cut) -> CutWorld:
    """The end of the story, if one party stops here."""
    world = moment.twin()
    world.stop(cut.stopped, mail_is_lost=cut.mail_is_lost)
    world.settle_down()
    for deed in story.actions[world.action_index + 1 :]:
        if deed.actor != cut.stopped:
            _try(world, deed)
    world.silent &= {cut.stopped}
    _leave(world, story)
    return world


def _try(world: CutWorld, deed: Action) -> None:
    """What makes no sense any more is left out."""
    if deed.name == "advance":
        _advance(world, world.chain.head.time + deed.fields["duration"])
        return
    try:
        if deed.name == "record":
            _require_leg(world, str(deed.actor), deed.fields["payment"])
        play(world, [deed])
    except ConnextError:
        world.settle_down()


def _require_leg(world: CutWorld, name: str, payment: str) -> None:
    """Whoever has a secret shows it to nobody before something is locked for it. Raises NothingKnown."""
    for channel, identity in world.channels.items():
        if side_of(world, name, identity) is not None:
            world.transfer(name, channel, payment)


def _advance(world: CutWorld, until: int) -> None:
    """Let time pass, but not past a moment at which somebody must act."""
    while (now := world.chain.head.time) < until:
        stops = [time for time in _moments_to_act(world) if now < time < until]
        world.chain.set_next_time(min([*stops, until]))
        world.chain.mine()
        world.settle_down()


def _moments_to_act(world: CutWorld) -> Iterator[int]:
    """Within the margin before each expiry, at it, and at each deadline."""
    for payment in world.payments.values():
        yield payment.terms.expiry - POLICY.recording_margin
        yield payment.terms.expiry
    for channel in world.ledger().channels.values():
        yield channel.deadline


def _leave(world: CutWorld, story: Story) -> None:
    """Everybody but the stopped one takes its channels to the chain, and waits until all is decided."""
    for name, identity in world.channels.items():
        for person in living(world, identity):
            _try(world, action("start_dispute", person, channel=name))
    last = max([payment.terms.expiry for payment in world.payments.values()], default=0)
    _advance(world, max(last, world.chain.head.time + max(t.period for t in story.channels.values())) + 60)
    for _ in range(3):
        _try(world, action("mine", blocks=1))


def living(world: CutWorld, identity: ChannelIdentity) -> Iterable[str]:
    accounts = {identity.user, identity.node}
    return [n for n, person in world.actors.items() if person.account in accounts and n != world.stopped]


# --- What was promised ---


def side_of(world: World, name: str, identity: ChannelIdentity) -> Side | None:
    account = world.actors[name].account
    return next((side for side in Side if identity.account(side) == account), None)


def is_over(world: World, channel: str) -> bool:
    """Nothing of the channel is left on chain."""
    known = world.ledger().channels.get(world.channel_id(channel))
    if known is None:
        return True
    nothing_left = not known.open_transfers.locked_wei and not known.open_transfers.locked_token
    return (known.status is Status.SETTLED and nothing_left) or not any(known.contributions)
