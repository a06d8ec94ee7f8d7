// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Channel, IChannelManager, StateHeader, Transfer, Withdrawal} from "../../interfaces/IChannelManager.sol";
import {ChannelIds} from "../../contracts/libraries/ChannelIds.sol";
import {Messages} from "../../contracts/libraries/Messages.sol";
import {VM} from "./Vm.sol";

/// @title No signature can be taken for another: whatever differs has another hash
/// @dev halmos takes keccak256 for injective, as everybody does who signs a hash.
contract MessagesChecks {
    using ChannelIds for Channel;

    // --- Another kind ---

    function check_G6_no_state_is_a_withdrawal(bytes32 a, StateHeader calldata state, bytes32 b, Withdrawal calldata w)
        external
        pure
    {
        assert(Messages.hash(a, state) != Messages.hash(b, w));
    }

    function check_G6_no_exit_is_a_resume(
        bytes32 a,
        uint64 disputeA,
        uint64 deadlineA,
        bytes32 b,
        uint64 disputeB,
        uint64 deadlineB
    ) external pure {
        assert(Messages.hashExit(a, disputeA, deadlineA) != Messages.hashResume(b, disputeB, deadlineB));
    }

    function check_G6_no_state_or_withdrawal_is_an_exit_or_resume(
        bytes32 a,
        StateHeader calldata state,
        Withdrawal calldata withdrawal,
        bytes32 b,
        uint64 dispute,
        uint64 deadline
    ) external pure {
        bytes32 exit = Messages.hashExit(b, dispute, deadline);
        bytes32 resume = Messages.hashResume(b, dispute, deadline);
        assert(Messages.hash(a, state) != exit && Messages.hash(a, state) != resume);
        assert(Messages.hash(a, withdrawal) != exit && Messages.hash(a, withdrawal) != resume);
    }

    // --- Another content ---

    function check_G6_a_state_hash_says_every_field(
        bytes32 a,
        StateHeader calldata one,
        bytes32 b,
        StateHeader calldata other
    ) external pure {
        VM.assume(Messages.hash(a, one) == Messages.hash(b, other));
        assert(a == b);
        assert(one.nonce == other.nonce && one.isFinal == other.isFinal);
        assert(one.userWei == other.userWei && one.nodeWei == other.nodeWei);
        assert(one.userToken == other.userToken && one.nodeToken == other.nodeToken);
        assert(one.transfersHash == other.transfersHash);
    }

    function check_G6_a_withdrawal_hash_says_every_field(
        bytes32 a,
        Withdrawal calldata one,
        bytes32 b,
        Withdrawal calldata other
    ) external pure {
        VM.assume(Messages.hash(a, one) == Messages.hash(b, other));
        assert(a == b);
        assert(one.sequence == other.sequence && one.deadline == other.deadline);
        assert(one.userWei == other.userWei && one.nodeWei == other.nodeWei);
        assert(one.userToken == other.userToken && one.nodeToken == other.nodeToken);
        assert(one.recipient == other.recipient);
    }

    function check_G6_exit_and_resume_hashes_say_every_field(
        bytes32 a,
        uint64 disputeA,
        uint64 deadlineA,
        bytes32 b,
        uint64 disputeB,
        uint64 deadlineB
    ) external pure {
        bool same = a == b && disputeA == disputeB && deadlineA == deadlineB;
        bool exits = Messages.hashExit(a, disputeA, deadlineA) == Messages.hashExit(b, disputeB, deadlineB);
        bool resumes = Messages.hashResume(a, disputeA, deadlineA) == Messages.hashResume(b, disputeB, deadlineB);
        assert(exits == same && resumes == same);
    }

    /// @custom:halmos --array-lengths one=2,other=2
    function check_G6_a_list_hash_says_every_transfer(Transfer[] calldata one, Transfer[] calldata other)
        external
        pure
    {
        VM.assume(Messages.hash(one) == Messages.hash(other));
        for (uint256 i = 0; i < 2; ++i) {
            assert(one[i].id == other[i].id && one[i].payer == other[i].payer && one[i].asset == other[i].asset);
            assert(one[i].amount == other[i].amount && one[i].condition == other[i].condition);
            assert(one[i].paramsHash == other[i].paramsHash && one[i].expiry == other[i].expiry);
        }
    }

    /// @custom:halmos --array-lengths one={0,1,2},other={0,1,2}
    function check_G6_a_list_hash_says_the_length(Transfer[] calldata one, Transfer[] calldata other) external pure {
        VM.assume(one.length != other.length);
        assert(Messages.hash(one) != Messages.hash(other));
    }

    // --- Another channel, contract or chain ---

    function check_G6_a_channel_id_says_every_field(
        Channel calldata one,
        uint256 chainOfOne,
        Channel calldata other,
        uint256 chainOfOther
    ) external view {
        VM.assume(one.idOf(chainOfOne) == other.idOf(chainOfOther));
        assert(chainOfOne == chainOfOther);
        assert(one.user == other.user && one.userSigner == other.userSigner);
        assert(one.node == other.node && one.nodeSigner == other.nodeSigner);
        assert(one.challengePeriod == other.challengePeriod && one.salt == other.salt);
    }
}
