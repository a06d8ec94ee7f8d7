"""An anvil of one's own behind an endpoint, a fork or not: anybody can send there, for nothing."""

from typing import Any

from connext.chain.endpoint import Endpoint
from connext.types import Address, checksum


class Anvil(Endpoint):
    """Raises EndpointGone, Refused."""

    def set_balance(self, account: Address, wei: int) -> None:
        self.ask("anvil_setBalance", checksum(account), hex(wei))

    def set_code(self, address: Address, runtime: bytes) -> None:
        self.ask("anvil_setCode", checksum(address), "0x" + runtime.hex())

    def deal(self, token: Address, holder: Address, amount: int) -> None:
        """Make `amount` the holder's balance, in the token's smallest unit, wherever the token keeps it."""
        self.ask("anvil_dealERC20", checksum(holder), checksum(token), hex(amount))

    def send(self, sender: Address, to: Address, data: bytes, gas: int, value: int = 0) -> Any:
        """The receipt, when it is mined. gas: its limit; value: in wei, which the sender must have."""
        self.ask("anvil_impersonateAccount", checksum(sender))
        self.ask("anvil_setNextBlockBaseFeePerGas", "0x0")
        request = {
            "from": checksum(sender),
            "to": checksum(to),
            "data": "0x" + data.hex(),
            "value": hex(value),
            "gas": hex(gas),
            "gasPrice": "0x0",
        }
        return self.ask("eth_sendTransactionSync", request)
