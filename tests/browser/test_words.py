"""Numbers, sizes and times read the same whether the server or a script of the page wrote them."""

import random
from collections.abc import Sequence

from playwright.sync_api import Page

from dashboard import words

SAY = """async ({numbers, sizes, seconds}) => {
    const words = await import("/static/dashboard/words.js");
    return {
        numbers: numbers.map(words.number), sizes: sizes.map(words.bytes),
        durations: seconds.map(words.duration), ago: seconds.map(words.ago),
    };
}"""


def test_scripts_and_server_use_the_same_words(page: Page) -> None:
    chance = random.Random(3)
    numbers = [chance.choice((-1, 1)) * 10 ** chance.uniform(-9, 12) for _ in range(2000)]
    numbers += [n / 16 for n in range(-400, 400)] + [1000.5, 1001.5, 12345.5, 99999.96, 0.0001, 1e5]
    numbers += [9999.5, 9999.96, 0.00009999999, 123456.5, 1e7, 1e22, 0.0]
    sizes = [int(2 ** chance.uniform(0, 49)) for _ in range(1000)] + [0, 1023, 1024, 1280, 10**15]
    seconds = [10 ** chance.uniform(-2, 7) for _ in range(500)] + [0.0, 0.96, 1.0, 59.99, 3599.9]
    page.goto("/queue/")
    told = page.evaluate(SAY, {"numbers": numbers, "sizes": sizes, "seconds": seconds})
    assert differences(numbers, [words.number(each) for each in numbers], told["numbers"]) == []
    assert differences(sizes, [words.size(each) for each in sizes], told["sizes"]) == []
    assert differences(seconds, [words.duration(each) for each in seconds], told["durations"]) == []
    assert differences(seconds, [words.ago(each) for each in seconds], told["ago"]) == []


def differences(
    given: Sequence[float], ours: list[str], theirs: list[str]
) -> list[tuple[object, ...]]:
    both = zip(given, ours, theirs, strict=True)
    return [(value, one, other) for value, one, other in both if one != other]
