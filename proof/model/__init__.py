"""The rules of the protocol as a model of the contracts' ledger: what each operation does to who can take what.

Written from `docs/protocol.md`, the interfaces and the decisions, and never from the Solidity: it is the oracle that
the bytecode is compared with. Start with `ledger` (what is kept) and `play.perform` (the one way in); `operations`
and `messages` are what goes in, `refusals` what comes out. The rules stand in `funding`, `disputes`, `payouts` (with
`settlement`, the arithmetic), `accounts` and `outcomes`.

What the model is told instead of finding out, by `ledger.Surroundings`: whether foreign code takes a delivery, and
what it answers. Gas is not modelled: every transaction has enough, and an item of a batch that has not is said to be
`starved`.
"""
