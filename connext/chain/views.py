"""What a manager's storage says of channels and accounts at the end of one block."""

from collections.abc import Iterable
from typing import Any

from connext.abi import artifact, manager_abi
from connext.chain import Chain, Transaction
from connext.channel import Deployment, OnChain
from connext.events import ChainView
from connext.ledger import Holdings
from connext.token import TOKEN_ABI
from connext.transfers import RecordedOutcome, Triple
from connext.types import ZERO_ADDRESS, Address, Bytes32, Status


def confirmed_view(
    chain: Chain, deployment: Deployment, channel_ids: Iterable[Bytes32], triples: Iterable[Triple], depth: int
) -> ChainView:
    """The channels and the outcomes of the triples as they were `depth` blocks below the head.

    That is what a party may rely on. The head itself only tells that a dispute has begun since then, which is a reason
    for caution.
    """
    head, confirmed = chain.head, chain.block(max(chain.head.number - depth, 0))
    manager = deployment.domain.verifying_contract
    views: dict[bytes, OnChain] = {}
    for channel_id in channel_ids:
        status, *rest = channel_at(chain, manager, channel_id, confirmed.number)
        status_now, _, dispute_now, *_ = channel_at(chain, manager, channel_id, head.number)
        _, dispute, *_ = rest
        recent_dispute = status_now == Status.DISPUTED or dispute_now > dispute
        fields: list[Any] = [confirmed.number, confirmed.time, Status(status), *rest, recent_dispute]
        views[channel_id] = OnChain(*fields)
    outcomes: dict[Triple, RecordedOutcome] = {}
    for triple in triples:
        share, _ = outcome_at(chain, deployment.registry, triple, confirmed.number)
        outcomes[triple] = RecordedOutcome(share, confirmed.time)
    return ChainView(views, outcomes)


def outcome_at(chain: Chain, registry: Address, triple: Triple, block: int) -> tuple[int, bool]:
    """The share that is recorded, and whether that is final at the block's time."""
    abi = artifact("OutcomeRegistry").abi
    question = Transaction(ZERO_ADDRESS, registry, abi.encode_call("outcomeOf", *triple))
    outcome: tuple[int, bool] = abi.decode_result("outcomeOf", chain.call(question, block))
    return outcome


def channel_at(chain: Chain, manager: Address, channel_id: Bytes32, block: int) -> tuple[Any, ...]:
    """The fields of `ChannelView`, in order."""
    view: tuple[Any, ...] = ask_manager(chain, manager, block, "channelOf", channel_id)
    return view


def reserve_at(chain: Chain, manager: Address, account: Address, block: int) -> Holdings:
    return Holdings(*ask_manager(chain, manager, block, "reserveOf", account))


def credit_at(chain: Chain, manager: Address, account: Address, block: int) -> Holdings:
    return Holdings(*ask_manager(chain, manager, block, "creditOf", account))


def wallet_at(chain: Chain, token: Address, account: Address, block: int) -> Holdings:
    """What the account holds outside of the manager."""
    question = Transaction(ZERO_ADDRESS, token, TOKEN_ABI.encode_call("balanceOf", account))
    return Holdings(chain.balance(account, block), TOKEN_ABI.decode_result("balanceOf", chain.call(question, block)))


def ask_manager(chain: Chain, manager: Address, block: int, function: str, *arguments: object) -> Any:
    """What a view of the manager returns. Raises CannotDecode where there was no manager at that block yet."""
    question = Transaction(ZERO_ADDRESS, manager, manager_abi().encode_call(function, *arguments))
    return manager_abi().decode_result(function, chain.call(question, block))
