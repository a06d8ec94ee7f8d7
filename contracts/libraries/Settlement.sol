// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Who gets what when a channel settles
/// @notice Pure arithmetic of docs/protocol.md section 5. Never reverts, whatever was signed (G7, G10).
library Settlement {
    /// @notice Splits a channel's total of one asset. Honest states make every bound exact; dishonest ones only hurt
    /// who signed them.
    /// @param total What the channel holds.
    /// @param userContribution Deposited minus withdrawn for the user.
    /// @param userNet What payments added to the user's side, as signed.
    /// @param nodeNet What payments added to the node's side, as signed.
    /// @return user What the user gets.
    /// @return locked What the open transfers of the state hold. The rest of the total is the node's.
    function split(uint80 total, int96 userContribution, int128 userNet, int128 nodeNet)
        internal
        pure
        returns (uint256 user, uint256 locked)
    {
        // Most channels hold one asset.
        if (total == 0) return (0, 0);
        // Unchecked: in 256 bits no sum of these widths overflows, and locked <= total.
        unchecked {
            locked = _bound(-(int256(userNet) + nodeNet), total);
            user = _bound(int256(userContribution) + userNet, total - locked);
        }
    }

    /// @dev `value` bounded to [0, max].
    function _bound(int256 value, uint256 max) private pure returns (uint256) {
        if (value <= 0) return 0;
        return uint256(value) < max ? uint256(value) : max;
    }
}
