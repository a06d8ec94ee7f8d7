// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title The token of the comparison: OpenZeppelin's ERC-20 as it is, and anybody may mint
contract Token is ERC20("Token", "TKN") {
    function mint(address account, uint256 amount) external {
        _mint(account, amount);
    }
}
