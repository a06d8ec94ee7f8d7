// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {ISignedCondition} from "../../interfaces/ISignedCondition.sol";

/// @title What the conditions with signed witnesses have in common
abstract contract SignedCondition is ISignedCondition, EIP712 {
    constructor() EIP712("Connext", "1") {}

    /// @inheritdoc ISignedCondition
    function domainSeparator() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    /// @dev Both are checked before anything is decoded: what is decoded then has one encoding only.
    function _requireLengths(bytes calldata params, uint256 ofParams, bytes calldata witness, uint256 ofWitness)
        internal
        pure
    {
        if (params.length != ofParams) revert ParamsLengthWrong(params.length, ofParams);
        if (witness.length != ofWitness) revert WitnessLengthWrong(witness.length, ofWitness);
    }

    /// @dev Nothing but a signature of `signer` with s in the lower half will do; the zero address signs nothing.
    function _requireSigned(bytes32 digest, bytes32 r, bytes32 vs, address signer) internal pure {
        (address recovered,,) = ECDSA.tryRecover(digest, r, vs);
        if (recovered == address(0) || recovered != signer) revert WrongSigner(signer, recovered);
    }
}
