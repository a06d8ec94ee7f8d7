// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAnyOf} from "../../interfaces/IAnyOf.sol";
import {Part} from "../../interfaces/ICombination.sol";
import {ICondition} from "../../interfaces/ICondition.sol";
import {Combination} from "./Combination.sol";

/// @title Paid as far as the best of several conditions says so
/// @notice See `IAnyOf`.
contract AnyOf is IAnyOf, Combination {
    /// @inheritdoc ICondition
    function evaluate(bytes calldata params, uint64 expiry, bytes calldata witness) external view returns (uint256) {
        Part[] memory parts = _partsOf(params);
        (uint256 index, bytes memory ofPart) = abi.decode(witness, (uint256, bytes));
        if (index >= parts.length) revert NoSuchPart(index, parts.length);
        return _shareOf(parts[index], expiry, ofPart);
    }
}
