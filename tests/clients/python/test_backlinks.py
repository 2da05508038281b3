"""Calls every endpoint of Backlinks with the official Python client.

usage: test_backlinks.py URL FIXTURES
"""

import json
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

from dataforseo_client import ApiClient, Configuration, models
from dataforseo_client.api.backlinks_api import BacklinksApi

URL, FIXTURES = sys.argv[1], Path(sys.argv[2])

# The API accepts dates of the last year only, so the dates of the fixtures expire.
RECENT = {"date_from": (datetime.now(timezone.utc) - timedelta(days=30)).strftime("%Y-%m-%d")}

# Each row: the folder of the fixtures, the method of the client, a field of the result, and the
# parameters that replace those of the fixture. In the field, `*` is each element of a list and
# `[1]` a key of a map.
ENDPOINTS = [
    ("anchors/live", "anchors_live", "items.*.referring_main_domains", {}),
    ("available_filters", "backlinks_available_filters", "backlinks", {}),
    ("backlinks/live", "backlinks_live", "items.*.page_from_title", {}),
    ("bulk_backlinks/live", "bulk_backlinks_live", "items.*.backlinks", {}),
    ("bulk_new_lost_backlinks/live", "bulk_new_lost_backlinks_live", "items.*.lost_backlinks", RECENT),
    (
        "bulk_new_lost_referring_domains/live",
        "bulk_new_lost_referring_domains_live",
        "items.*.new_referring_main_domains",
        RECENT,
    ),
    ("bulk_pages_summary/live", "bulk_pages_summary_live", "items.*.main_domain_rank", {}),
    ("bulk_ranks/live", "bulk_ranks_live", "items.*.rank", {}),
    ("bulk_referring_domains/live", "bulk_referring_domains_live", "items.*.referring_domains", {}),
    ("bulk_spam_score/live", "bulk_spam_score_live", "items.*.spam_score", {}),
    ("competitors/live", "competitors_live", "items.*.intersections", {}),
    ("domain_intersection/live", "domain_intersection_live", "items.*.domain_intersection.[1].rank", {}),
    ("domain_pages/live", "domain_pages_live", "items.*.meta.words_count", {}),
    ("domain_pages_summary/live", "domain_pages_summary_live", "items.*.broken_pages", {}),
    ("errors", "backlinks_errors", "error_code", {}),
    ("history/live", "history_live", "items.*.info.target_spam_score", {}),
    ("id_list", "backlinks_id_list", "cost", {}),
    ("index", "index", "index_history.*.total_pages", {}),
    ("page_intersection/live", "page_intersection_live", "items.*.page_intersection.[2].*.domain_from_rank", {}),
    ("referring_domains/live", "referring_domains_live", "items.*.referring_links_tld", {}),
    ("referring_networks/live", "referring_networks_live", "items.*.network_address", {}),
    ("summary/live", "summary_live", "info.ip_address", {}),
    ("timeseries_new_lost_summary/live", "timeseries_new_lost_summary_live", "items.*.new_backlinks", {}),
    ("timeseries_summary/live", "timeseries_summary_live", "items.*.backlinks_nofollow", {}),
]


def fixture(path):
    """Returns the fixture from the documentation, or the synthetic one."""
    files = [FIXTURES / path / name for name in ("documentation.json", "synthetic.json")]
    return json.loads(next(file for file in files if file.exists()).read_text("utf-8"))


def values(result, field, attribute):
    """Returns the values of a field in all elements of a result, sorted."""
    found = list(result)
    for step in field.split("."):
        if step == "*":
            found = [element for elements in found for element in elements]
        elif step.startswith("["):
            found = [element[step[1:-1]] for element in found]
        else:
            found = [attribute(element, step) for element in found]
    return sorted(((type(value).__name__, value) for value in found), key=repr)


def request_class(method):
    name = method if method.startswith("backlinks_") and method != "backlinks_live" else f"backlinks_{method}"
    return getattr(models, "".join(word.capitalize() for word in name.split("_")) + "RequestInfo")


def equal(what, found, wanted):
    if found != wanted:
        raise AssertionError(f"{what} is {found!r}, not {wanted!r}")


def call(api, path, method, field, overrides):
    exchange = fixture(path)
    sent = [{**task, **overrides} for task in exchange["request"].get("body", [])]
    tasks = [request_class(method).from_dict(task) for task in sent]
    response = getattr(api, method)(*([tasks] if tasks else []))
    equal("the envelope's status_code", response.status_code, 20000)
    equal("the number of tasks", len(response.tasks), 1)
    task = response.tasks[0]
    equal("the task's status_code", (task.status_code, task.status_message), (20000, "Ok."))
    for key, value in (sent or [{}])[0].items():
        equal(f"{key} in the task's data", task.data.get(key), value)
    # Only objects of the client have attributes, so a value that was not parsed fails here.
    found = values(task.result, field, getattr)
    wanted = values(exchange["response"]["body"]["tasks"][0]["result"], field, dict.__getitem__)
    if not wanted or any(value is None for _, value in wanted):
        raise AssertionError(f"the fixture has no {field}")
    if overrides:
        # The response belongs to the task of the fixture only, and this one is synthetic.
        found, wanted = [kind for kind, _ in found], [kind for kind, _ in wanted]
    equal(field, found, wanted)


def main():
    api = BacklinksApi(ApiClient(Configuration(host=URL, username="login", password="password")))
    failures = 0
    for path, method, field, overrides in ENDPOINTS:
        try:
            call(api, path, method, field, overrides)
            print(f"ok python {path}")
        except Exception as error:  # any error: the other endpoints are still called
            failures += 1
            print(f"FAILED python {path}: {type(error).__name__}: {error}")
    return 1 if failures else 0


sys.exit(main())
