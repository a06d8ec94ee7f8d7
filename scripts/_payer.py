"""The account that pays for transactions: makes sure that they will succeed and can be paid, shows the plan, asks."""

from collections.abc import Iterable
from dataclasses import dataclass

import click
from ape.api import AccountAPI, ProviderAPI, ReceiptAPI

from connext.abi import Revert
from connext.chain import CallReverted, Receipt, Transaction
from connext.chain.ape import ApeChain
from connext.chain.views import wallet_at
from connext.display import format_amount, format_deadline
from connext.errors import ConnextError
from connext.token import TOKEN_ABI
from connext.types import Address, Asset, checksum, parse_address
from scripts._connection import network_of


@dataclass(eq=False)
class TooLittle(ConnextError):
    text = "{account} has {has}, this takes {needs}; nothing was signed or sent"
    account: str
    has: str
    needs: str


@dataclass(eq=False)
class NotAllowed(ConnextError):
    text = "the manager may take {allowed} from {account}, the deposit takes {needs}: allow it with --approve"
    allowed: str
    account: str
    needs: str


@dataclass(eq=False)
class TooEarly(ConnextError):
    text = "the challenge period runs until {deadline}: settle from then on"
    deadline: str


@dataclass(eq=False)
class ContractRefuses(ConnextError):
    text = "not sent, the contract would refuse it: {error}"
    error: Revert


@dataclass(eq=False)
class Failed(ConnextError):
    text = "the transaction failed in block {block}: {error}"
    block: int
    error: Revert


class Payer:
    """yes: do not ask on a live network either; on local chains and forks nothing is asked at all."""

    def __init__(self, provider: ProviderAPI, account: AccountAPI, *, yes: bool) -> None:
        self.provider = provider
        self.network = network_of(provider)
        self.chain = ApeChain(provider, [account])
        self.address = parse_address(account.address)
        self._account = account
        self._asks = self.network.is_live and not yes

    def agree(self, lines: Iterable[str]) -> bool:
        """Show the plan; on a live network ask."""
        click.echo(f"Plan on {self.network.choice} (chain {self.network.chain_id}) for {checksum(self.address)}:")
        for line in lines:
            click.echo(f"  {line}")
        return not self._asks or click.confirm("Go on?")

    def send(self, to: Address, data: bytes, value: int, lines: Iterable[str]) -> Receipt:
        """Plan, ask, send. Raises TooLittle, TooEarly, ContractRefuses before anything is signed."""
        gas = self.estimate(to, data, value)
        self._ask(lines, gas, value)
        receipt = self.chain.send(Transaction(self.address, to, data, value, gas))
        if receipt.error is not None:
            raise Failed(receipt.block.number, receipt.error)
        paid = format_amount(Asset.ETH, receipt.fee)
        click.echo(f"done in block {receipt.block.number}: {receipt.gas_used:,} gas, fee {paid}")
        return receipt

    def estimate(self, to: Address, data: bytes, value: int) -> int:
        """The gas limit to send it with. Raises TooLittle, TooEarly, ContractRefuses."""
        self._check_balance(value)
        try:
            return self.chain.estimate(Transaction(self.address, to, data, value))
        except CallReverted as error:
            raise _refusal(error.error) from None

    def create(self, code: bytes, lines: Iterable[str]) -> ReceiptAPI:
        """Plan, ask, and send creation code."""
        gas = self.chain.estimate_creation(self.address, code)
        self._ask(lines, gas, 0)
        ecosystem = self.provider.network.ecosystem
        return self._account.call(ecosystem.create_transaction(chain_id=self.chain.chain_id, data=code, gas_limit=gas))

    def check_tokens(self, token: Address, spender: Address, amount: int, *, approve: bool) -> None:
        """The tokens for a deposit are there, and the spender may pull them, or now is allowed to.

        Raises TooLittle, NotAllowed.
        """
        account, needs = checksum(self.address), format_amount(Asset.DAI, amount)
        has = wallet_at(self.chain, token, self.address, self.chain.head.number).amount_token
        if has < amount:
            raise TooLittle(account, format_amount(Asset.DAI, has), needs)
        allowed = self._allowance(token, spender)
        if allowed >= amount:
            return
        if not approve:
            raise NotAllowed(format_amount(Asset.DAI, allowed), account, needs)
        data = TOKEN_ABI.encode_call("approve", spender, amount)
        self.send(token, data, 0, [f"let the manager take {needs} from this account"])

    def _allowance(self, token: Address, spender: Address) -> int:
        question = Transaction(self.address, token, TOKEN_ABI.encode_call("allowance", self.address, spender))
        allowance: int = TOKEN_ABI.decode_result("allowance", self.chain.call(question, self.chain.head.number))
        return allowance

    def _ask(self, lines: Iterable[str], gas: int, value: int) -> None:
        """Show the plan with the highest fee, once it is sure that the account can pay it."""
        fee = gas * (2 * self.provider.base_fee + self.provider.priority_fee)
        self._check_balance(value + fee)
        if not self.agree([*lines, f"fee: at most {format_amount(Asset.ETH, fee)}"]):
            raise click.Abort

    def _check_balance(self, needs: int) -> None:
        has = self.chain.balance(self.address, self.chain.head.number)
        if has < needs:
            account = checksum(self.address)
            raise TooLittle(account, format_amount(Asset.ETH, has), format_amount(Asset.ETH, needs))


def _refusal(error: Revert) -> ConnextError:
    if error.name == "DisputeNotOver":
        return TooEarly(format_deadline(error.values["deadline"], error.values["time"]))
    return ContractRefuses(error)
