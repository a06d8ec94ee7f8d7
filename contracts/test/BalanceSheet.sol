// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Amounts, IChannelManager} from "../../interfaces/IChannelManager.sol";

interface IBalances {
    function balanceOf(address account) external view returns (uint256);
}

/// @notice What one account owns in and beside a deployment.
struct Holdings {
    uint256 amountWei;
    uint256 amountToken;
    Amounts reserve;
    Amounts credit;
}

/// @title Everything that accounts own, in one call
/// @notice So that a test can compare all money before and after a transaction and see what moved that should not have.
contract BalanceSheet {
    function read(IChannelManager manager, address[] calldata accounts) external view returns (Holdings[] memory sheet) {
        IBalances token = IBalances(manager.parameters().token);
        sheet = new Holdings[](accounts.length);
        for (uint256 i = 0; i < accounts.length; ++i) {
            sheet[i] = Holdings({
                amountWei: accounts[i].balance,
                amountToken: token.balanceOf(accounts[i]),
                reserve: manager.reserveOf(accounts[i]),
                credit: manager.creditOf(accounts[i])
            });
        }
    }
}
