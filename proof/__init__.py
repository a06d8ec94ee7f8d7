"""What tries to break the guarantees of docs/protocol.md, section 10, and keeps the figures of its attempts.

`model` is the protocol as a ledger, written without a look at the Solidity. `guarantees` are G1 to G10 as checks of its
steps; what they ask of a position stands in `entitlements`, of what went before in `past`. `machine` is the EVM for
many transactions a second, `storage` what the contracts keep in it.

With these, `fuzz` plays random lives on bytecode and model at once, and `explore` every order of every action against
an honest party. `symbolic` (halmos), `invariants` (forge) and `slither` look at the contracts alone, by way of
`analysis`; the first two read tests/forge. `coverage`, `mutants` and `regressions` ask what the tests are worth; the
first two compile by themselves, with `compiler`.

Each of the eight has a make target of its name, and writes what it came to with `records` into `proof/records`, which
`make audit` prints. `security` reads from SECURITY.md what holds each guarantee.
"""
