// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ICondition} from "./ICondition.sol";
import {IFixedLengths} from "./IFixedLengths.sol";

/// @title A condition whose witnesses are signed
/// @notice EIP-712, in a domain of the condition's own: no signature counts on another chain, for another condition, under
/// other parameters or another expiry. Parameters carry a fresh id, so that the same parameters never come twice.
interface ISignedCondition is ICondition, IFixedLengths {
    /// @notice Thrown when a witness is not signed by the key in the parameters (`recovered` is 0 where the signature is
    /// malformed).
    /// @dev Sign with that key, for these very parameters, expiry, contract and chain.
    error WrongSigner(address expected, address recovered);

    /// @notice EIP-712 domain separator: name "Connext", version "1", this chain and this contract.
    function domainSeparator() external view returns (bytes32);
}
