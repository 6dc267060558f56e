"""The site as `make docs` built it: links lead somewhere, no other host is asked."""

import functools
import http.server
import re
import threading
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

SITE = Path(__file__).parent.parent / "docs" / "_build" / "html"
LOOKED_AT = [
    "index.html",
    "learn/06-one-layer.html",
    "learn/13-lab.html",
    "reference/training.html",
    "answers/zeros.html",
    "explanation/mistakes.html",
]
LOOKED_AT += [f"zh_CN/{page}" for page in LOOKED_AT]


@pytest.fixture(scope="module")
def site():
    if not (SITE / "zh_CN" / "index.html").exists():
        pytest.skip("no site: run make docs")
    return SITE


class Page(HTMLParser):
    """A page's places, its links, and what it loads by itself."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.loaded = set(), set(), set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = {name: value or "" for name, value in attrs}
        self.ids |= {attrs.get("id"), attrs.get("name") if tag == "a" else None}
        if tag == "a" and "href" in attrs:
            self.links.add(attrs["href"])
        elif "src" in attrs or (tag == "link" and "href" in attrs):
            self.loaded.add(attrs.get("src") or attrs["href"])
        styles = LOADED.findall(attrs.get("style", ""))
        self.loaded |= set(map("".join, styles))


LOADED = re.compile(r"url\(\s*['\"]?([^'\")]+)|@import\s+['\"]([^'\"]+)")


@functools.cache
def pages_of(site):
    return {path: Page(path.read_text()) for path in sorted(site.rglob("*.html"))}


def leads_nowhere(site, path, link):
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return False
    target = path if not parts.path else (path.parent / unquote(parts.path)).resolve()
    page = pages_of(site).get(target)
    if page is None or not parts.fragment:
        return not target.exists()
    return unquote(parts.fragment) not in page.ids


def dangling(site):
    """Links from a page of the site to a page or a place that is not there."""
    return [
        f"{path.relative_to(site)}: {link}"
        for path, page in pages_of(site).items()
        for link in sorted(page.links | page.loaded)
        if leads_nowhere(site, path, link)
    ]


def elsewhere(site):
    """What a page or a style loads by itself from another host."""
    loaded = [address for page in pages_of(site).values() for address in page.loaded]
    for path in site.rglob("*.css"):
        loaded += map("".join, LOADED.findall(path.read_text()))
    parts = {address: urlsplit(address) for address in loaded}
    return {
        address
        for address, found in parts.items()
        if found.netloc or found.scheme not in ("", "data")
    }


def test_links_lead_somewhere(site):
    assert dangling(site) == []


def test_nothing_is_loaded_from_elsewhere(site):
    assert elsewhere(site) == set()


def test_no_page_shows_where_it_was_built(site):
    here = str(site.parents[2])
    assert [path for path in pages_of(site) if here in path.read_text()] == []


def test_what_is_wrong_is_seen(tmp_path):
    (tmp_path / "page.html").write_text(
        '<a id="a" href="#a">1</a><a href="gone.html">2</a><a href="page.html#b">3</a>'
        '<link href="//other.org/a.css"><img src="data:,"><a href="https://b.org">4</a>'
        '<p style="background: url(https://other.org/a.png)">'
    )
    (tmp_path / "a.css").write_text('@import "https://other.org/b.css";')
    assert dangling(tmp_path) == ["page.html: gone.html", "page.html: page.html#b"]
    wanted = {"//other.org/a.css", "https://other.org/a.png", "https://other.org/b.css"}
    assert elsewhere(tmp_path) == wanted


def test_each_language_leads_to_the_other(site):
    for page in LOOKED_AT[:6]:
        there = f"{'../' * page.count('/')}zh_CN/{page}"
        back = f"{'../' * (page.count('/') + 1)}{page}"
        assert there in pages_of(site)[site / page].links
        assert back in pages_of(site)[site / "zh_CN" / page].links


@pytest.fixture(scope="module")
def address(site):
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    handler = functools.partial(Quiet, directory=site)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.mark.parametrize("width", [1280, 400])
def test_a_browser_asks_no_other_host(width, address, browser):
    view = browser.new_page(viewport={"width": width, "height": 900})
    asked, said, wide = [], [], []
    view.on("request", lambda request: asked.append(request.url))
    view.on("console", lambda message: said.append(message.text))
    for page in LOOKED_AT:
        view.goto(address + page, wait_until="networkidle")
        if view.evaluate("document.documentElement.scrollWidth") > width:
            wide.append(page)
    view.close()
    assert [url for url in asked if not url.startswith((address, "data:"))] == []
    assert said == []
    assert wide == []
    assert any("mathjax" in url for url in asked)


@pytest.mark.parametrize(
    "page", ["learn/13-lab.html", "zh_CN/explanation/mistakes.html"]
)
def test_a_screen_reader_has_names_roles_and_contrast(page, address, browser):
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="needs axe"
    )
    view = browser.new_page()
    view.goto(address + page, wait_until="networkidle")
    found = axe.Axe().run(view).response["violations"]
    view.close()
    grave = [each for each in found if each["impact"] in ("serious", "critical")]
    assert [(each["id"], each["nodes"][0]["html"]) for each in grave] == []


def test_the_theme_speaks_chinese_too(site):
    text = (site / "zh_CN" / "learn" / "10-dropout.html").read_text()
    assert "下一页" in text
    assert not re.search(r">\s*(Next|Previous|On this page|Made with)", text)


@pytest.mark.parametrize(
    ("page", "word", "found"),
    [
        ("search.html", "dropout", "learn/10-dropout.html"),
        ("zh_CN/search.html", "随机失活", "learn/10-dropout.html"),
        ("zh_CN/search.html", "样本", "learn/02-shapes.html"),
    ],
)
def test_a_word_is_found(page, word, found, address, browser):
    view = browser.new_page()
    view.goto(f"{address}{page}?q={word}")
    view.locator(f"#search-results a[href^='{found}']").first.wait_for(timeout=10_000)
    view.close()
