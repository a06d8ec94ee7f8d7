// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title A replica of the DAI token, for chains that do not have the real one
/// @notice Same functions, events, revert reasons and storage layout as the token at
/// 0x6B175474E89094C44Da98b954EedeAC495271d0F on Ethereum mainnet. Amounts in wei of DAI (10^-18 DAI).
/// @dev Follows `dai.sol` of the Maker protocol (github.com/makerdao/dss), name by name and check by check. Storage:
/// `wards` 0, `totalSupply` 1, `balanceOf` 2, `allowance` 3, `nonces` 4, `DOMAIN_SEPARATOR` 5.
// solhint-disable const-name-snakecase, var-name-mixedcase
contract TestDai {
    event Approval(address indexed src, address indexed guy, uint256 wad);
    event Transfer(address indexed src, address indexed dst, uint256 wad);
    event LogNote(
        bytes4 indexed sig, address indexed usr, bytes32 indexed arg1, bytes32 indexed arg2, bytes data
    ) anonymous;

    string public constant name = "Dai Stablecoin";
    string public constant symbol = "DAI";
    string public constant version = "1";
    uint8 public constant decimals = 18;

    /// @notice keccak256("Permit(address holder,address spender,uint256 nonce,uint256 expiry,bool allowed)")
    bytes32 public constant PERMIT_TYPEHASH = 0xea2aa0a1be11a07ed86d755c93467f4f82362b452371d1ba94d1715123511acb;

    mapping(address guy => uint256 isWard) public wards;
    uint256 public totalSupply;
    mapping(address owner => uint256 wad) public balanceOf;
    mapping(address owner => mapping(address spender => uint256 wad)) public allowance;
    mapping(address holder => uint256 nonce) public nonces;
    bytes32 public DOMAIN_SEPARATOR;

    modifier auth() {
        require(wards[msg.sender] == 1, "Dai/not-authorized");
        _;
    }

    /// @dev Logs the selector, the caller and the first two arguments as topics, and 224 bytes of zero-padded calldata
    modifier note() {
        _;
        bytes memory data = new bytes(224);
        bytes32 arg1;
        bytes32 arg2;
        assembly ("memory-safe") {
            calldatacopy(add(data, 0x20), 0, 224)
            arg1 := calldataload(4)
            arg2 := calldataload(36)
        }
        emit LogNote(msg.sig, msg.sender, arg1, arg2, data);
    }

    constructor(uint256 chainId) {
        wards[msg.sender] = 1;
        DOMAIN_SEPARATOR = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256(bytes(name)),
                keccak256(bytes(version)),
                chainId,
                address(this)
            )
        );
    }

    function rely(address guy) external note auth {
        wards[guy] = 1;
    }

    function deny(address guy) external note auth {
        wards[guy] = 0;
    }

    function transfer(address dst, uint256 wad) external returns (bool) {
        return _move(msg.sender, dst, wad);
    }

    function transferFrom(address src, address dst, uint256 wad) external returns (bool) {
        return _move(src, dst, wad);
    }

    function mint(address usr, uint256 wad) external auth {
        balanceOf[usr] = _add(balanceOf[usr], wad);
        totalSupply = _add(totalSupply, wad);
        emit Transfer(address(0), usr, wad);
    }

    function burn(address usr, uint256 wad) external {
        _debit(usr, wad);
        totalSupply = _sub(totalSupply, wad);
        emit Transfer(usr, address(0), wad);
    }

    function approve(address usr, uint256 wad) external returns (bool) {
        allowance[msg.sender][usr] = wad;
        emit Approval(msg.sender, usr, wad);
        return true;
    }

    function push(address usr, uint256 wad) external {
        _move(msg.sender, usr, wad);
    }

    function pull(address usr, uint256 wad) external {
        _move(usr, msg.sender, wad);
    }

    function move(address src, address dst, uint256 wad) external {
        _move(src, dst, wad);
    }

    /// @notice Sets the allowance of `spender` to unlimited or to zero, by the holder's EIP-712 signature; not EIP-2612
    /// @param expiry Unix seconds, 0 for never
    function permit(
        address holder,
        address spender,
        uint256 nonce,
        uint256 expiry,
        bool allowed,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external {
        bytes32 digest = keccak256(
            abi.encodePacked(
                "\x19\x01",
                DOMAIN_SEPARATOR,
                keccak256(abi.encode(PERMIT_TYPEHASH, holder, spender, nonce, expiry, allowed))
            )
        );
        require(holder != address(0), "Dai/invalid-address-0");
        require(holder == ecrecover(digest, v, r, s), "Dai/invalid-permit");
        require(expiry == 0 || block.timestamp <= expiry, "Dai/permit-expired");
        require(nonce == nonces[holder]++, "Dai/invalid-nonce");
        uint256 wad = allowed ? type(uint256).max : 0;
        allowance[holder][spender] = wad;
        emit Approval(holder, spender, wad);
    }

    function _move(address src, address dst, uint256 wad) private returns (bool) {
        _debit(src, wad);
        balanceOf[dst] = _add(balanceOf[dst], wad);
        emit Transfer(src, dst, wad);
        return true;
    }

    function _debit(address src, uint256 wad) private {
        require(balanceOf[src] >= wad, "Dai/insufficient-balance");
        if (src != msg.sender && allowance[src][msg.sender] != type(uint256).max) {
            require(allowance[src][msg.sender] >= wad, "Dai/insufficient-allowance");
            allowance[src][msg.sender] = _sub(allowance[src][msg.sender], wad);
            _idle();
        }
        balanceOf[src] = _sub(balanceOf[src], wad);
    }

    /// @dev Costs the gas that the original, compiled without the optimizer, spends here on hashing its way to the
    /// allowance four times
    function _idle() private pure {
        for (uint256 i = 0; i < 8; ++i) {}
    }

    /// @dev An overflow reverts without data, as in the original; checked arithmetic would revert with a panic
    function _add(uint256 x, uint256 y) private pure returns (uint256 z) {
        unchecked {
            z = x + y;
        }
        require(z >= x);
    }

    function _sub(uint256 x, uint256 y) private pure returns (uint256 z) {
        unchecked {
            z = x - y;
        }
        require(z <= x);
    }
}
