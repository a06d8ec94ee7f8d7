// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Settlement} from "../../contracts/libraries/Settlement.sol";
import {VM} from "./Vm.sol";

/// @title The split of a channel's total at settlement, for all totals, contributions and signed nets
contract SettlementChecks {
    function split(uint80 total, int96 contribution, int128 userNet, int128 nodeNet)
        external
        pure
        returns (uint256 user, uint256 locked)
    {
        return Settlement.split(total, contribution, userNet, nodeNet);
    }

    function check_G7_split_never_reverts(uint80 total, int96 contribution, int128 userNet, int128 nodeNet)
        external
        view
    {
        try this.split(total, contribution, userNet, nodeNet) {}
        catch {
            assert(false);
        }
    }

    /// @dev The node gets the rest: nobody gets less than nothing, and all three add up to the total.
    function check_G7_split_conserves(uint80 total, int96 contribution, int128 userNet, int128 nodeNet) external pure {
        (uint256 user, uint256 locked) = Settlement.split(total, contribution, userNet, nodeNet);
        assert(locked <= total);
        assert(user <= total - locked);
    }

    /// @dev docs/protocol.md section 5, word for word.
    function check_G7_split_is_the_rule(uint80 total, int96 contribution, int128 userNet, int128 nodeNet)
        external
        pure
    {
        (uint256 user, uint256 locked) = Settlement.split(total, contribution, userNet, nodeNet);
        assert(locked == _bounded(-(int256(userNet) + int256(nodeNet)), total));
        assert(user == _bounded(int256(contribution) + int256(userNet), total - locked));
    }

    /// @dev A state whose balances are not negative and add up, with what is locked, to the total: each side gets its
    /// balance, to the wei, whatever was deposited and withdrawn.
    function check_G4_honest_states_are_paid_exactly(
        int96 contribution,
        uint80 userBalance,
        uint80 nodeBalance,
        uint80 inTransfers
    ) external pure {
        uint256 total = uint256(userBalance) + nodeBalance + inTransfers;
        VM.assume(total <= type(uint80).max);
        int128 userNet = int128(uint128(userBalance)) - contribution;
        int128 nodeNet = int128(uint128(nodeBalance)) - (int128(uint128(total)) - contribution);
        (uint256 user, uint256 locked) = Settlement.split(uint80(total), contribution, userNet, nodeNet);
        assert(user == userBalance);
        assert(locked == inTransfers);
    }

    function _bounded(int256 value, uint256 max) private pure returns (uint256) {
        return value < 0 ? 0 : value > int256(max) ? max : uint256(value);
    }
}
