// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IChannelManager, Parameters} from "../../interfaces/IChannelManager.sol";
import {Head, Pot} from "../../contracts/libraries/Slots.sol";
import {VM} from "./Vm.sol";

/// @title The manager with all that is stored, its capacities and its limits unknown, and one call of it
/// @dev The bytecode is the deployed one.
abstract contract OneCall {
    string private constant BUILT = ".build/proof/forge/out/";

    uint256 private constant RECORDS_SLOT = 4;

    IChannelManager internal immutable MANAGER;
    uint256 internal immutable CAPACITY_WEI;
    uint256 internal immutable CAPACITY_TOKEN;

    constructor() {
        address token = _deploy("TestDai", abi.encode(block.chainid));
        address registry = _deploy("OutcomeRegistry", "");
        CAPACITY_WEI = VM.randomUint(80);
        CAPACITY_TOKEN = VM.randomUint(80);
        Parameters memory parameters = Parameters({
            token: token,
            registry: registry,
            capacityWei: uint128(CAPACITY_WEI),
            capacityToken: uint128(CAPACITY_TOKEN),
            transferLimitWei: uint128(VM.randomUint(128)),
            transferLimitToken: uint128(VM.randomUint(128)),
            minChallengePeriod: 1,
            maxChallengePeriod: type(uint32).max
        });
        MANAGER = IChannelManager(_deploy("ChannelManager", abi.encode(parameters)));
        VM.setArbitraryStorage(address(MANAGER));
        VM.setArbitraryStorage(token);
    }

    function _call(bytes memory data) internal returns (bool done) {
        (done,) = address(MANAGER).call{value: msg.value}(data);
    }

    function _headOf(bytes32 channelId) internal view returns (Head) {
        return Head.wrap(uint256(VM.load(address(MANAGER), _headSlot(channelId))));
    }

    function _headSlot(bytes32 channelId) private pure returns (bytes32) {
        return keccak256(abi.encode(channelId, RECORDS_SLOT));
    }

    function _recordedOf(bytes32 channelId) internal view returns (bytes32) {
        return VM.load(address(MANAGER), bytes32(uint256(_headSlot(channelId)) + 1));
    }

    function _secondOf(bytes32 channelId) internal view returns (Pot) {
        return Pot.wrap(uint256(VM.load(address(MANAGER), bytes32(uint256(_headSlot(channelId)) + 2))));
    }

    function _deploy(string memory name, bytes memory arguments) private returns (address deployed) {
        bytes memory code = abi.encodePacked(VM.getCode(string.concat(BUILT, name, ".sol/", name, ".json")), arguments);
        assembly ("memory-safe") {
            deployed := create(0, add(code, 0x20), mload(code))
        }
        require(deployed != address(0), name);
    }
}
