// Measures how long the official client takes to decode a response of bulk_pages_summary.
// usage: decode.mjs FILE ITEMS FOLDER, where the client is installed
// Prints one line per decoder: the seconds of its best round, and its name.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const SECONDS = 4;
const ROUNDS = 5;

const [file, items, folder] = process.argv.slice(2);
const body = readFileSync(file);
const installed = createRequire(join(folder, "package.json"));
const { BacklinksApi, BacklinksBulkPagesSummaryLiveItem } = installed("dataforseo-client");
const { dependencies } = installed("./package.json");

const text = () => new TextDecoder().decode(body);
const response = { status: 200, headers: new Headers(), text: async () => text() };
const api = new BacklinksApi("http://localhost", { fetch: async () => response });

async function best(decode) {
  const began = performance.now();
  let least = Infinity;
  for (let round = 0; round < ROUNDS || performance.now() - began < SECONDS * 1000; round++) {
    const start = performance.now();
    await decode();
    least = Math.min(least, performance.now() - start);
  }
  return least / 1000;
}

const typed = () => api.bulkPagesSummaryLive([]);
const rows = (await typed()).tasks[0].result[0].items;
if (rows.length !== Number(items) || !(rows[0] instanceof BacklinksBulkPagesSummaryLiveItem)) {
  throw new Error("the response was not decoded into the client's types");
}
console.log(await best(typed), `dataforseo-client ${dependencies["dataforseo-client"]} for TypeScript`);
console.log(await best(async () => JSON.parse(text())), "JavaScript's JSON.parse");
