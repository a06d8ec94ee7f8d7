"""How the contracts get onto a chain, and how a stranger checks that they are there.

`config` and `contracts` say what shall be; `plan` compares it with what is and says what is missing; `rehearsal` does
all of it on a fork first; `execution` does it. `standard_json` and `verification` prove what is there. A step is known
by its address, which follows from code and parameters alone (`create2`): every step can be repeated, and none is done
twice.
"""
