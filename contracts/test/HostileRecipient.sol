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

    /// @notice Call a contract as this account.
    function execute(address target, uint256 amount, bytes calldata data) external payable {
        (bool succeeded, bytes memory result) = target.call{value: amount}(data);
        assembly ("memory-safe") {
            if iszero(succeeded) { revert(add(result, 0x20), mload(result)) }
        }
    }
}
