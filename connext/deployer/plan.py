"""What a deployment will do, and what was checked for it, from facts alone: nothing here asks or sends."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from connext.deployer.contracts import PURPOSES, Wanted
from connext.deployer.create2 import ONE_TIME_COST_WEI, PROXY, PROXY_RUNTIME
from connext.deployer.rehearsal import Rehearsal
from connext.deployments import Parameters
from connext.display import format_amount, format_amounts, format_duration
from connext.errors import ConnextError
from connext.types import Address, Asset, Bytes32, checksum

GAS_MARGIN = 1.1
"""Gas limit over what the rehearsal used: a 64th of what is left stays with the proxy (EIP-150), and chains move on."""


@dataclass(eq=False)
class ChecksFailed(ConnextError):
    text = "{failed}; nothing was sent"
    failed: str


@dataclass(frozen=True, slots=True)
class Target:
    """Where to, and with what. choice: of the network.

    token_symbol, token_decimals: as they must be, None for any; token_source: where its address is from. pays: whether
    the deployer's own balance is for the fees.
    """

    choice: str
    chain_id: int
    is_testnet: bool
    is_local: bool
    token_symbol: str | None
    token_decimals: int | None
    token_source: str
    parameters: Parameters
    salt: Bytes32
    deployer: Address
    pays: bool = True


@dataclass(frozen=True, slots=True)
class Facts:
    """What the chain says. codes: what is at the addresses of the contracts, expected: what must be. Fees in wei."""

    chain_id: int
    balance: int
    base_fee: int
    priority_fee: int
    proxy_code: bytes
    token_code: bytes
    codes: Mapping[Address, bytes]
    expected: Mapping[Address, bytes]


@dataclass(frozen=True, slots=True)
class Check:
    """A sentence that must be true. found: what was found instead, if it is not."""

    text: str
    passed: bool
    found: str = ""

    def __str__(self) -> str:
        return f"ok     {self.text}" if self.passed else f"WRONG  {self.text}: {self.found}"


@dataclass(frozen=True, slots=True)
class Plan:
    """gas: limits of the transactions, by contract (`proxy` for the proxy itself). fee, most_fee: of all, in wei.

    priority_fee: of each transaction, and most_per_gas: what it may take in all, in wei per gas. expected: the code
    that must be there in the end, by address.
    """

    target: Target
    wanted: tuple[Wanted, ...]
    missing: tuple[Wanted, ...]
    brings_proxy: bool
    token_symbol: str | None
    has_permit: bool
    gas: Mapping[str, int]
    fee: int
    most_fee: int
    priority_fee: int
    most_per_gas: int
    checks: tuple[Check, ...]
    expected: Mapping[Address, bytes]

    @property
    def has_transactions(self) -> bool:
        return bool(self.missing)

    def require_passed(self) -> None:
        """Raises ChecksFailed."""
        failed = [f"{check.text}: {check.found}" for check in self.checks if not check.passed]
        if failed:
            raise ChecksFailed("; ".join(failed))

    def lines(self) -> Iterator[str]:
        """For people, in human units."""
        yield f"through the deterministic deployment proxy {checksum(PROXY)}, salt 0x{self.target.salt.hex()}"
        if self.brings_proxy:
            cost = format_amount(Asset.ETH, ONE_TIME_COST_WEI)
            yield f"which is not there: bring it by its one-time transaction, which takes {cost}"
        for item in self.wanted:
            gas = f"{self.gas[item.contract]:>9,} gas" if item in self.missing else "there already and right"
            verb = "deploy" if item in self.missing else "use   "
            yield f"{verb} {item.contract:<15} {checksum(item.address)}  {gas:<13}  {PURPOSES[item.contract]}"
        yield from self._parameter_lines()
        yield "checked, on the chain and on a fork of it:"
        yield from (f"  {check}" for check in self.checks)
        if self.has_transactions:
            yield f"gas: at most {sum(self.gas.values()):,}; fee: about {_eth(self.fee)}, at most {_eth(self.most_fee)}"
            if not self.target.is_local and self.target.choice.partition(":")[0] != "ethereum":
                yield "and what this network takes for data on Ethereum"

    def _parameter_lines(self) -> Iterator[str]:
        parameters, target = self.target.parameters, self.target
        capacity = format_amounts(parameters.capacity_wei, parameters.capacity_token)
        limit = format_amounts(parameters.transfer_limit_wei, parameters.transfer_limit_token)
        shortest, longest = map(format_duration, (parameters.min_challenge_period, parameters.max_challenge_period))
        permit = "with DAI's own permit" if self.has_permit else "permit not available here, use approve"
        symbol = self.token_symbol or "without a symbol"
        yield f"token {symbol} {checksum(parameters.token)}, {permit} (from: {target.token_source})"
        yield f"capacity of a channel {capacity}, largest payment {limit}"
        yield f"challenge periods from {shortest} to {longest}"


def make_plan(target: Target, wanted: tuple[Wanted, ...], facts: Facts, rehearsal: Rehearsal) -> Plan:
    missing = tuple(item for item in wanted if not facts.codes[item.address])
    brings_proxy = bool(missing) and not facts.proxy_code
    gas = {name: int(used * GAS_MARGIN) for name, used in rehearsal.gas.items()}
    by_price = sum(limit for name, limit in gas.items() if name != "proxy")
    extra = ONE_TIME_COST_WEI if brings_proxy else 0
    fee = by_price * (facts.base_fee + facts.priority_fee) + extra
    most_per_gas = max_fee(facts.base_fee, facts.priority_fee)
    most_fee = by_price * most_per_gas + extra
    checks = (
        *_chain_checks(target, facts, most_fee),
        *_code_checks(wanted, facts),
        *_token_checks(target, facts, rehearsal),
    )
    return Plan(
        target=target,
        wanted=wanted,
        missing=missing,
        brings_proxy=brings_proxy,
        token_symbol=rehearsal.token.symbol,
        has_permit=rehearsal.token.permit,
        gas=gas,
        fee=fee,
        most_fee=most_fee,
        priority_fee=facts.priority_fee,
        most_per_gas=most_per_gas,
        checks=checks,
        expected=facts.expected,
    )


def max_fee(base_fee: int, priority_fee: int) -> int:
    """Of a transaction, in wei per gas: enough for six full blocks in a row before it."""
    return 2 * base_fee + priority_fee


def _chain_checks(target: Target, facts: Facts, most_fee: int) -> Iterator[Check]:
    yield Check(f"the chain id is {target.chain_id}", facts.chain_id == target.chain_id, str(facts.chain_id))
    if facts.proxy_code:
        right = facts.proxy_code == PROXY_RUNTIME
        yield Check("the deployment proxy has its known code", right, "it has another")
    if target.pays and most_fee:
        text = f"{checksum(target.deployer)} can pay {_eth(most_fee)}"
        yield Check(text, facts.balance >= most_fee, f"it has {format_amount(Asset.ETH, facts.balance)}")


def _code_checks(wanted: tuple[Wanted, ...], facts: Facts) -> Iterator[Check]:
    there = [item for item in wanted if facts.codes[item.address]]
    if missing := [item.contract for item in wanted if item not in there]:
        yield Check(f"nothing is there yet at {len(missing)} of {len(wanted)} addresses", True)
    for item in there:
        right = facts.codes[item.address] == facts.expected[item.address]
        yield Check(f"{item.contract} has the code of these sources", right, f"other code at {checksum(item.address)}")


def _token_checks(target: Target, facts: Facts, rehearsal: Rehearsal) -> Iterator[Check]:
    token = rehearsal.token
    yield Check("the token is a contract", bool(facts.token_code), "there is no code")
    if target.token_symbol is not None:
        right = token.symbol == target.token_symbol
        yield Check(f"the token's symbol is {target.token_symbol}", right, repr(token.symbol))
    if target.token_decimals is not None:
        right = token.decimals == target.token_decimals
        yield Check(f"the token has {target.token_decimals} decimals", right, str(token.decimals))
    text = "transfers, deposits and payouts of the token move exactly the amount (tried on a fork)"
    yield Check(text, token.trouble is None, token.trouble or "")


def _eth(wei: int) -> str:
    """Fees do not need every digit."""
    return format_amount(Asset.ETH, -(-wei // 10**12) * 10**12)
