"""An Ape account as a signer: it signs what was checked and nothing else, or says that it did not."""

from typing import Any

import pytest
from ape.types import MessageSignature
from eth_account import Account

from connext.chain.account import AccountSigner, DigestsDiffer, SigningDeclined
from connext.messages import Domain, Exit
from connext.signing import Key, Signable, WrongSigner
from connext.types import checksum

SECRET = b"\x01" * 32
KEY = Key(SECRET)
SIGNABLE = Signable(Domain(chain_id=1, verifying_contract=b"\x11" * 20), Exit(bytes(32), 1, 2))


class Wallet:
    """What `AccountSigner` uses of an Ape account. secret: the key that it really signs with; None: it declines."""

    def __init__(self, secret: bytes | None, alias: str | None = "alice") -> None:
        self.address = checksum(KEY.address)
        self.alias = alias
        self.asked = 0
        self._secret = secret

    def sign_message(self, message: Any) -> MessageSignature | None:
        self.asked += 1
        if self._secret is None:
            return None
        signed = Account.sign_message(message, self._secret)
        return MessageSignature(v=signed.v, r=signed.r.to_bytes(32), s=signed.s.to_bytes(32))


def test_an_account_signs_like_its_key() -> None:
    signer = AccountSigner(Wallet(SECRET))
    assert signer.address == KEY.address
    assert signer.sign(SIGNABLE) == KEY.sign(SIGNABLE)


@pytest.mark.parametrize(("alias", "name"), [("alice", "alice"), (None, checksum(KEY.address))])
def test_who_declines_is_named(alias: str | None, name: str) -> None:
    with pytest.raises(SigningDeclined, match=f"account {name} did not sign"):
        AccountSigner(Wallet(None, alias)).sign(SIGNABLE)


def test_nothing_is_shown_to_a_wallet_that_was_not_checked() -> None:
    wallet, signable = Wallet(SECRET), Signable(SIGNABLE.domain, SIGNABLE.message)
    signable.digest = b"\x77" * 32
    with pytest.raises(DigestsDiffer) as error:
        AccountSigner(wallet).sign(signable)
    assert (error.value.shown, error.value.expected) == (SIGNABLE.digest, signable.digest)
    assert wallet.asked == 0


def test_a_wallet_that_signs_with_another_key_is_found_out() -> None:
    with pytest.raises(WrongSigner):
        AccountSigner(Wallet(b"\x02" * 32)).sign(SIGNABLE)
