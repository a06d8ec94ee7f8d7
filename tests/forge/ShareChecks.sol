// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FULL_SHARE} from "../../interfaces/ICondition.sol";
import {VM} from "./Vm.sol";

/// @title Shares of an amount, for all amounts that a lock can hold and all shares
/// @custom:halmos --solver-command "proof/cvc5-as-integers"
contract ShareChecks {
    /// @dev Rounded down, no share is more than what it is a part of.
    function check_G7_a_share_is_part_of_the_amount(uint80 reserved, uint64 share) external pure {
        VM.assume(share <= FULL_SHARE);
        assert(uint256(reserved) * share / FULL_SHARE <= reserved);
    }
}
