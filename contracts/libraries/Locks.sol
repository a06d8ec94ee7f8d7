// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Transfer} from "../../interfaces/IChannelManager.sol";
import {FULL_SHARE} from "../../interfaces/ICondition.sol";
import {IOutcomeRegistry} from "../../interfaces/IOutcomeRegistry.sol";

/// @dev What the open transfers of a settled channel hold. `amounts`: wei and tokens that are still locked. `settled`: bit
/// i is set once the i-th transfer of the list has been settled.
struct Lock {
    uint256[2] amounts;
    uint256 settled;
}

/// @dev What each side gets, indexed by the codes of `Asset` and `Side`.
struct Payout {
    uint256[2][2] amounts;
}

/// @title Conditional transfers of a settled channel
/// @notice Who gets what is locked. docs/protocol.md sections 5 and 6. Never reverts because of what was signed.
library Locks {
    uint256 private constant NODE = 1;
    /// @dev As many as `settled` has bits; transfers beyond claim nothing. Honest software signs at most 200.
    uint256 private constant MAX_TRANSFERS = 256;

    /// @notice Hands out what is decided. Of what is locked, each unsettled transfer has reserved its amount, or what
    /// those before it leave: the same whatever the order in which they are settled. What no transfer claims is the
    /// node's.
    /// @param lock What is locked; changed to what stays locked.
    /// @param transfers The whole list.
    /// @param wanted Bit i: settle the i-th transfer, if its outcome is final.
    /// @param registry Where outcomes are recorded.
    /// @param limits Per asset: a larger transfer goes back to its payer (G8).
    /// @return payout What is handed out now.
    function settle(
        Lock memory lock,
        Transfer[] calldata transfers,
        uint256 wanted,
        IOutcomeRegistry registry,
        uint256[2] memory limits
    ) internal view returns (Payout memory payout) {
        uint256[2] memory unclaimed = [lock.amounts[0], lock.amounts[1]];
        uint256 count = transfers.length < MAX_TRANSFERS ? transfers.length : MAX_TRANSFERS;
        for (uint256 i = 0; i < count; ++i) {
            Transfer calldata transfer = transfers[i];
            uint256 bit = 1 << i;
            if (lock.settled & bit != 0 || transfer.payer > 1 || transfer.asset > 1) continue;
            uint256 asset = transfer.asset;
            uint256 reserved = transfer.amount < unclaimed[asset] ? transfer.amount : unclaimed[asset];
            unclaimed[asset] -= reserved;
            if (reserved == 0 || wanted & bit == 0) continue;
            (uint256 share, bool isFinal) = _outcome(transfer, registry, limits[asset]);
            if (!isFinal) continue;
            lock.settled |= bit;
            lock.amounts[asset] -= reserved;
            uint256 forPayee = reserved * share / FULL_SHARE;
            payout.amounts[asset][1 - transfer.payer] += forPayee;
            payout.amounts[asset][transfer.payer] += reserved - forPayee;
        }
        for (uint256 asset = 0; asset < 2; ++asset) {
            lock.amounts[asset] -= unclaimed[asset];
            payout.amounts[asset][NODE] += unclaimed[asset];
        }
    }

    function isEmpty(Lock memory lock) internal pure returns (bool) {
        return lock.amounts[0] == 0 && lock.amounts[1] == 0;
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
