import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { PostgresServer } from "../../test/rig/postgres.ts";

/** A server on 127.0.0.1 for as long as the peers run. */
export interface Server<T> {
  readonly at: T;
  stop(): Promise<void>;
}

/** The fake model server, which answers after so long. */
export async function modelServer(delayMs: number): Promise<Server<string>> {
  const main = resolve(import.meta.dirname, "../../test/rig/fake-anthropic/main.ts");
  const fake = spawn(process.execPath, [main, "--delay-ms", String(delayMs)], { stdio: ["pipe", "pipe", "inherit"] });
  const [line] = (await once(fake.stdout.setEncoding("utf8"), "data")) as [string];
  const { url } = JSON.parse(line) as { readonly url: string };
  return {
    at: url,
    async stop() {
      fake.stdin.end();
      await once(fake, "close");
    },
  };
}

/** PostgreSQL that is durable against power loss. */
export async function postgres(): Promise<Server<string>> {
  const server = await PostgresServer.start({ isDurable: true });
  return { at: server.url, stop: () => server.stop() };
}

/** Redis that syncs its append-only file at every write. */
export async function redis(): Promise<Server<number>> {
  const folder = mkdtempSync(join(process.env["BENCH_DIR"] ?? tmpdir(), "bench-redis-"));
  const port = await freePort();
  const durable = ["--appendonly", "yes", "--appendfsync", "always", "--save", ""];
  const args = ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, ...durable];
  const server = spawn("redis-server", args, { stdio: "ignore" });
  while (!(await answers(port))) await new Promise((again) => setTimeout(again, 50));
  return {
    at: port,
    async stop() {
      server.kill("SIGTERM");
      await once(server, "close");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

function answers(port: number): Promise<boolean> {
  return new Promise((tell) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      tell(true);
    });
    socket.once("error", () => tell(false));
  });
}
