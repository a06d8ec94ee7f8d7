// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICombination, Part} from "../../interfaces/ICombination.sol";
import {ICondition} from "../../interfaces/ICondition.sol";
import {Conditions} from "../libraries/Conditions.sol";

/// @title What the conditions made of others have in common
abstract contract Combination is ICombination {
    function _partsOf(bytes calldata params) internal pure returns (Part[] memory parts) {
        parts = abi.decode(params, (Part[]));
        if (parts.length == 0) revert NoParts();
    }

    function _shareOf(Part memory part, uint64 expiry, bytes memory witness) internal view returns (uint256) {
        return Conditions.share(part.condition, abi.encodeCall(ICondition.evaluate, (part.params, expiry, witness)));
    }
}
