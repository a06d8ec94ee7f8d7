// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Hostile} from "./Hostile.sol";

/// @title A contract account that may make its own payouts as difficult as it can
contract HostileRecipient is Hostile {
    event Received(uint256 amount, uint256 gasGiven);

    receive() external payable {
        uint256 gasGiven = gasleft();
        _act();
        emit Received(msg.value, gasGiven);
    }
}
