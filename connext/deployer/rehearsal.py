"""The whole deployment on a fork of the network first: what it costs, and whether the token does what it must.

The fork is an anvil's and is thrown away. Tokens come from nowhere there (anvil writes them into the token's storage).
"""

from dataclasses import dataclass

from connext.abi import manager_abi
from connext.chain import CallReverted
from connext.chain.endpoint import Endpoint, Refused, reason_of
from connext.deployer.contracts import Wanted
from connext.deployer.create2 import ONE_TIME_ACCOUNT, ONE_TIME_COST_WEI, ONE_TIME_TRANSACTION, PROXY
from connext.errors import ConnextError
from connext.signing import Key, to_rsv
from connext.token import TOKEN_ABI, Permit, signable_permit
from connext.types import Address, checksum

PLENTY_WEI = 10**24
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


def rehearse(fork: Endpoint, deployer: Address, wanted: tuple[Wanted, ...], token: Address) -> Rehearsal:
    """Do everything that is missing, on the fork. Raises RehearsalFails."""
    stage = _Stage(fork)
    gas = {}
    if not fork.code(PROXY):
        stage.endow(ONE_TIME_ACCOUNT, ONE_TIME_COST_WEI)
        fork.ask("eth_sendRawTransaction", "0x" + ONE_TIME_TRANSACTION.hex())
        gas["proxy"] = 100_000
    stage.endow(deployer)
    for item in wanted:
        if not fork.code(item.address):
            gas[item.contract] = stage.send(deployer, PROXY, item.calldata, f"deploying {item.contract}")
    return Rehearsal(gas, _token_facts(stage, token, wanted[-1].address))


class _Stage:
    """The fork, on which anybody can send."""

    def __init__(self, fork: Endpoint) -> None:
        self.fork = fork
        self._unlocked: set[Address] = set()

    def endow(self, account: Address, wei: int = PLENTY_WEI) -> None:
        self.fork.ask("anvil_setBalance", checksum(account), hex(wei))

    def send(self, sender: Address, to: Address, data: bytes, what: str) -> int:
        """The gas it used. Raises RehearsalFails."""
        if sender not in self._unlocked:
            self.fork.ask("anvil_impersonateAccount", checksum(sender))
            self._unlocked.add(sender)
        request = {
            "from": checksum(sender),
            "to": checksum(to),
            "data": "0x" + data.hex(),
            "gas": hex(GAS_LIMIT),
            "gasPrice": hex(2 * self.fork.base_fee()),
        }
        try:
            receipt = self.fork.ask("eth_sendTransactionSync", request)
            if int(receipt["status"], 16):
                return int(receipt["gasUsed"], 16)
            self.fork.ask("eth_call", request, "latest")
        except (CallReverted, Refused) as error:
            raise RehearsalFails(what, reason_of(error)) from None
        raise RehearsalFails(what, "it failed without a reason")

    def tokens(self, token: Address, *accounts: Address) -> tuple[int, ...]:
        return tuple(self.fork.read(TOKEN_ABI, token, "balanceOf", account) for account in accounts)


def _token_facts(stage: _Stage, token: Address, manager: Address) -> TokenFacts:
    symbol, decimals = _described(stage.fork, token)
    permit = _has_permit(stage, token)
    try:
        trouble = _trouble(stage, token, manager)
    except ConnextError as error:
        trouble = reason_of(error)
    return TokenFacts(symbol, decimals, permit, trouble)


def _described(fork: Endpoint, token: Address) -> tuple[str | None, int | None]:
    try:
        return fork.read(TOKEN_ABI, token, "symbol"), fork.read(TOKEN_ABI, token, "decimals")
    except ConnextError:
        return None, None


def _trouble(stage: _Stage, token: Address, manager: Address) -> str | None:
    """What moves when tokens are sent, pulled in by the manager, and paid out by it. Raises RehearsalFails, Refused."""
    fork, holder = stage.fork, HOLDER.address
    stage.endow(holder)
    (had,) = stage.tokens(token, holder)
    fork.ask("anvil_dealERC20", checksum(holder), checksum(token), hex(had + 3 * TRIED_AMOUNT))
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
        before = stage.tokens(token, payer, payee)
        stage.send(holder, called, data, what)
        after = stage.tokens(token, payer, payee)
        taken, given = before[0] - after[0], after[1] - before[1]
        if (taken, given) != (amount, amount):
            return f"{what} of {amount} took {taken} and gave {given}"
    return None


def _has_permit(stage: _Stage, token: Address) -> bool:
    """Whether a permit of DAI's kind, signed for this token and chain, gives an unlimited allowance."""
    fork, holder = stage.fork, HOLDER.address
    try:
        nonce = fork.read(TOKEN_ABI, token, "nonces", holder)
        permit = Permit(holder, RECIPIENT, nonce, 0, True)
        rsv = to_rsv(HOLDER.sign(signable_permit(fork.chain_id, token, permit)))
        data = TOKEN_ABI.encode_call("permit", holder, RECIPIENT, nonce, 0, True, rsv[64], rsv[:32], rsv[32:64])
        stage.endow(RECIPIENT)
        stage.send(RECIPIENT, token, data, "a permit")
        return bool(fork.read(TOKEN_ABI, token, "allowance", holder, RECIPIENT) == UNLIMITED)
    except ConnextError:
        return False
