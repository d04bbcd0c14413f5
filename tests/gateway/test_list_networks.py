"""Networks on allow and block lists, found by their prefix."""

from __future__ import annotations

import ipaddress

from hypothesis import given
from hypothesis import strategies as st

from mailsec.gateway.lists import entries

NETWORKS = st.one_of(
    st.builds(
        lambda number, length: ipaddress.ip_network((number, length), strict=False),
        st.integers(0, 2**32 - 1),
        st.integers(0, 32),
    ),
    st.builds(
        lambda number, length: ipaddress.IPv6Network((number, length), strict=False),
        st.integers(0, 2**128 - 1),
        st.integers(0, 128),
    ),
)
ADDRESSES = st.one_of(
    st.integers(0, 2**32 - 1).map(ipaddress.IPv4Address),
    st.integers(0, 2**128 - 1).map(ipaddress.IPv6Address),
)


@given(st.lists(NETWORKS, max_size=20), ADDRESSES)
def test_an_address_is_found_wherever_a_network_holds_it(
    networks: list[ipaddress.IPv4Network | ipaddress.IPv6Network],
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    """The index says what asking each network says, and names the narrowest."""
    holding = [net for net in networks if net.version == address.version and address in net]
    found = entries(str(net) for net in networks).holding_ip(str(address))
    if not holding:
        assert found == ""
    else:
        assert found == str(max(holding, key=lambda net: net.prefixlen))
