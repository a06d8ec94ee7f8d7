"""Every order of every on-chain action, played on the real bytecode: the least that an honest party can end with.

A *history* is a story (docs/formats.md) that leaves off somewhere: deposits were made, states, withdrawals, resumes and
exits were signed, secrets are known. From there one party follows docs/protocol.md section 8, and everybody else does
what it likes. The explorer looks at every line of play there is and compares what the honest party ends with to what
section 9 promises (`proof.explore.promise`).

The game (`proof.explore.game`):

* The free ones, the other parties and a stranger, may send any call of manager or registry with anything that they
  hold (`proof.explore.moves`): all states that both signed, and all that the honest party alone signed, which they
  complete; the same of withdrawals, resumes and exits; all witnesses that they know, and of streams that they pay more
  and less than that; any subset of transfers; and forgeries. In a history of one channel they may also add money to
  either side.
* They do so in any order, at every moment that matters (`proof.explore.moments`), or do nothing.
* The honest party (`proof.explore.players`) is the software that ships, or a page of code written after rules 5, 7
  and 8. It gets one transaction into the chain within each challenge period and one before each expiry of a transfer
  towards it, as section 9 asks, when it suits the others: it looks at a moment of their choice, and what it then
  sends enters the chain at another one, at the latest in the last second, behind whatever they want to put before it.
  If it looked and had nothing to send, that was its chance. What it sends the others off chain they use, too.
* When no limit is left it takes what it can, and leaves channels that are still open. When nobody has anything to do
  any more, its money is counted.

What is not played, because it makes no difference:

* A call that fails, or that leaves the chain as it was.
* The same call by somebody else, where the contract does not ask who calls (tests/proof/test_explore.py tries it).
* A batch: it is its items one after the other at the same moment, which is played.
* A time at which no comparison of contract or software comes out differently than at one that is played.
* The honest party's own start of a dispute or settlement while limits are left: the others can make the same.
* What concerns other people's money outside of channels: a property of single calls, which the fuzzer checks.

What is out of sight: messages that the others send once the game has begun (a history can leave off after every
message, `--every-moment`), a chain that takes blocks back, and hostile tokens and recipients (the fuzzer has them).
"""
