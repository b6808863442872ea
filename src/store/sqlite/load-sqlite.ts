import { createRequire } from "node:module";

/** The part of `process` through which Node prints warnings. */
export interface WarningHost {
  emitWarning: NodeJS.Process["emitWarning"];
}

/** Loads `node:sqlite`; with a host, quietly. */
export function requireSqlite(host: WarningHost | undefined): typeof import("node:sqlite") {
  const load = () => createRequire(import.meta.url)("node:sqlite") as typeof import("node:sqlite");
  return host === undefined ? load() : withoutSqliteWarning(host, load);
}

/**
 * Node 22 prints an ExperimentalWarning when `node:sqlite` is loaded, about nothing that a user could act on.
 * That one is kept back while `load` runs, which is synchronous; every other warning passes.
 */
export function withoutSqliteWarning<T>(host: WarningHost, load: () => T): T {
  const { emitWarning } = host;
  host.emitWarning = (...args: unknown[]): void => {
    const [warning, kind] = args;
    if (kind === "ExperimentalWarning" && String(warning).startsWith("SQLite ")) return;
    Reflect.apply(emitWarning, host, args);
  };
  try {
    return load();
  } finally {
    host.emitWarning = emitWarning;
  }
}
