// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Pair, Pairs} from "../../contracts/libraries/Pairs.sol";
import {Head, Heads, Pot, Pots, Recorded, RecordedStates} from "../../contracts/libraries/Slots.sol";
import {VM} from "./Vm.sol";

/// @title Packed words: each field comes back as it was written, and writing one changes no other
contract SlotsChecks {
    // --- Pairs ---

    function check_G7_pair_round_trip(uint128 amountWei, uint128 amountToken) external pure {
        Pair pair = Pairs.pack(amountWei, amountToken);
        assert(pair.amountWei() == amountWei && pair.amountOf(0) == amountWei);
        assert(pair.amountToken() == amountToken && pair.amountOf(1) == amountToken);
        assert(pair.isZero() == (amountWei == 0 && amountToken == 0));
        assert(Pair.unwrap(Pairs.single(0, amountWei)) == Pair.unwrap(Pairs.pack(amountWei, 0)));
        assert(Pair.unwrap(Pairs.single(1, amountToken)) == Pair.unwrap(Pairs.pack(0, amountToken)));
    }

    /// @dev Sums below 2^128 do not run into the other asset.
    function check_G7_pairs_add_apart(uint128 aWei, uint128 aToken, uint128 bWei, uint128 bToken) external pure {
        VM.assume(uint256(aWei) + bWei <= type(uint128).max && uint256(aToken) + bToken <= type(uint128).max);
        Pair sum = Pairs.pack(aWei, aToken) + Pairs.pack(bWei, bToken);
        assert(sum.amountWei() == uint256(aWei) + bWei);
        assert(sum.amountToken() == uint256(aToken) + bToken);
    }

    /// @dev Differences that are not negative do not run into the other asset.
    function check_G7_pairs_subtract_apart(uint128 aWei, uint128 aToken, uint128 bWei, uint128 bToken) external pure {
        VM.assume(bWei <= aWei && bToken <= aToken);
        Pair difference = Pairs.pack(aWei, aToken) - Pairs.pack(bWei, bToken);
        assert(difference.amountWei() == aWei - bWei);
        assert(difference.amountToken() == aToken - bToken);
    }

    // --- Pots ---

    function check_G7_pot_round_trip(uint80 total, int96 user) external pure {
        Pot pot = Pots.pack(total, user);
        assert(pot.total() == total && pot.user() == user);
        assert(Pot.unwrap(pot) <= type(uint176).max);
    }

    // --- Heads ---

    function check_G6_head_keeps_what_is_not_written_with_a_pot(uint256 word, uint80 total, int96 user) external pure {
        Head before = Head.wrap(word);
        Pot pot = Pots.pack(total, user);
        Head changed = before.withFirstPot(pot);
        assert(Pot.unwrap(changed.firstPot()) == Pot.unwrap(pot));
        _assertSameCounters(before, changed);
        _assertSameDeadline(before, changed);
        _assertSameFlags(before, changed);
    }

    function check_G6_head_keeps_what_is_not_written_with_a_deadline(uint256 word, uint40 deadline) external pure {
        Head before = Head.wrap(word);
        Head changed = before.withDeadline(deadline);
        assert(changed.deadline() == deadline);
        _assertSameCounters(before, changed);
        _assertSamePot(before, changed);
        _assertSameFlags(before, changed);
    }

    function check_G6_head_keeps_what_is_not_written_with_a_dispute(uint256 word) external pure {
        Head before = Head.wrap(word);
        VM.assume(before.dispute() != type(uint16).max);
        Head changed = before.withNextDispute();
        assert(changed.dispute() == before.dispute() + 1);
        assert(changed.sequence() == before.sequence());
        _assertSameDeadline(before, changed);
        _assertSamePot(before, changed);
        _assertSameFlags(before, changed);
    }

    function check_G6_head_keeps_what_is_not_written_with_a_sequence(uint256 word) external pure {
        Head before = Head.wrap(word);
        VM.assume(before.sequence() != type(uint16).max);
        Head changed = before.withNextSequence();
        assert(changed.sequence() == before.sequence() + 1);
        assert(changed.dispute() == before.dispute());
        _assertSameDeadline(before, changed);
        _assertSamePot(before, changed);
        _assertSameFlags(before, changed);
    }

    function check_G6_head_keeps_what_is_not_written_with_a_flag(uint256 word, bool tokenFirst) external pure {
        Head before = Head.wrap(word);
        Head[3] memory changed = [before.withFunds(tokenFirst), before.withRecorded(), before.withSecond()];
        for (uint256 i = 0; i < 3; ++i) {
            _assertSameCounters(before, changed[i]);
            _assertSameDeadline(before, changed[i]);
            _assertSamePot(before, changed[i]);
            assert(changed[i].isSettled() == before.isSettled());
            assert(changed[i].isFunded() == (i == 0 || before.isFunded()));
            assert(changed[i].isTokenFirst() == ((i == 0 && tokenFirst) || before.isTokenFirst()));
            assert(changed[i].hasRecorded() == (i == 1 || before.hasRecorded()));
            assert(changed[i].hasSecond() == (i == 2 || before.hasSecond()));
        }
    }

    /// @dev Nothing of the channel's life is left, and what is locked comes back as it was written.
    function check_G6_tombstone_round_trip(uint80 lockedWei, uint80 lockedToken) external pure {
        Head head = Heads.tombstone(lockedWei, lockedToken);
        (uint256 wei_, uint256 token) = head.locked();
        assert(wei_ == lockedWei && token == lockedToken);
        assert(head.isFunded() && head.isSettled());
        assert(head.deadline() == 0 && head.dispute() == 0 && head.sequence() == 0);
        assert(!head.isTokenFirst() && !head.hasRecorded() && !head.hasSecond());
    }

    // --- Recorded states ---

    function check_G6_recorded_round_trip(uint48 nonce, bytes26 stateHash) external pure {
        Recorded recorded = RecordedStates.pack(nonce, stateHash);
        assert(recorded.nonce() == nonce);
        assert(recorded.stateHash() == stateHash);
    }

    function _assertSameCounters(Head a, Head b) private pure {
        assert(a.dispute() == b.dispute() && a.sequence() == b.sequence());
    }

    function _assertSameDeadline(Head a, Head b) private pure {
        assert(a.deadline() == b.deadline());
    }

    function _assertSamePot(Head a, Head b) private pure {
        assert(Pot.unwrap(a.firstPot()) == Pot.unwrap(b.firstPot()));
    }

    function _assertSameFlags(Head a, Head b) private pure {
        assert(Head.unwrap(a) >> 248 == Head.unwrap(b) >> 248);
    }
}
