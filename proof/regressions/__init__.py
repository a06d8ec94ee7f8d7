"""Known failures, brought back one at a time: each patch of `regressions/` must be noticed by a test of the guarantee
that it breaks (docs/protocol.md sections 10 and 11). `make regressions`.
"""
