// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Players} from "./Players.sol";

/// @title What holds after any calls in any order
contract Invariants {
    Players private _players;

    function setUp() external {
        _players = new Players();
    }

    /// @notice forge calls these, and nobody else.
    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_players);
    }

    /// @dev One function: forge plays anew for each.
    function invariant_G1_G2_G6_G7_G8() external view {
        _assertHoldsWhatItOwes();
        _assertWithinCapacity();
        require(bytes(_players.violation()).length == 0, _players.violation());
    }

    /// @dev G1, and to the wei, since no settlement makes or loses anything (G7).
    function _assertHoldsWhatItOwes() private view {
        (uint256 owedWei, uint256 owedToken) = _players.owed();
        require(address(_players.MANAGER()).balance == owedWei, "ETH is not what is owed");
        require(_players.TOKEN().balanceOf(address(_players.MANAGER())) == owedToken, "tokens are not what is owed");
    }

    /// @dev G8.
    function _assertWithinCapacity() private view {
        for (uint256 i = 0; i < _players.CHANNELS(); ++i) {
            (int256 totalWei, int256 totalToken) = _players.totalOf(i);
            require(totalWei >= 0 && totalToken >= 0, "a channel holds less than nothing");
            require(totalWei <= int128(_players.CAPACITY_WEI()), "a channel holds too much ETH");
            require(totalToken <= int128(_players.CAPACITY_TOKEN()), "a channel holds too many tokens");
        }
    }
}
