"""All money of everybody involved, so that a test sees what moved and that nothing else did."""

from ape.contracts import ContractInstance


class Wealth(dict[str, int]):
    """Who owns what: "user.wei", "user.dai", "user.reserve.wei", "user.credit.dai" and so on."""

    def __sub__(self, earlier: "Wealth") -> dict[str, int]:
        """What changed since then."""
        return {holding: amount - earlier[holding] for holding, amount in self.items() if amount != earlier[holding]}


def read_wealth(sheet: ContractInstance, manager: ContractInstance, holders: dict[str, str]) -> Wealth:
    """`holders`: names and addresses. `sheet`: a BalanceSheet."""
    wealth = Wealth()
    for name, line in zip(holders, sheet.read(manager, list(holders.values())), strict=True):
        wealth[f"{name}.wei"] = line.amountWei
        wealth[f"{name}.dai"] = line.amountToken
        wealth[f"{name}.reserve.wei"] = line.reserve.amountWei
        wealth[f"{name}.reserve.dai"] = line.reserve.amountToken
        wealth[f"{name}.credit.wei"] = line.credit.amountWei
        wealth[f"{name}.credit.dai"] = line.credit.amountToken
    return wealth
