import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { Script } from "node:vm";
import { crc32 } from "node:zlib";

/** A part of this program that was loaded, with what of it was compiled. */
export interface KeptCode {
  /** What the module gives. */
  readonly exports: unknown;
  /** Keeps what was compiled meanwhile for the next start; does nothing when enough is kept. Never throws. */
  keep(): void;
}

/**
 * So often is written anew what was compiled: a start that takes another way through the command compiles more. After
 * that a start only reads.
 */
const MOST_TIMES = 3;

/** Before the code: a checksum of the rest, and how often it was written. */
const HEADER_BYTES = 5;

/**
 * Loads a CommonJS module of ours, which has no `import()`. V8 compiles a function when it is first called; Node's own cache keeps what was
 * compiled when a module was loaded, which is little of it. Here is kept what was used: the next start compiles nothing.
 * `file` is called by its contents, so that no code can be taken for another; that the Node and its
 * flags are the same V8 looks at. Where nothing can be read or written, the module is compiled as ever.
 */
export function loadKept(file: string, folders: readonly string[]): KeptCode {
  const source = readFileSync(file, "latin1");
  const found = folders.map((folder) => readKept(join(folder, keptName(file)))).find((each) => each !== null);
  const script = new Script(`(function (exports, require, module, importMetaUrl) {${source}\n})`, {
    filename: file,
    ...(found == null ? {} : { cachedData: found.code }),
  });
  const times = found == null || script.cachedDataRejected === true ? 0 : found.times;
  const module = { exports: {} };
  const run = script.runInThisContext() as (...values: unknown[]) => void;
  run(module.exports, createRequire(file), module, pathToFileURL(file).href);
  return {
    exports: module.exports,
    keep: () => {
      if (times >= MOST_TIMES) return;
      const body = Buffer.concat([Buffer.from([times + 1]), script.createCachedData()]);
      const contents = Buffer.concat([Buffer.alloc(HEADER_BYTES - 1), body]);
      contents.writeUInt32LE(crc32(body));
      folders.some((folder) => write(folder, keptName(file), contents, basename(file)));
    },
  };
}

function keptName(file: string): string {
  return `${basename(file)}.${process.version}-${process.arch}`;
}

function readKept(path: string): { readonly code: Buffer; readonly times: number } | null {
  try {
    const contents = readFileSync(path);
    const isWhole = contents.length > HEADER_BYTES && contents.readUInt32LE() === crc32(contents.subarray(4));
    return isWhole ? { code: contents.subarray(HEADER_BYTES), times: contents[HEADER_BYTES - 1] as number } : null;
  } catch {
    return null;
  }
}

/** True when it was written. What an earlier version of the module left behind goes. */
function write(folder: string, name: string, contents: Buffer, module: string): boolean {
  const path = join(folder, name);
  try {
    mkdirSync(dirname(path), { recursive: true });
    const own = `${path}.${process.pid}`;
    writeFileSync(own, contents, { mode: 0o600 });
    renameSync(own, path);
    const kind = module.slice(0, module.indexOf("-"));
    for (const other of readdirSync(folder))
      if (other.startsWith(`${kind}-`) && !other.startsWith(`${module}.`)) rmSync(join(folder, other), { force: true });
    return true;
  } catch {
    return false;
  }
}
