"""Conditional payments: their triples, and what proves them."""

from dataclasses import replace
from typing import Any

from connext.keccak import keccak256
from connext.signing import Key
from proof.fuzz.choices import Choices
from proof.fuzz.ink import MALFORMED, Ink, sign
from proof.fuzz.scene import Payment, Scene
from proof.fuzz.wire import opaque
from proof.model import outcomes
from proof.model.ledger import FULL_SHARE
from proof.model.messages import Statement

MAX_UINT64 = 2**64 - 1
MAX_UINT128 = 2**128 - 1

SIMPLE = ("any_share", "hash_lock", "stream", "linked_payment")
COMBINED = ("all_of", "any_of")
STRANGER = Key(keccak256(b"key of nobody"))


class Payments:
    """Of a scene; every choice comes from `choices`."""

    def __init__(self, choices: Choices, scene: Scene) -> None:
        self.choices = choices
        self.scene = scene

    def some(self, *, in_time: bool = False) -> Payment:
        """One of the newest, or a new one. in_time: before its expiry, if there is one."""
        payments = self.scene.payments
        if len(payments) < 4 or self.choices.seldom(15):
            payments.append(
                self._twin(self.choices.pick(payments)) if payments and self.choices.seldom(25) else self._new()
            )
            return payments[-1]
        newest = payments[-8:]
        if in_time:
            newest = [payment for payment in newest if payment.expiry > self.scene.time] or newest
        return newest[-1 - self.choices.below(len(newest))]

    def _new(self) -> Payment:
        choices, conditions = self.choices, self.scene.stage.conditions
        now = self.scene.time
        expiries = (now + 500, now + 5_000, now + 50_000, now + 2_000, now + 20_000, now + 10, MAX_UINT64)
        expiry = choices.pick((now, 0)) if choices.seldom(6) else choices.pick(expiries)
        kind = choices.pick(
            ("any_share", "any_share", "hash_lock", "stream", "linked_payment", "all_of", "any_of", "hostile")
        )
        number = len(self.scene.payments)
        if kind in COMBINED:
            kinds = SIMPLE
            parts = tuple(
                self._simple(choices.pick(kinds), 1_000 * (number + 1) + i, expiry) for i in range(choices.below(4))
            )
            params = outcomes.Parts(tuple(outcomes.Part(p.condition, p.params, p.params_hash) for p in parts))
            return Payment(kind, getattr(conditions, kind), params, keccak256(opaque(params)), expiry, None, parts)
        return self._simple(kind, number, expiry)

    def _twin(self, payment: Payment) -> Payment:
        """With the parameters of another one, but another promise: its expiry or its condition is another."""
        if self.choices.seldom(30) and payment.kind != "any_share":
            return replace(payment, kind="any_share", condition=self.scene.stage.conditions.any_share)
        expiry = payment.expiry + self.choices.pick((1, 3_600, 2**32, -1, 2**40))
        return _until(payment, min(max(expiry, 0), MAX_UINT64))

    def _simple(self, kind: str, number: int, expiry: int) -> Payment:
        conditions, label = self.scene.stage.conditions, number.to_bytes(32)
        secret: Any = None
        params: Any = label
        if kind == "hash_lock":
            secret = label
            params = outcomes.HashLockParams(keccak256(secret))
        elif kind == "stream":
            secret = self.choices.pick(self.scene.stage.people).signer
            cap = self.choices.pick((1_000, 3, MAX_UINT128, 1, 0, 10**18))
            params = outcomes.StreamParams(secret.address, cap, label)
        elif kind == "linked_payment":
            secret = self.choices.pick(self.scene.stage.people).signer
            params = outcomes.LinkParams(secret.address, label)
        return Payment(kind, getattr(conditions, kind), params, keccak256(opaque(params)), expiry, secret)

    def witness(self, payment: Payment, flaw: str) -> Any:
        choices = self.choices
        if flaw == "length":
            return outcomes.Undecodable(choices.pick((0, 31, 33, 63, 65, 97)))
        match payment.kind:
            case "any_share":
                shares = (FULL_SHARE, 1, FULL_SHARE // 3, FULL_SHARE - 1, 0, 5 * FULL_SHARE // 8)
                return (FULL_SHARE + 1 if flaw == "wrong" else choices.pick(shares)).to_bytes(32)
            case "hash_lock":
                return outcomes.Preimage(bytes(32) if flaw == "wrong" else payment.secret)
            case "stream":
                cap = payment.params.cap
                cumulative = choices.pick((cap, cap // 2, cap // 3, 1, 0, min(cap + 1, MAX_UINT128), MAX_UINT128))
                voucher = (payment.params_hash, payment.expiry, cumulative)
                return outcomes.Voucher(cumulative, self._proof("Voucher", payment, voucher, flaw))
            case "linked_payment":
                content = (payment.params_hash, payment.expiry)
                return outcomes.Release(self._proof("Release", payment, content, flaw))
            case "all_of":
                witnesses = tuple(self.witness(part, "") for part in payment.parts)
                return outcomes.Witnesses(witnesses[1:] if flaw == "wrong" else witnesses)
            case "any_of":
                index = choices.below(len(payment.parts)) if payment.parts else 0
                witness = self.witness(payment.parts[index], "") if payment.parts else b""
                beyond = choices.pick((len(payment.parts), 2**8, 2**64, 2**255))
                return outcomes.Choice(index + beyond if flaw == "wrong" else index, witness)
        return b""

    def _proof(self, kind: str, payment: Payment, content: tuple[Any, ...], flaw: str) -> Ink:
        statement = Statement(kind, (self.scene.stage.machine.chain_id, payment.condition), b"", content)
        if flaw != "wrong":
            return sign(payment.secret, statement)
        other = statement._replace(content=(content[0], content[1] ^ 1, *content[2:]))
        return self.choices.pick((sign(payment.secret, other), self.choices.pick(MALFORMED), sign(STRANGER, statement)))


def _until(payment: Payment, expiry: int) -> Payment:
    return replace(payment, expiry=expiry, parts=tuple(_until(part, expiry) for part in payment.parts))
