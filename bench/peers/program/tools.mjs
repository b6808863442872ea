// What the programs of the peers share. Each is `node PROGRAM.mjs '{ "home": ..., "work": ..., "size": ..., "url": ... }'` and
// prints one line of JSON: how long the work took, libraries and servers up already.
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

export const told = JSON.parse(process.argv[2] ?? "{}");

/** A package of a peer, from the peer's own folder. */
export function load(peer, name) {
  return import(pathToFileURL(createRequire(join(told.home, peer, "package.json")).resolve(name)).href);
}

/** Runs the work that was asked for, and prints its time; a work without an entry is none of this peer. */
export async function measure(works) {
  const folder = mkdtempSync(join(process.env.BENCH_DIR ?? tmpdir(), "bench-peer-"));
  try {
    const work = works[told.work];
    if (work === undefined) throw new Error(`no work ${told.work}`);
    const ms = await work({ ...told, folder });
    process.stdout.write(`\n${JSON.stringify({ ms })}\n`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  process.exit(0);
}

/** Milliseconds that it takes. */
export async function timed(work) {
  const from = performance.now();
  await work();
  return performance.now() - from;
}

/** One call of the fake model server, as the peers' users would make it. */
export async function ask(url) {
  const response = await fetch(`${url}/v1/messages`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "anthropic-version": "2023-06-01",
      "x-api-key": "sk-ant-bench-0123456789",
    },
    body: JSON.stringify({
      model: "claude-haiku-5-5",
      max_tokens: 100,
      messages: [{ role: "user", content: "Do it" }],
    }),
  });
  if (!response.ok) throw new Error(`the server said ${response.status}: ${await response.text()}`);
  await response.text();
}

export function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
