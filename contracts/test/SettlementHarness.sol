// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Settlement} from "../libraries/Settlement.sol";

/// @title The split of a settlement, for many channels at once
contract SettlementHarness {
    /// @return users What each user gets.
    /// @return locks What each channel keeps for open transfers.
    function split(
        uint80[] calldata totals,
        int96[] calldata userContributions,
        int128[] calldata userNets,
        int128[] calldata nodeNets
    ) external pure returns (uint256[] memory users, uint256[] memory locks) {
        users = new uint256[](totals.length);
        locks = new uint256[](totals.length);
        for (uint256 i = 0; i < totals.length; ++i) {
            (users[i], locks[i]) = Settlement.split(totals[i], userContributions[i], userNets[i], nodeNets[i]);
        }
    }
}
