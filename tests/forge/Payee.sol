// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title An account that takes ETH, or refuses it
contract Payee {
    bool public refuses;

    receive() external payable {
        require(!refuses);
    }

    function setRefuses(bool refuses_) external {
        refuses = refuses_;
    }
}
