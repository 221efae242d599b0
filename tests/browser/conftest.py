"""A real headless Chromium over a real server, both on this machine's loopback."""

import os
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, sync_playwright
from werkzeug.serving import BaseWSGIServer, make_server

from service.stores import Person
from tests.browser import sample
from tests.browser.sample import Sample

Scheme = Literal["light", "dark"]


@dataclass
class Visit:
    """A signed-in reader's page, with everything the browser complained about or asked for."""

    page: Page
    address: str
    complaints: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        self.page.goto(f"{self.address}{path}")


@dataclass
class Reader:
    """Opens the explorer as somebody, in light or dark."""

    browser: Browser
    site: Sample
    contexts: list[BrowserContext] = field(default_factory=list)

    def visit(self, person: Person, scheme: Scheme = "light", *, scripts: bool = True) -> Visit:
        context = self.browser.new_context(
            color_scheme=scheme,
            viewport={"width": 1280, "height": 800},
            java_script_enabled=scripts,
        )
        context.set_default_timeout(10_000)
        self.contexts.append(context)
        visit = Visit(page=context.new_page(), address=self.site.public_url)
        visit.page.on("console", lambda message: visit.complaints.append(message.text))
        visit.page.on("pageerror", lambda error: visit.complaints.append(str(error)))
        visit.page.on("dialog", lambda dialog: visit.complaints.append(dialog.message))
        visit.page.on("request", lambda request: _note(visit, request))
        visit.open(f"/sign-in?token={self.site.link(person)}")
        visit.page.get_by_role("button", name=f"Sign in as {person.email}").click()
        return visit


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("CI must run the browser tests, and there is no Chromium here.")
        pytest.skip("there is no Chromium on this machine")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-background-networking"]
        )
        yield found
        found.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sample]:
    """One filled workspace, served for all browser tests: they only read it."""
    server: BaseWSGIServer = make_server("127.0.0.1", 0, _not_yet, threaded=True)
    address = f"http://127.0.0.1:{server.server_port}"
    filled = sample.make(tmp_path_factory.mktemp("browser"), address)
    server.app = filled.app
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield filled
    server.shutdown()
    thread.join()
    server.server_close()
    filled.database.close()


@pytest.fixture
def reader(browser: Browser, site: Sample) -> Iterator[Reader]:
    found = Reader(browser=browser, site=site)
    yield found
    for context in found.contexts:
        context.close()


def _note(visit: Visit, request: Request) -> None:
    if not request.url.startswith((f"{visit.address}/", "data:")):
        visit.strangers.append(request.url)


def _not_yet(environ: object, start_response: object) -> list[bytes]:
    """The port must be known before the application can be made."""
    raise AssertionError("asked before the site was made")
