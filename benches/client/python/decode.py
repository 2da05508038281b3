"""Measures how long the official client takes to decode a response of bulk_pages_summary.

usage: decode.py FILE ITEMS
Prints one line per decoder: the seconds of its best round, and its name.
"""

import json
import sys
from importlib.metadata import version
from pathlib import Path
from time import perf_counter

from dataforseo_client import ApiClient

SECONDS, ROUNDS = 4, 5

body, items = Path(sys.argv[1]).read_bytes(), int(sys.argv[2])
client = ApiClient()


def typed():
    # The client does the same with a response: it decodes the text, then calls this.
    return client.deserialize(body.decode("utf-8"), "BacklinksBulkPagesSummaryLiveResponseInfo", "application/json")


def best(decode):
    times, began = [], perf_counter()
    while len(times) < ROUNDS or perf_counter() - began < SECONDS:
        start = perf_counter()
        decode()
        times.append(perf_counter() - start)
    return min(times)


rows = typed().tasks[0].result[0].items
if len(rows) != items or not hasattr(rows[0], "main_domain_rank"):
    sys.exit("Error: the response was not decoded into the client's types")
print(best(typed), f"dataforseo-client {version('dataforseo-client')} for Python")
print(best(lambda: json.loads(body)), "Python's json.loads")
