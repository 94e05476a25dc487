"""The catalog's page in a real browser: it is searched, and nothing on it is refused by its own policy."""

import threading
from pathlib import Path

from playwright.sync_api import Browser

from consumers.catalog import apply, open_catalog
from consumers.catalog_page import page_server
from support.events.outcome_events import event, records


def test_it_is_searched_with_its_form_and_shows_what_was_rejected_and_why(browser: Browser, tmp_path: Path) -> None:
    database = open_catalog(tmp_path / "catalog.sqlite3")
    bad = event("bad.gif", outcome="rejected", reason="corrupt", dominant_colour=None)
    apply(database, records(event("<b>blue</b>.jpg"), event("red.jpg", dominant_colour="#cc2222"), bad))
    database.close()
    complaints: list[str] = []

    with page_server(tmp_path / "catalog.sqlite3", 0, None) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        page = browser.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.goto(f"http://127.0.0.1:{server.server_address[1]}/")
        everything = page.locator("article h3").all_inner_texts()
        page.get_by_label("Color").select_option("blue")
        page.get_by_role("button", name="Search").click()
        blue = page.locator("article h3").all_inner_texts()
        fill = page.locator("article rect").evaluate("rect => getComputedStyle(rect).fill")
        page.get_by_role("link", name="corrupt").click()
        rejected = page.locator("article .outcome").all_inner_texts()
        page.close()
        server.shutdown()
        thread.join()

    assert sorted(everything) == ["<b>blue</b>.jpg", "bad.gif", "red.jpg"]
    assert (blue, fill) == (["<b>blue</b>.jpg"], "rgb(34, 85, 204)")
    assert rejected == ["rejected: corrupt"]
    assert complaints == []
