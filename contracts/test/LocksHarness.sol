// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Transfer} from "../../interfaces/IChannelManager.sol";
import {IOutcomeRegistry} from "../../interfaces/IOutcomeRegistry.sol";
import {Locks} from "../libraries/Locks.sol";
import {Pair, Pairs} from "../libraries/Pairs.sol";

/// @title `Locks`, and a registry whose outcomes stand in the transfers themselves
contract LocksHarness {
    /// @dev Of each pair: wei, tokens.
    function settle(
        uint256[2] calldata held,
        uint256 settled,
        Transfer[] calldata transfers,
        uint256 wanted,
        uint256[2] calldata limits
    ) external view returns (uint256[2] memory keptHeld, uint256 keptSettled, uint256[2] memory forUser) {
        Pair limit = Pairs.pack(limits[0], limits[1]);
        (Pair kept, Pair user, uint256 nowSettled) = Locks.settle(
            Pairs.pack(held[0], held[1]), settled, transfers, wanted, IOutcomeRegistry(address(this)), limit
        );
        return (_pair(kept), nowSettled, _pair(user));
    }

    /// @notice The parameters' hash is the share, and the outcome of expiry 0 is final.
    function outcomeOf(address, bytes32 paramsHash, uint64 expiry) external pure returns (uint256 share, bool isFinal) {
        return (uint256(paramsHash), expiry == 0);
    }

    function _pair(Pair pair) private pure returns (uint256[2] memory) {
        return [uint256(pair.amountWei()), pair.amountToken()];
    }
}
