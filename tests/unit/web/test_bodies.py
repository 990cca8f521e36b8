"""Bodies: a caller that hangs up in the middle is answered like one that said too little, however early that was."""

import asyncio
import contextlib
import gc
import weakref
from functools import partial

import pytest
from aiohttp import web
from aiohttp.base_protocol import BaseProtocol
from aiohttp.streams import StreamReader
from aiohttp.test_utils import make_mocked_request

from emla.model.errors import InvalidMessageError, InvalidPackageError
from emla.web.bodies import BodySource, whole_body

SHORT = partial(InvalidPackageError, "malformed", "The body ended before its length.")


def body_of_caller_who_has_gone() -> StreamReader:
    """What aiohttp hands to a handler that begins after the connection broke: a protocol without a transport."""
    content = StreamReader(BaseProtocol(asyncio.get_running_loop()), 2**16, loop=asyncio.get_running_loop())
    content.feed_data(b"half")
    return content


async def test_body_whose_caller_has_gone_before_it_is_read_is_short() -> None:
    with pytest.raises(InvalidPackageError) as caught:
        await BodySource(body_of_caller_who_has_gone(), 8, SHORT).read_exactly(8)
    assert caught.value.code == "malformed"


async def test_call_of_our_own_people_that_breaks_off_is_a_bad_request() -> None:
    gone: web.Request = make_mocked_request("POST", "/v1/peers", payload=body_of_caller_who_has_gone())
    with pytest.raises(InvalidMessageError) as caught:
        await whole_body(gone)
    assert caught.value.code == "bad-request"


async def test_what_was_received_is_let_go_with_the_error_that_ended_it() -> None:
    source = BodySource(body_of_caller_who_has_gone(), 8, SHORT)
    held = weakref.ref(source)
    gc.disable()
    try:
        with contextlib.suppress(InvalidPackageError):
            await source.read_exactly(8)
        del source
        assert held() is None
    finally:
        gc.enable()
