// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICondition} from "../../interfaces/ICondition.sol";

/// @title A condition that takes the witness itself for the share
contract AnyShare is ICondition {
    function evaluate(bytes calldata, uint64, bytes calldata witness) external pure returns (uint256) {
        return uint256(bytes32(witness));
    }
}
