"""All money of everybody involved, so that a test sees what moved and that nothing else did."""

from ape.contracts import ContractInstance

KINDS = ("wei", "dai", "reserve.wei", "reserve.dai", "credit.wei", "credit.dai")
"""In the order of contracts/test/BalanceSheet.sol."""


class Wealth(dict[str, int]):
    """Who owns what: "user.wei", "user.dai", "user.reserve.wei", "user.credit.dai" and so on."""

    def __sub__(self, earlier: "Wealth") -> dict[str, int]:
        """What changed since then."""
        return {holding: amount - earlier[holding] for holding, amount in self.items() if amount != earlier[holding]}


def read_wealth(sheet: ContractInstance, manager: ContractInstance, holders: dict[str, str]) -> Wealth:
    """`holders`: names and addresses. `sheet`: a BalanceSheet."""
    lines = sheet.read(manager, list(holders.values()))
    return Wealth(
        {
            f"{name}.{kind}": amount
            for name, line in zip(holders, lines, strict=True)
            for kind, amount in zip(KINDS, line, strict=True)
        }
    )
