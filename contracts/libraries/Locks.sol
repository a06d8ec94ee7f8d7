// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Transfer} from "../../interfaces/IChannelManager.sol";
import {FULL_SHARE} from "../../interfaces/ICondition.sol";
import {IOutcomeRegistry} from "../../interfaces/IOutcomeRegistry.sol";
import {Pair, Pairs} from "./Pairs.sol";

/// @title Conditional transfers of a settled channel
/// @notice Who gets what is locked. docs/protocol.md sections 5 and 6. No list of properly encoded
/// transfers makes it revert.
library Locks {
    uint256 private constant NODE = 1;
    /// @dev As many as `settled` has bits; transfers beyond claim nothing. Honest software signs at most 200.
    uint256 private constant MAX_TRANSFERS = 256;

    /// @notice Hands out what is decided. Of what is held, each unsettled transfer has reserved its amount, or what those
    /// before it leave: the same whatever the order in which they are settled. What no transfer claims is the node's.
    /// @param held What the open transfers of a settled channel hold.
    /// @param settled Bit i: the i-th transfer has been settled.
    /// @param transfers The whole list.
    /// @param wanted Bit i: settle the i-th transfer, if its outcome is final.
    /// @param registry Where outcomes are recorded.
    /// @param limits A larger transfer goes back to its payer (G8).
    /// @return kept What stays held. The rest is handed out:
    /// @return forUser the user's part of it; what is left is the node's.
    /// @return nowSettled Like `settled`, afterwards.
    function settle(
        Pair held,
        uint256 settled,
        Transfer[] calldata transfers,
        uint256 wanted,
        IOutcomeRegistry registry,
        Pair limits
    ) internal view returns (Pair kept, Pair forUser, uint256 nowSettled) {
        Pair unclaimed = held;
        nowSettled = settled;
        uint256 count = transfers.length < MAX_TRANSFERS ? transfers.length : MAX_TRANSFERS;
        for (uint256 i = 0; i < count; ++i) {
            Transfer calldata transfer = transfers[i];
            (uint256 asset, uint256 payer) = (transfer.asset, transfer.payer);
            if (settled >> i & 1 != 0 || asset > 1 || payer > 1) continue;
            uint256 reserved = transfer.amount;
            if (reserved > unclaimed.amountOf(asset)) reserved = unclaimed.amountOf(asset);
            if (reserved == 0) continue;
            unclaimed = unclaimed - Pairs.single(asset, reserved);
            (uint256 share, bool isFinal) =
                wanted >> i & 1 != 0 ? _outcome(transfer, registry, limits.amountOf(asset)) : (0, false);
            if (isFinal) {
                nowSettled |= 1 << i;
                uint256 forPayee = reserved * share / FULL_SHARE;
                forUser = forUser + Pairs.single(asset, payer == NODE ? forPayee : reserved - forPayee);
            } else {
                kept = kept + Pairs.single(asset, reserved);
            }
        }
    }

    function _outcome(Transfer calldata transfer, IOutcomeRegistry registry, uint256 limit)
        private
        view
        returns (uint256 share, bool isFinal)
    {
        if (transfer.amount > limit) return (0, true);
        return registry.outcomeOf(transfer.condition, transfer.paramsHash, transfer.expiry);
    }
}
