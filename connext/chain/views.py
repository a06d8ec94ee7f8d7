"""What a manager's storage says of channels and accounts at the end of one block."""

from collections.abc import Iterable
from typing import Any

from connext.abi import manager_abi
from connext.chain import Chain, Transaction
from connext.channel import OnChain
from connext.events import ChainView
from connext.ledger import Holdings
from connext.token import TOKEN_ABI
from connext.types import ZERO_ADDRESS, Address, Bytes32, Status


def confirmed_view(chain: Chain, manager: Address, channel_ids: Iterable[Bytes32], depth: int) -> ChainView:
    """The channels as they were `depth` blocks below the head, which is what a party may rely on.

    The head itself only tells that a dispute has begun since then, which is a reason for caution.
    """
    head, confirmed = chain.head, chain.block(max(chain.head.number - depth, 0))
    views = {}
    for channel_id in channel_ids:
        status, *rest = channel_at(chain, manager, channel_id, confirmed.number)
        status_now, _, dispute_now, *_ = channel_at(chain, manager, channel_id, head.number)
        _, dispute, *_ = rest
        recent_dispute = status_now == Status.DISPUTED or dispute_now > dispute
        views[channel_id] = OnChain(confirmed.number, confirmed.time, Status(status), *rest, recent_dispute)
    return ChainView(views)


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
