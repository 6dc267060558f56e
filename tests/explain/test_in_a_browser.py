"""The page as a reader has it: keys, clicks, a phone, a screen reader, no request.

Needs the extra `browser` and a chromium on the path; skipped where they are missing.
"""

import re

import pytest

from jaxdnn.explain import write_page
from tests.explain.runs import NETWORKS

sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe")
expect = sync_api.expect
pytestmark = pytest.mark.slow
AGREE = re.compile(r"agree with all gradients of this page: (\d+)/\1$")


@pytest.fixture(scope="module")
def pages(runs, tmp_path_factory):
    """Name -> file."""
    folder = tmp_path_factory.mktemp("pages")
    names = {"shallow": {"inputs": ["<b>", "&", '"', "'"], "classes": ["猫", "<i>"]}}
    return {
        name: write_page(runs[name], folder / f"{name}.html", **names.get(name, {}))
        for name in NETWORKS
    }


@pytest.fixture
def show(browser, pages):
    """Open a page; at the end nothing was said on the console or asked of anywhere."""
    said, asked, opened = [], [], []

    def open_page(name, width=1340, language="en-GB"):
        tab = browser.new_page(
            viewport={"width": width, "height": 1000}, locale=language
        )
        tab.on("console", lambda message: said.append(message.text))
        tab.on("pageerror", lambda error: said.append(str(error)))
        tab.on("request", lambda request: asked.append(request.url))
        tab.goto(pages[name].as_uri())
        opened.append(tab)
        return tab

    yield open_page
    for tab in opened:
        tab.close()
    assert said == []
    assert [url for url in asked if not url.startswith("file:")] == []


def current(tab):
    return tab.get_attribute("#steps li[aria-current]", "data-key")


def numbers(tab, key):
    return tab.text_content(f'#steps li[data-key="{key}"] .numbers')


def test_every_gradient_is_jaxdnns_in_a_browser_too(show, runs):
    tab = show("deep")
    found = tab.evaluate(
        "() => D.snapshots.map(s => gradients(s.params, masksOf(s))"
        ".flatMap(({W, b}) => [...W.flat(), ...b]))"
    )
    look = runs["deep"].look
    for s, values in enumerate(found):
        wanted = [v for dW, db in look.gradients for of in (dW, db) for v in of[s].flat]
        assert values == pytest.approx(wanted, rel=0, abs=1e-12)


@pytest.mark.parametrize("name", ["deep", "dropout", "wide"])
def test_each_planted_bug_turns_bars_red_and_strikes_its_formula(show, name):
    tab = show(name)
    tab.locator("#epoch").fill("20")
    expect(tab.locator("#verdict")).to_have_text(AGREE)
    assert tab.locator("#check i.wrong, #steps del").count() == 0
    options = "options => options.map(of => of.value)"
    bugs = tab.eval_on_selector_all("#bug option", options)[1:]
    assert len(bugs) >= 8
    for bug in bugs:
        tab.select_option("#bug", bug)
        expect(tab.locator("#verdict")).to_contain_text("do NOT agree at: d")
        assert tab.locator("#check i.wrong").count() >= 1, bug
        assert tab.locator("#steps del").count() >= 1, bug
        assert tab.locator("#steps ins").count() >= 1, bug
    # jaxdnn's own verdict is of jaxdnn's own backward.
    assert "VERIFIED" in tab.inner_text("#verified")
    tab.select_option("#bug", "")
    expect(tab.locator("#verdict")).to_have_text(AGREE)


def test_keys_step_through_forward_backward_and_the_update(show):
    tab = show("deep")
    assert current(tab) == "Z1"
    keys = []
    for _ in range(tab.locator("#steps li").count()):
        keys.append(current(tab))
        tab.keyboard.press("ArrowRight")
    assert keys[:3] == ["Z1", "A1", "Z2"]
    assert keys[7:13] == ["A4", "loss", "dZ4", "dW4", "db4", "dA3"]
    assert keys[-4:] == ["W1", "W2", "W3", "W4"]
    assert current(tab) == "Z1"
    tab.keyboard.press("ArrowLeft")
    assert current(tab) == "W4"
    tab.click('#steps li[data-key="dW2"] button')
    tab.keyboard.press("ArrowRight")
    assert tab.evaluate("document.activeElement.textContent") == "db2"
    assert tab.inner_text("#stepped").endswith("backward, db2")
    # Keys in the slider are its own.
    tab.focus("#epoch")
    tab.keyboard.press("ArrowRight")
    assert current(tab) == "db2"
    assert tab.inner_text("#at").startswith("1 ")


def test_a_click_and_a_number_choose_the_example(show, runs):
    tab = show("deep")
    X, box = runs["deep"].X, tab.locator("#plane").bounding_box()
    spot = tab.evaluate(
        "() => { const c = $('plane'), f = frameOf(c, 0, 1), x = D.X[11];"
        " return [f.x(x[0]) / c.width, f.y(x[1]) / c.height] }"
    )
    before = numbers(tab, "Z1")
    x, y = (box["x"] + spot[0] * box["width"], box["y"] + spot[1] * box["height"])
    tab.mouse.click(x + 1, y + 1)
    assert tab.input_value("#example") == "12"
    assert numbers(tab, "Z1") != before
    assert f"{abs(X[0, 11]):.3f}" in numbers(tab, "Z1")
    tab.fill("#example", "999")
    tab.press("#example", "Enter")
    assert tab.input_value("#example") == "30"


def test_the_handle_and_play_move_through_the_epochs(show):
    tab = show("deep")
    box = tab.locator("#curve").bounding_box()
    middle = box["y"] + box["height"] / 2
    tab.mouse.move(box["x"] + 0.9 * box["width"], middle)
    tab.mouse.down()
    tab.mouse.move(box["x"] + 0.99 * box["width"], middle)
    tab.mouse.up()
    expect(tab.locator("#at")).to_have_text(re.compile(r"^150\s+J = "))
    tab.locator("#epoch").fill("85")
    tab.click("#play")
    expect(tab.locator("#play")).to_have_attribute("aria-label", "Pause")
    expect(tab.locator("#at")).to_have_text(re.compile(r"^150\s"), timeout=60_000)
    expect(tab.locator("#play")).to_have_attribute("aria-label", "Play")
    expect(tab.locator("#verdict")).to_have_text(AGREE)


def test_both_languages(show):
    tab = show("dropout", language="zh-CN")
    assert tab.inner_text("h1") == "一次训练，每一个数"
    assert tab.get_attribute("html", "lang") == "zh-CN"
    expect(tab.locator("#verdict")).to_contain_text("一致")
    assert "随机失活" in tab.inner_text("#dropout")
    assert not re.search(
        "[:;,.] ", tab.inner_text("#said") + tab.inner_text("#stepped")
    )
    tab.click("#language")
    assert tab.inner_text("h1") == "One run, every number"
    assert tab.get_attribute("html", "lang") == "en"


def test_names_are_shown_as_they_are(show):
    tab = show("shallow")
    assert tab.inner_text("#classes").split() == ["猫", "<i>"]
    assert tab.locator("#across option").all_inner_texts()[:2] == ["<b>", "&"]
    before = tab.get_attribute("#plane", "aria-label")
    tab.select_option("#up", "3")
    assert tab.get_attribute("#plane", "aria-label") == before


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("width", [400, 1340])
def test_nothing_is_wider_than_the_screen(show, name, width):
    tab = show(name, width)
    expect(tab.locator("#verdict")).to_have_text(AGREE)
    assert tab.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", [400, 1340])
def test_a_screen_reader_has_names_roles_and_contrast(show, width):
    tab = show("dropout", width)
    tab.select_option("#bug", "sign")
    expect(tab.locator("#verdict")).to_contain_text("NOT")
    found = axe.Axe().run(tab).response["violations"]
    assert [(each["id"], each["impact"], each["nodes"]) for each in found] == []


def test_what_a_screen_reader_would_miss_is_seen(show):
    tab = show("none hidden")
    tab.evaluate("() => $('language').removeAttribute('aria-label')")
    tab.evaluate("() => { $('language').textContent = '' }")
    found = axe.Axe().run(tab).response["violations"]
    assert "button-name" in {each["id"] for each in found}
