"""Random lives of channels, played on the bytecode and by the model at once: the two must agree after every move.

Start with `life` (one life, move by move, and what is compared) and `moves` (what is drawn). `stage` is what stands before a life,
`scene` what is in it, `foreign` the code of others; `wire`, `ink` and `storage` are bytes by hand, for speed.
"""
