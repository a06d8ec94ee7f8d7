"""Random lives of channels, played on the bytecode and by the model at once: the two must agree after every move.

Start with `life` (one life, move by move) and `moves` (what is drawn, with the help of `draws` and `payments`).
`stage` is what stands before a life, `scene` what is in it, `foreign` the code of others, `watch` what is compared.
`wire` and `ink` are bytes by hand, for speed. `campaign` plays lives on all cores; what fails goes through `shrinking`
into `telling`, which makes a story of it.
"""
