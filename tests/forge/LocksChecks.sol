// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Transfer} from "../../interfaces/IChannelManager.sol";
import {FULL_SHARE} from "../../interfaces/ICondition.sol";
import {IOutcomeRegistry} from "../../interfaces/IOutcomeRegistry.sol";
import {Locks} from "../../contracts/libraries/Locks.sol";
import {Pair, Pairs} from "../../contracts/libraries/Pairs.sol";
import {VM} from "./Vm.sol";

/// @title Who gets what is locked: for all amounts, shares, limits and bits, of lists of one or two transfers
/// @dev It is the registry, too: a transfer's parameters' hash is its share, and the outcome of expiry 0 is final. Each
/// transfer is one round of a loop that hands on what is unclaimed, kept and the user's: one transfer with everything
/// unknown is that round, two show that rounds fit together.
contract LocksChecks {
    uint256 private constant NODE = 1;
    uint128 private constant NO_LIMIT = type(uint128).max;

    function outcomeOf(address, bytes32 paramsHash, uint64 expiry) external pure returns (uint256 share, bool isFinal) {
        share = uint256(paramsHash);
        VM.assume(share <= FULL_SHARE);
        isFinal = expiry == 0;
    }

    // --- One transfer ---

    /// @custom:halmos --array-lengths transfers=1
    function check_G7_a_lock_conserves(
        uint80 heldWei,
        uint80 heldToken,
        uint256 settled,
        Transfer[] calldata transfers,
        uint256 wanted,
        uint128 limitWei,
        uint128 limitToken
    ) external view {
        _assumePart(transfers[0], _minWithoutBranch(transfers[0].amount, transfers[0].asset == 0 ? heldWei : heldToken));
        Pair held = Pairs.pack(heldWei, heldToken);
        (Pair kept, Pair forUser,) = _settle(held, settled, transfers, wanted, limitWei, limitToken);
        _assertWithin(held, kept, forUser);
    }

    /// @dev The payee gets its share of what is reserved, rounded down, and the payer the rest.
    /// @custom:halmos --array-lengths transfers=1
    function check_G7_a_final_lock_is_shared_out(uint80 held, Transfer[] calldata transfers, bool token, bool byNode)
        external
        view
    {
        Transfer calldata transfer = transfers[0];
        uint256 asset = token ? 1 : 0;
        VM.assume(transfer.asset == asset && transfer.payer == (byNode ? NODE : 0) && transfer.expiry == 0);
        uint256 reserved = _min(transfer.amount, held);
        uint256 part = _assumePart(transfer, reserved);
        (Pair kept, Pair forUser, uint256 settled) =
            _settle(Pairs.single(asset, held), 0, transfers, 1, NO_LIMIT, NO_LIMIT);
        assert(kept.isZero());
        assert(Pair.unwrap(forUser) == Pair.unwrap(Pairs.single(asset, byNode ? part : reserved - part)));
        assert(settled == (reserved == 0 ? 0 : 1));
    }

    /// @dev A transfer above the limit goes back to its payer, whatever was recorded.
    /// @custom:halmos --array-lengths transfers=1
    function check_G8_nothing_above_the_limit_is_paid_to_a_payee(
        uint80 held,
        Transfer[] calldata transfers,
        bool token,
        bool byNode,
        uint128 limit
    ) external view {
        Transfer calldata transfer = transfers[0];
        uint256 asset = token ? 1 : 0;
        VM.assume(transfer.asset == asset && transfer.payer == (byNode ? NODE : 0));
        VM.assume(transfer.amount > limit);
        uint256 reserved = _min(transfer.amount, held);
        (Pair kept, Pair forUser,) =
            _settle(Pairs.single(asset, held), 0, transfers, 1, token ? NO_LIMIT : limit, token ? limit : NO_LIMIT);
        assert(kept.isZero());
        assert(Pair.unwrap(forUser) == Pair.unwrap(Pairs.single(asset, byNode ? 0 : reserved)));
    }

    /// @dev An unknown code claims nothing, and neither does what was settled before.
    /// @custom:halmos --array-lengths transfers=1
    function check_G6_settled_or_unknown_transfers_claim_nothing(
        uint80 heldWei,
        uint80 heldToken,
        uint256 settled,
        Transfer[] calldata transfers,
        uint256 wanted
    ) external view {
        VM.assume(settled & 1 == 1 || transfers[0].asset > 1 || transfers[0].payer > 1);
        (Pair kept, Pair forUser, uint256 nowSettled) =
            _settle(Pairs.pack(heldWei, heldToken), settled, transfers, wanted, NO_LIMIT, NO_LIMIT);
        assert(kept.isZero() && forUser.isZero() && nowSettled == settled);
    }

    /// @dev What is not wanted or not final stays held, in full.
    /// @custom:halmos --array-lengths transfers=1
    function check_G7_an_open_lock_keeps_what_it_reserved(
        uint80 held,
        Transfer[] calldata transfers,
        bool token,
        uint256 wanted
    ) external view {
        Transfer calldata transfer = transfers[0];
        uint256 asset = token ? 1 : 0;
        VM.assume(transfer.asset == asset && transfer.payer <= NODE);
        VM.assume(wanted & 1 == 0 || transfer.expiry != 0);
        (Pair kept, Pair forUser, uint256 settled) =
            _settle(Pairs.single(asset, held), 0, transfers, wanted, NO_LIMIT, NO_LIMIT);
        assert(Pair.unwrap(kept) == Pair.unwrap(Pairs.single(asset, _min(transfer.amount, held))));
        assert(forUser.isZero() && settled == 0);
    }

    // --- Two transfers ---

    /// @custom:halmos --array-lengths transfers=2
    function check_G7_two_locks_of_two_assets_conserve(
        uint80 heldWei,
        uint80 heldToken,
        Transfer[] calldata transfers,
        uint256 wanted
    ) external view {
        VM.assume(transfers[0].asset == 0 && transfers[0].payer <= NODE);
        VM.assume(transfers[1].asset == 1 && transfers[1].payer <= NODE);
        _assumePart(transfers[0], _minWithoutBranch(transfers[0].amount, heldWei));
        _assumePart(transfers[1], _minWithoutBranch(transfers[1].amount, heldToken));
        Pair held = Pairs.pack(heldWei, heldToken);
        (Pair kept, Pair forUser,) = _settle(held, 0, transfers, wanted, NO_LIMIT, NO_LIMIT);
        _assertWithin(held, kept, forUser);
    }

    // --- Transfers of one asset: each has reserved the same, whatever became of the others ---

    /// @custom:halmos --array-lengths transfers=2
    function check_G7_reservations_are_no_more_than_what_is_held(uint80 held, Transfer[] calldata transfers, bool token)
        external
        view
    {
        (uint256 first, uint256 second, uint256 asset) = _assumeTwo(held, transfers, token);
        (Pair kept, Pair forUser,) = _settle(Pairs.single(asset, held), 0, transfers, 0, NO_LIMIT, NO_LIMIT);
        unchecked {
            assert(first + second <= held);
            assert(Pair.unwrap(kept) == Pair.unwrap(Pairs.single(asset, first + second)));
        }
        assert(forUser.isZero());
    }

    /// @custom:halmos --array-lengths transfers=2
    function check_G9_the_first_lock_is_the_same_before_the_second(
        uint80 held,
        Transfer[] calldata transfers,
        bool token,
        bool byNode
    ) external view {
        (uint256 first, uint256 second, uint256 asset) = _assumeTwo(held, transfers, token);
        _assertShared(Pairs.single(asset, held), 0, transfers, 0, byNode, first, Pairs.single(asset, second));
    }

    /// @custom:halmos --array-lengths transfers=2
    function check_G9_the_first_lock_is_the_same_after_the_second(
        uint80 held,
        Transfer[] calldata transfers,
        bool token,
        bool byNode
    ) external view {
        (uint256 first,, uint256 asset) = _assumeTwo(held, transfers, token);
        _assertShared(Pairs.single(asset, first), 2, transfers, 0, byNode, first, Pair.wrap(0));
    }

    /// @custom:halmos --array-lengths transfers=2
    function check_G9_the_second_lock_is_the_same_before_the_first(
        uint80 held,
        Transfer[] calldata transfers,
        bool token,
        bool byNode
    ) external view {
        (uint256 first, uint256 second, uint256 asset) = _assumeTwo(held, transfers, token);
        _assertShared(Pairs.single(asset, held), 0, transfers, 1, byNode, second, Pairs.single(asset, first));
    }

    /// @custom:halmos --array-lengths transfers=2
    function check_G9_the_second_lock_is_the_same_after_the_first(
        uint80 held,
        Transfer[] calldata transfers,
        bool token,
        bool byNode
    ) external view {
        (, uint256 second, uint256 asset) = _assumeTwo(held, transfers, token);
        _assertShared(Pairs.single(asset, second), 1, transfers, 1, byNode, second, Pair.wrap(0));
    }

    /// @dev Two transfers of one asset, both final, and what each of them has reserved.
    function _assumeTwo(uint80 held, Transfer[] calldata transfers, bool token)
        private
        pure
        returns (uint256 first, uint256 second, uint256 asset)
    {
        asset = token ? 1 : 0;
        for (uint256 i = 0; i < 2; ++i) {
            VM.assume(transfers[i].asset == asset && transfers[i].payer <= NODE && transfers[i].expiry == 0);
        }
        first = _min(transfers[0].amount, held);
        unchecked {
            second = _min(transfers[1].amount, held - first);
        }
    }

    /// @dev Settling the transfer of this index alone shares out what it has reserved, and keeps the rest.
    function _assertShared(
        Pair held,
        uint256 settled,
        Transfer[] calldata transfers,
        uint256 index,
        bool byNode,
        uint256 reserved,
        Pair rest
    ) private view {
        VM.assume(transfers[index].payer == (byNode ? NODE : 0));
        uint256 part = _assumePart(transfers[index], reserved);
        uint256 forUserOfIt;
        unchecked {
            forUserOfIt = byNode ? part : reserved - part;
        }
        (Pair kept, Pair forUser,) = _settle(held, settled, transfers, 1 << index, NO_LIMIT, NO_LIMIT);
        assert(Pair.unwrap(kept) == Pair.unwrap(rest));
        assert(Pair.unwrap(forUser) == Pair.unwrap(Pairs.single(transfers[index].asset, forUserOfIt)));
    }

    function _settle(
        Pair held,
        uint256 settled,
        Transfer[] calldata transfers,
        uint256 wanted,
        uint128 limitWei,
        uint128 limitToken
    ) private view returns (Pair kept, Pair forUser, uint256 nowSettled) {
        Pair limits = Pairs.pack(limitWei, limitToken);
        return Locks.settle(held, settled, transfers, wanted, IOutcomeRegistry(address(this)), limits);
    }

    function _assertWithin(Pair held, Pair kept, Pair forUser) private pure {
        assert(uint256(kept.amountWei()) + forUser.amountWei() <= held.amountWei());
        assert(uint256(kept.amountToken()) + forUser.amountToken() <= held.amountToken());
    }

    /// @dev What the payee gets of what is reserved. A product of two unknowns is a lemma of its own:
    /// `ShareChecks.check_G7_a_share_is_part_of_the_amount`.
    function _assumePart(Transfer calldata transfer, uint256 reserved) private pure returns (uint256 part) {
        uint256 share = uint256(transfer.paramsHash);
        VM.assume(share <= FULL_SHARE);
        unchecked {
            part = reserved * share / FULL_SHARE;
        }
        VM.assume(part <= reserved);
    }

    function _min(uint256 a, uint256 b) private pure returns (uint256) {
        return a < b ? a : b;
    }

    /// @dev A branch here would double the paths where nothing else asks which of the two it is.
    function _minWithoutBranch(uint256 a, uint256 b) private pure returns (uint256 min) {
        assembly ("memory-safe") {
            min := xor(b, and(xor(a, b), sub(0, lt(a, b))))
        }
    }
}
