"""The whole deployment on a fork of the network first: what it costs, and whether the token does what it must.

The fork is an anvil's and is thrown away. Tokens come from nowhere there (anvil writes them into the token's storage).
"""

from dataclasses import dataclass

from connext.abi import manager_abi
from connext.chain import CallReverted
from connext.chain.anvil import Anvil
from connext.chain.endpoint import Refused, reason_of
from connext.deployer.contracts import Wanted
from connext.deployer.create2 import ONE_TIME_ACCOUNT, ONE_TIME_COST_WEI, ONE_TIME_TRANSACTION, PROXY
from connext.errors import ConnextError
from connext.signing import Key, to_rsv
from connext.token import TOKEN_ABI, Permit, signable_permit
from connext.types import Address, checksum

GAS_LIMIT = 16_000_000
"""Below the most that one transaction may have (EIP-7825)."""
TRIED_AMOUNT = 123_456_789 * 10**9 + 1
"""In the token's smallest unit: no round number, so that nothing that is rounded looks exact."""
UNLIMITED = 2**256 - 1

HOLDER = Key(b"\x11" * 32)
"""Of the tokens on the fork; everybody knows its key."""
RECIPIENT: Address = bytes.fromhex("00000000000000000000000000000000000c0ffe")


@dataclass(eq=False)
class RehearsalFails(ConnextError):
    text = "on a fork of the network it fails: {what}: {reason}; nothing was sent"
    what: str
    reason: str


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """What was seen of the token; symbol and decimals are None where it does not say.

    trouble: what is not exact about its transfers; None if they are.
    """

    symbol: str | None
    decimals: int | None
    permit: bool
    trouble: str | None


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """gas: of what was missing, by name; `proxy` for the deployment proxy itself."""

    gas: dict[str, int]
    token: TokenFacts


def rehearse(fork: Anvil, deployer: Address, wanted: tuple[Wanted, ...], token: Address) -> Rehearsal:
    """Do everything that is missing, on the fork. Raises RehearsalFails."""
    gas = {}
    if not fork.code(PROXY):
        fork.set_balance(ONE_TIME_ACCOUNT, ONE_TIME_COST_WEI)
        fork.ask("eth_sendRawTransaction", "0x" + ONE_TIME_TRANSACTION.hex())
        gas["proxy"] = 100_000
    for item in wanted:
        if not fork.code(item.address):
            gas[item.contract] = _send(fork, deployer, PROXY, item.calldata, f"deploying {item.contract}")
    return Rehearsal(gas, _token_facts(fork, token, wanted[-1].address))


def _send(fork: Anvil, sender: Address, to: Address, data: bytes, what: str) -> int:
    """The gas it used. Raises RehearsalFails."""
    try:
        receipt = fork.send(sender, to, data, GAS_LIMIT)
        if int(receipt["status"], 16):
            return int(receipt["gasUsed"], 16)
        fork.call(to, data, **{"from": checksum(sender), "gas": hex(GAS_LIMIT)})
    except (CallReverted, Refused) as error:
        raise RehearsalFails(what, reason_of(error)) from None
    raise RehearsalFails(what, "it failed without a reason")


def _tokens(fork: Anvil, token: Address, *accounts: Address) -> tuple[int, ...]:
    return tuple(fork.read(TOKEN_ABI, token, "balanceOf", account) for account in accounts)


def _token_facts(fork: Anvil, token: Address, manager: Address) -> TokenFacts:
    symbol, decimals = _described(fork, token)
    permit = _has_permit(fork, token)
    try:
        trouble = _trouble(fork, token, manager)
    except ConnextError as error:
        trouble = reason_of(error)
    return TokenFacts(symbol, decimals, permit, trouble)


def _described(fork: Anvil, token: Address) -> tuple[str | None, int | None]:
    try:
        return fork.read(TOKEN_ABI, token, "symbol"), fork.read(TOKEN_ABI, token, "decimals")
    except ConnextError:
        return None, None


def _trouble(fork: Anvil, token: Address, manager: Address) -> str | None:
    """What moves when tokens are sent, pulled in by the manager, and paid out by it. Raises RehearsalFails, Refused."""
    holder = HOLDER.address
    (had,) = _tokens(fork, token, holder)
    fork.deal(token, holder, had + 3 * TRIED_AMOUNT)
    fund = manager_abi().encode_call("fund", holder, TRIED_AMOUNT)
    pay_out = manager_abi().encode_call("withdrawReserve", 0, TRIED_AMOUNT, RECIPIENT)
    allow = TOKEN_ABI.encode_call("approve", manager, TRIED_AMOUNT)
    transfer = TOKEN_ABI.encode_call("transfer", RECIPIENT, TRIED_AMOUNT)
    for what, called, data, payer, payee, amount in (
        ("a transfer", token, transfer, holder, RECIPIENT, TRIED_AMOUNT),
        ("an approval", token, allow, holder, manager, 0),
        ("a deposit", manager, fund, holder, manager, TRIED_AMOUNT),
        ("a payout", manager, pay_out, manager, RECIPIENT, TRIED_AMOUNT),
    ):
        before = _tokens(fork, token, payer, payee)
        _send(fork, holder, called, data, what)
        after = _tokens(fork, token, payer, payee)
        taken, given = before[0] - after[0], after[1] - before[1]
        if (taken, given) != (amount, amount):
            return f"{what} of {amount} took {taken} and gave {given}"
    return None


def _has_permit(fork: Anvil, token: Address) -> bool:
    """Whether a permit of DAI's kind, signed for this token and chain, gives an unlimited allowance."""
    holder = HOLDER.address
    try:
        nonce = fork.read(TOKEN_ABI, token, "nonces", holder)
        permit = Permit(holder, RECIPIENT, nonce, 0, True)
        rsv = to_rsv(HOLDER.sign(signable_permit(fork.chain_id, token, permit)))
        data = TOKEN_ABI.encode_call("permit", holder, RECIPIENT, nonce, 0, True, rsv[64], rsv[:32], rsv[32:64])
        _send(fork, RECIPIENT, token, data, "a permit")
        return bool(fork.read(TOKEN_ABI, token, "allowance", holder, RECIPIENT) == UNLIMITED)
    except ConnextError:
        return False
