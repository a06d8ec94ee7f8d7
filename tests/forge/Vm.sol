// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title What halmos and forge do for a test at this one address
interface Vm {
    /// @notice Gives up the running case where `condition` does not hold.
    function assume(bool condition) external pure;

    /// @notice Reads a storage slot of any contract.
    function load(address target, bytes32 slot) external view returns (bytes32);

    /// @notice Makes all that a contract has stored unknown.
    function setArbitraryStorage(address target) external;

    /// @notice An unknown number of so many bits.
    function randomUint(uint256 bits) external view returns (uint256);

    /// @notice Sets the time of the block.
    function warp(uint256 time) external;

    /// @notice Sets the ETH of an account.
    function deal(address account, uint256 amountWei) external;

    /// @notice Makes the next call come from `caller`.
    function prank(address caller) external;

    /// @notice The address of a private key.
    function addr(uint256 key) external pure returns (address);

    /// @notice Signs a digest with a private key.
    function sign(uint256 key, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);

    /// @notice Creation code of a contract of this project.
    function getCode(string calldata contractName) external view returns (bytes memory);
}

Vm constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
