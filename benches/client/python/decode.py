"""How long the official client takes to decode an answer of bulk_pages_summary.

usage: decode.py FILE ITEMS
Prints seconds and a name a line, the best of all rounds.
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
    # What the client does with a response: its text, then this.
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
    sys.exit("Error: the answer is not decoded as it should be")
print(best(typed), f"dataforseo-client {version('dataforseo-client')} for Python")
print(best(lambda: json.loads(body)), "Python's json.loads")
