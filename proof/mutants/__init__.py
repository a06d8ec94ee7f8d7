"""Small faults put into the contracts, one at a time, to see whether the tests notice.

`generate` asks slither-mutate for them, `compiling` turns one into bytecode, `killing` sets the tests on it, `campaign`
does that for all and remembers; `survivors.toml` says why the tests may miss what they miss.
"""
