"""What a channel costs here and in other systems, measured side by side on one chain: `make bench-peers`.

Every system is driven through its own contracts, as they were published, with real signatures. Whoever is to be paid is
checked to be paid, to the wei. The table's rows are those of `peers.rows`.
"""

from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
