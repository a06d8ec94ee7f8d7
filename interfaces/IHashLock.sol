// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ICondition} from "./ICondition.sol";
import {IFixedLengths} from "./IFixedLengths.sol";

/// @title Paid to whoever shows the preimage of a hash
/// @notice Parameters: `abi.encode(bytes32 hash)`, 32 bytes. Witness: the preimage, exactly 32 bytes, with
/// `keccak256(preimage) == hash`; it proves the full share. One length, so that what one leg of a route accepts no other
/// can find too long.
interface IHashLock is ICondition, IFixedLengths {
    /// @notice Thrown when the witness is not the preimage of the hash.
    /// @dev Give the secret itself, and check whose it is.
    error WrongPreimage(bytes32 expected, bytes32 hash);
}
