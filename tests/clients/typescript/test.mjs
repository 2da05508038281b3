// Calls every endpoint of Backlinks with the official TypeScript client.
// usage: test.mjs URL FIXTURES

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { connect, endpoints } from "./endpoints.js";

const [url, fixtures] = process.argv.slice(2);
const api = connect(url);

/** Returns the fixture from the documentation, or the synthetic one. */
function fixture(path) {
  const files = ["documentation.json", "synthetic.json"].map((name) => join(fixtures, path, name));
  return JSON.parse(readFileSync(files.find(existsSync), "utf8"));
}

/** Returns the values of a field, sorted. */
const values = (objects, field) => objects.map((object) => JSON.stringify(object?.[field] ?? null)).sort();

async function call(endpoint) {
  const exchange = fixture(endpoint.path);
  const sent = (exchange.request.body ?? []).map((task) => ({ ...task, ...endpoint.overrides }));
  const response = await endpoint.call(api, sent);
  assert.equal(response.status_code, 20000, "the envelope's status_code");
  assert.equal(response.tasks.length, 1, "the number of tasks");
  const [task] = response.tasks;
  assert.equal(`${task.status_code} ${task.status_message}`, "20000 Ok.", "the task's status");
  for (const [key, value] of Object.entries(sent[0] ?? {})) {
    assert.deepEqual(task.data[key], value, `${key} in the task's data`);
  }
  const objects = task.result.flatMap(endpoint.objects);
  for (const object of objects) {
    assert.ok(object instanceof endpoint.class, `an object is not a ${endpoint.class.name}`);
  }
  const found = values(objects, endpoint.field);
  const wanted = values(exchange.response.body.tasks[0].result.flatMap(endpoint.objects), endpoint.field);
  assert.ok(wanted.length > 0 && !wanted.includes("null"), `the fixture has ${endpoint.field}`);
  if (endpoint.overrides) {
    // The response belongs to the task of the fixture only, and this one is synthetic.
    assert.equal(found.length, wanted.length, endpoint.field);
    assert.ok(!found.includes("null"), endpoint.field);
  } else {
    assert.deepEqual(found, wanted, endpoint.field);
  }
}

for (const endpoint of endpoints) {
  try {
    await call(endpoint);
    console.log(`ok typescript ${endpoint.path}`);
  } catch (error) {
    process.exitCode = 1;
    console.log(`FAILED typescript ${endpoint.path}: ${error.message} ${error.response ?? ""}`);
  }
}
