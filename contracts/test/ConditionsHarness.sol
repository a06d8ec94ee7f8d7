// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICondition} from "../../interfaces/ICondition.sol";
import {IConditionCaller} from "../../interfaces/IConditionCaller.sol";
import {Conditions} from "../libraries/Conditions.sol";

/// @title `Conditions` beside the same in plain Solidity
contract ConditionsHarness is IConditionCaller {
    /// @dev A full share is left in the memory into which an answer is written: a shorter one must not uncover it.
    modifier dirtyScratchSpace() {
        assembly ("memory-safe") {
            mstore(0x00, 1000000000000000000)
        }
        _;
    }

    function share(address condition, bytes calldata params, uint64 expiry, bytes calldata witness)
        external
        view
        dirtyScratchSpace
        returns (uint256)
    {
        return Conditions.share(condition, params, expiry, witness);
    }

    function shareOfEncoded(address condition, bytes calldata evaluation)
        external
        view
        dirtyScratchSpace
        returns (uint256)
    {
        return Conditions.share(condition, evaluation);
    }

    function plainShare(address condition, bytes calldata params, uint64 expiry, bytes calldata witness)
        external
        view
        returns (uint256)
    {
        (bool succeeded, bytes memory answer) =
            condition.staticcall(abi.encodeCall(ICondition.evaluate, (params, expiry, witness)));
        if (!succeeded) revert ConditionFailed(condition, _cut(answer));
        if (answer.length != 32 || uint256(bytes32(answer)) > 1e18) revert ShareInvalid(condition, _cut(answer));
        return uint256(bytes32(answer));
    }

    /// @notice Gas that one of the functions above takes, whether it succeeds or not.
    function gasOf(bytes calldata question) external view returns (bool succeeded, uint256 used) {
        uint256 before = gasleft();
        (succeeded,) = address(this).staticcall(question);
        used = before - gasleft();
    }

    function _cut(bytes memory answer) private pure returns (bytes memory start) {
        start = new bytes(answer.length < 256 ? answer.length : 256);
        for (uint256 i = 0; i < start.length; ++i) {
            start[i] = answer[i];
        }
    }
}
