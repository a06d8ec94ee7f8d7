// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Asset} from "../../interfaces/IChannelManager.sol";
import {Pair, Pairs} from "./Pairs.sol";
import {Head, Heads, Pot, Recorded} from "./Slots.sol";

/// @dev All that the chain stores of a channel. A channel in one asset and without a recorded state uses one slot. Once
/// it is settled and as long as transfers are open, the second slot holds their hash and the third which are settled.
struct Record {
    Head head;
    Recorded recorded;
    Pot second;
}

/// @title The ledger of a channel
/// @notice Hides which slot holds which asset. The first asset shares the slot of deadline and counters, so that a
/// channel in one asset, whichever it is, costs one slot.
library Ledgers {
    /// @notice The ledger of an asset; all zero where the channel never held it.
    function pot(Record storage record, Head head, Asset asset) internal view returns (Pot) {
        if (_isFirst(head, asset)) return head.firstPot();
        return head.hasSecond() ? record.second : Pot.wrap(0);
    }

    /// @notice The ledgers of both assets.
    function pots(Record storage record, Head head) internal view returns (Pot wei_, Pot token) {
        (wei_, token) = (head.firstPot(), head.hasSecond() ? record.second : Pot.wrap(0));
        if (head.isTokenFirst()) (wei_, token) = (token, wei_);
    }

    /// @notice Changes the ledger of an asset: in the returned head, which the caller stores, or in the third slot.
    function withPot(Record storage record, Head head, Asset asset, Pot changed) internal returns (Head) {
        if (!head.isFunded()) return head.withFirstPot(changed).withFunds(asset == Asset.Token);
        if (_isFirst(head, asset)) return head.withFirstPot(changed);
        record.second = changed;
        return head.withSecond();
    }

    /// @notice The recorded state; all zero without one.
    function stateOf(Record storage record, Head head) internal view returns (Recorded) {
        return head.hasRecorded() ? record.recorded : Recorded.wrap(0);
    }

    /// @notice Whether the channel holds nothing of either asset.
    function isEmpty(Record storage record, Head head) internal view returns (bool) {
        return head.firstPot().total() == 0 && (!head.hasSecond() || record.second.total() == 0);
    }

    /// @notice Empties a channel and leaves only the tombstone (G6: no second life), and what its transfers hold.
    function bury(Record storage record, Head head, Pair held, uint256 settled, bytes32 transfersHash) internal {
        if (held.isZero()) (transfersHash, settled) = (0, 0);
        if (transfersHash != 0 || head.hasRecorded()) record.recorded = Recorded.wrap(uint256(transfersHash));
        if (settled != 0 || head.hasSecond()) record.second = Pot.wrap(settled);
        record.head = _tombstone(held);
    }

    /// @notice Changes what the transfers of a settled channel hold. Where that is nothing, only the tombstone stays.
    function setLocked(Record storage record, Pair held, uint256 settled) internal {
        if (held.isZero()) {
            record.recorded = Recorded.wrap(0);
            settled = 0;
        }
        record.second = Pot.wrap(settled);
        record.head = _tombstone(held);
    }

    /// @notice What the open transfers of a settled channel hold, which of them are settled, and the hash of their list.
    function lockedOf(Record storage record, Head head)
        internal
        view
        returns (Pair held, uint256 settled, bytes32 transfersHash)
    {
        (uint256 lockedWei, uint256 lockedToken) = head.locked();
        held = Pairs.pack(lockedWei, lockedToken);
        settled = Pot.unwrap(record.second);
        transfersHash = bytes32(Recorded.unwrap(record.recorded));
    }

    function _tombstone(Pair held) private pure returns (Head) {
        return Heads.tombstone(uint80(held.amountWei()), uint80(held.amountToken()));
    }

    function _isFirst(Head head, Asset asset) private pure returns (bool) {
        return head.isTokenFirst() == (asset == Asset.Token);
    }
}
