"""Which lines and branches of the contracts the tests run.

The tests run on the bytecode that people use, but that cannot say which line ran: the optimizer merges what is alike
and moves the rest. So each execution is played a second time, from the same state, on a twin of the bytecode that was
compiled without the optimizer, where each statement has instructions of its own; an execution counts only if the twin
ends like the original. docs/decisions/0011-coverage-and-mutants.md has the reasons.
"""
