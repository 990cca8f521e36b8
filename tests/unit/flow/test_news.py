"""News: who waits is woken by the package waited for, and nobody waits on a server that stops."""

import asyncio

from emla.flow.news import News

ONE, TWO = b"1" * 32, b"2" * 32


async def test_everybody_who_waits_for_a_package_is_woken_and_nobody_else() -> None:
    news = News()
    first, second, other = (asyncio.create_task(news.wait(pid, 30)) for pid in (ONE, ONE, TWO))
    await asyncio.sleep(0)
    news.tell(ONE)
    assert await first
    assert await second
    assert not other.done()
    news.tell(TWO)
    assert await other


async def test_without_news_the_wait_ends_and_leaves_nothing_behind() -> None:
    news = News()
    assert not await news.wait(ONE, 0.01)
    news.tell(ONE)
    assert not await news.wait(ONE, 0.01)


async def test_a_waiter_that_is_cancelled_takes_nobody_with_it() -> None:
    news = News()
    gone, stays = (asyncio.create_task(news.wait(ONE, 30)) for _ in range(2))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.sleep(0)
    news.tell(ONE)
    assert await stays


async def test_at_the_end_everybody_is_woken_and_nobody_waits_any_more() -> None:
    news = News()
    waiting = [asyncio.create_task(news.wait(pid, 30)) for pid in (ONE, TWO)]
    await asyncio.sleep(0)
    news.end()
    await asyncio.gather(*waiting)
    assert not await news.wait(ONE, 30)
