// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Transfer} from "../../interfaces/IChannelManager.sol";
import {FULL_SHARE} from "../../interfaces/ICondition.sol";
import {IOutcomeRegistry} from "../../interfaces/IOutcomeRegistry.sol";
import {Locks} from "../../contracts/libraries/Locks.sol";
import {Pair, Pairs} from "../../contracts/libraries/Pairs.sol";
import {VM} from "./Vm.sol";

/// @title Who gets what is locked, for all amounts, shares and bits, of lists of bounded length
/// @dev It is the registry, too: a transfer's parameters' hash is its share, and the outcome of expiry 0 is final.
contract LocksChecks {
    function outcomeOf(address, bytes32 paramsHash, uint64 expiry) external pure returns (uint256 share, bool isFinal) {
        return (uint256(paramsHash), expiry == 0);
    }

    // --- One share ---

    /// @dev Lemma: rounded down, no share is more than what it is a part of, and the payer gets the rest.
    function check_G7_share_is_part_of_the_amount(uint80 reserved, uint64 share) external pure {
        VM.assume(share <= FULL_SHARE);
        assert(uint256(reserved) * share / FULL_SHARE <= reserved);
    }
}
