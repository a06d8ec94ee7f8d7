"""An Ape account as a party's signer. The private key never leaves Ape, or the hardware wallet behind it."""

from dataclasses import dataclass

from ape.api import AccountAPI
from eth_account.messages import _hash_eip191_message, encode_typed_data

from connext.errors import ConnextError
from connext.signing import Signable, Signature, check_signature, from_rsv
from connext.types import Address, parse_address


@dataclass(eq=False)
class SigningDeclined(ConnextError):
    text = "account {name} did not sign; nothing was sent or saved"
    name: str


@dataclass(eq=False)
class DigestsDiffer(ConnextError):
    """The wallet would sign something else than this package checked; never seen, and never to be signed."""

    text = "the typed data hashes to {shown}, the message to {expected}: do not sign, report this"
    shown: bytes
    expected: bytes


class AccountSigner:
    """A keyfile, a hardware wallet or a test account. It is given EIP-712 typed data, so that a wallet can show it."""

    def __init__(self, account: AccountAPI) -> None:
        self._account = account
        self.address: Address = parse_address(account.address)

    def sign(self, signable: Signable) -> Signature:
        """Raises SigningDeclined, DigestsDiffer, and Ape's own errors for a locked or missing account."""
        message = encode_typed_data(full_message=signable.typed_data())
        shown = bytes(_hash_eip191_message(message))
        if shown != signable.digest:
            raise DigestsDiffer(shown, signable.digest)
        signature = self._account.sign_message(message)
        if signature is None:
            raise SigningDeclined(self._account.alias or self._account.address)
        compact = from_rsv(signature.encode_rsv())
        check_signature(signable.digest, compact, self.address)
        return compact
