import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Where Debian and others put the programs of the server; null = there is none on this machine. */
function binaries(): string | null {
  const debian = "/usr/lib/postgresql";
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [
    ...versions.map((version) => join(debian, version, "bin")),
    ...(process.env["PATH"] ?? "").split(":"),
  ];
  return folders.find((folder) => existsSync(join(folder, "initdb")) && existsSync(join(folder, "postgres"))) ?? null;
}

/** The server refuses to run as root: then it is Debian's user for it. */
function user(): { readonly uid?: number; readonly gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const line = /^postgres:[^:]*:(\d+):(\d+):/m.exec(readFileSync("/etc/passwd", "utf8"));
  if (line === null) throw new Error("a PostgreSQL server does not run as root, and there is no user postgres");
  return { uid: Number(line[1]), gid: Number(line[2]) };
}

/**
 * Why there is no server to test with; null = there is. With MUSTER_TEST_POSTGRES=required (as CI has it) that is a
 * failure and not a reason to skip.
 */
export function missingPostgres(): string | null {
  if (binaries() !== null) return null;
  const why = "tests against PostgreSQL are skipped: there is no server here (apt-get install postgresql)";
  if (process.env["MUSTER_TEST_POSTGRES"] === "required") throw new Error(why);
  process.stderr.write(`${why}\n`);
  return why;
}

/** A PostgreSQL server of its own in a folder for a while, on 127.0.0.1. */
export class PostgresServer {
  readonly password = "p@ss/word:1";
  readonly port: number;
  readonly #folder: string;
  readonly #process: ChildProcess;

  private constructor(folder: string, port: number, child: ChildProcess) {
    this.#folder = folder;
    this.port = port;
    this.#process = child;
  }

  /** `isDurable`: what it commits survives a power loss; for measurements. Default: it need not. */
  static async start({ isDurable = false } = {}): Promise<PostgresServer> {
    const bin = binaries();
    if (bin === null) throw new Error("there is no PostgreSQL server here");
    const who = user();
    const folder = mkdtempSync(join(tmpdir(), "muster-postgres-"));
    const passwordFile = join(folder, "password");
    writeFileSync(passwordFile, "p@ss/word:1");
    if (who.uid !== undefined && who.gid !== undefined) {
      chownSync(folder, who.uid, who.gid);
      chownSync(passwordFile, who.uid, who.gid);
    }
    const data = join(folder, "data");
    const options = [
      "-D",
      data,
      "-U",
      "muster",
      "--auth=scram-sha-256",
      `--pwfile=${passwordFile}`,
      "--no-sync",
      "-E",
      "UTF8",
    ];
    const made = spawnSync(join(bin, "initdb"), options, { ...who, cwd: folder, encoding: "utf8" });
    if (made.status !== 0) throw new Error(`initdb: ${made.stderr}`);
    const port = await freePort();
    const sync = isDurable ? "fsync=on" : "fsync=off";
    const settings = ["listen_addresses=127.0.0.1", `unix_socket_directories=${folder}`, sync].flatMap((each) => [
      "-c",
      each,
    ]);
    const child = spawn(join(bin, "postgres"), ["-D", data, "-p", String(port), ...settings], {
      ...who,
      cwd: folder,
      stdio: ["ignore", "ignore", "pipe"],
    });
    await new Promise<void>((resolve, reject) => {
      let log = "";
      child.stderr.on("data", (chunk: Buffer) => {
        log += chunk.toString("utf8");
        if (log.includes("ready to accept connections")) resolve();
      });
      child.once("exit", () => reject(new Error(`postgres ended: ${log}`)));
    });
    return new PostgresServer(folder, port, child);
  }

  /** The address of its database, with the password. */
  get url(): string {
    return `postgres://muster:${encodeURIComponent(this.password)}@127.0.0.1:${this.port}/postgres`;
  }

  async stop(): Promise<void> {
    const ended = once(this.#process, "exit");
    this.#process.kill("SIGINT");
    await ended;
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
