// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Outcomes of conditions, the same for all channels
/// @notice Maps a triple (condition, parameters, expiry) to the share of a transfer's amount that goes to the payee, from
/// 0 to 1e18. Every leg of a route names the same triple, so that one record makes all of them enforceable at once (the
/// Sprites construction, arXiv 1702.05812). It holds no money, has no owner, and nobody can lower what is recorded.
/// docs/protocol.md section 6.
interface IOutcomeRegistry {
    /// @notice Thrown when an outcome is recorded at or after its expiry, unless the payee has everything already.
    /// @dev Nothing can be done: the outcome is what was recorded before, or 0.
    error OutcomeIsFinal(uint256 expiry, uint256 time);

    /// @notice The triple has a higher share than before.
    event OutcomeRecorded(address indexed condition, bytes32 indexed paramsHash, uint64 expiry, uint256 share);

    /// @notice Asks the condition what the witness proves, and keeps the share if it is the highest so far. Anyone may
    /// call, before the expiry. What is recorded already is no error, so nobody can make a caller fail by being first; once
    /// it is everything, the condition is not asked any more.
    /// @param condition Contract that decides; it can only read (see `ICondition`).
    /// @param params The condition's parameters, whose hash the transfers carry.
    /// @param expiry Unix time in seconds from which on the outcome is final.
    /// @param witness What proves the share.
    function record(address condition, bytes calldata params, uint64 expiry, bytes calldata witness) external;

    /// @notice What is recorded of a triple.
    /// @param condition Contract that decides.
    /// @param paramsHash keccak256 of the condition's parameters.
    /// @param expiry Unix time in seconds.
    /// @return share Of 1e18, for the payee; 0 where nothing is recorded.
    /// @return isFinal Whether it can no longer change: the expiry has come, or the payee gets everything.
    function outcomeOf(address condition, bytes32 paramsHash, uint64 expiry)
        external
        view
        returns (uint256 share, bool isFinal);
}
