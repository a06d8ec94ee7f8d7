// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAllOf} from "../../interfaces/IAllOf.sol";
import {Part} from "../../interfaces/ICombination.sol";
import {FULL_SHARE, ICondition} from "../../interfaces/ICondition.sol";
import {Combination} from "./Combination.sol";

/// @title Paid as far as all of several conditions say so
/// @notice See `IAllOf`.
contract AllOf is IAllOf, Combination {
    /// @inheritdoc ICondition
    function evaluate(bytes calldata params, uint64 expiry, bytes calldata witness)
        external
        view
        returns (uint256 lowest)
    {
        Part[] memory parts = _partsOf(params);
        bytes[] memory witnesses = abi.decode(witness, (bytes[]));
        if (witnesses.length != parts.length) revert WitnessCountWrong(witnesses.length, parts.length);
        lowest = FULL_SHARE;
        for (uint256 i = 0; i < parts.length; ++i) {
            uint256 share = _shareOf(parts[i], expiry, witnesses[i]);
            if (share < lowest) lowest = share;
        }
    }
}
