// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Asset} from "../../interfaces/IChannelManager.sol";
import {Lock, Locks} from "./Locks.sol";
import {Form, Head, Heads, Pot, Recorded} from "./Slots.sol";

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
        if (_isFirst(head.form(), asset)) return head.firstPot();
        return head.hasSecond() ? record.second : Pot.wrap(0);
    }

    /// @notice Changes the ledger of an asset: in the returned head, which the caller stores, or in the third slot.
    function withPot(Record storage record, Head head, Asset asset, Pot changed) internal returns (Head) {
        Form form = head.form();
        if (form == Form.Unfunded) {
            return head.withFirstPot(changed).withForm(asset == Asset.Ether ? Form.Ether : Form.Token);
        }
        if (_isFirst(form, asset)) return head.withFirstPot(changed);
        record.second = changed;
        if (form == Form.Ether) return head.withForm(Form.EtherThenToken);
        if (form == Form.Token) return head.withForm(Form.TokenThenEther);
        return head;
    }

    /// @notice Whether the channel holds nothing of either asset.
    function isEmpty(Record storage record, Head head) internal view returns (bool) {
        return head.firstPot().total() == 0 && (!head.hasSecond() || record.second.total() == 0);
    }

    /// @notice Empties a channel and leaves only the tombstone (G6: no second life).
    function bury(Record storage record, Head head) internal {
        if (head.hasSecond()) record.second = Pot.wrap(0);
        record.recorded = Recorded.wrap(0);
        record.head = Heads.tombstone(0, 0);
    }

    /// @notice The same for a channel whose transfers hold something beyond the settlement.
    function buryWithLock(Record storage record, Head head, Lock memory lock, bytes32 transfersHash) internal {
        record.recorded = Recorded.wrap(uint256(transfersHash));
        _writeLock(record, lock, head.hasSecond());
    }

    /// @notice The hash of the transfers that a settled channel still holds something for, and what they hold.
    function lockOf(Record storage record) internal view returns (bytes32 transfersHash, Lock memory lock) {
        (uint256 lockedWei, uint256 lockedToken) = record.head.locked();
        transfersHash = bytes32(Recorded.unwrap(record.recorded));
        lock = Lock([lockedWei, lockedToken], Pot.unwrap(record.second));
    }

    /// @notice What stays locked in a settled channel; nothing of it but the tombstone where that is nothing.
    function changeLock(Record storage record, Lock memory lock) internal {
        if (Locks.isEmpty(lock)) {
            lock.settled = 0;
            record.recorded = Recorded.wrap(0);
        }
        _writeLock(record, lock, true);
    }

    /// @param dirty Whether the third slot may hold something else.
    function _writeLock(Record storage record, Lock memory lock, bool dirty) private {
        if (dirty || lock.settled != 0) record.second = Pot.wrap(lock.settled);
        record.head = Heads.tombstone(uint80(lock.amounts[0]), uint80(lock.amounts[1]));
    }

    function _isFirst(Form form, Asset asset) private pure returns (bool) {
        if (asset == Asset.Ether) return form == Form.Ether || form == Form.EtherThenToken;
        return form == Form.Token || form == Form.TokenThenEther;
    }
}
