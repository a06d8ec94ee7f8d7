"""Random values of every signed struct, the ends of every range more often than chance has them."""

from typing import Any, TypeVar

from hypothesis import strategies as st

from connext.messages import ArrayOf
from connext.types import AddressType, Boolean, FixedBytes, Integer, Struct, members

AnyStruct = TypeVar("AnyStruct", bound=Struct)


def structs(cls: type[AnyStruct], **fixed: st.SearchStrategy[Any]) -> st.SearchStrategy[AnyStruct]:
    """Values of `cls`; fixed: strategies for single fields."""
    fields = {member.attribute: _values(member.type) for member in members(cls)}
    return st.builds(cls, **{**fields, **fixed})


def _values(type_: Any) -> st.SearchStrategy[Any]:
    match type_:
        case Integer(minimum=minimum, maximum=maximum):
            ends = sorted({minimum, 0, 1, maximum})
            return st.sampled_from(ends) | st.integers(minimum, maximum)
        case FixedBytes(length=length):
            return st.binary(min_size=length, max_size=length)
        case AddressType():
            return st.binary(min_size=20, max_size=20)
        case Boolean():
            return st.booleans()
        case ArrayOf(struct=struct):
            return st.lists(structs(struct), max_size=4).map(tuple)
    raise TypeError(f"no strategy for {type_}")
