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

    /// @notice Make these calls as this account, one after the other in one transaction; all must succeed.
    function execute(address target, bytes[] calldata calls, uint256[] calldata values) external payable {
        for (uint256 i = 0; i < calls.length; ++i) {
            (bool succeeded, bytes memory answer) = target.call{value: values[i]}(calls[i]);
            if (!succeeded) {
                assembly ("memory-safe") {
                    revert(add(answer, 0x20), mload(answer))
                }
            }
        }
    }
}
