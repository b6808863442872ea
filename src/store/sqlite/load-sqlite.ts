import { createRequire } from "node:module";

/** The part of `process` through which Node prints warnings. */
export interface WarningHost {
  emitWarning: NodeJS.Process["emitWarning"];
}

/**
 * Loads `node:sqlite`. Node 22 prints an ExperimentalWarning when it does, about nothing a user could act on:
 * that one is kept back while the module loads, which is synchronous. Without a host it is printed.
 */
export function loadSqlite(host?: WarningHost): typeof import("node:sqlite") {
  const load = () => createRequire(import.meta.url)("node:sqlite") as typeof import("node:sqlite");
  if (host === undefined) return load();
  const { emitWarning } = host;
  const filter = (...args: unknown[]): void => {
    const [warning, kind] = args;
    if (kind === "ExperimentalWarning" && String(warning).startsWith("SQLite ")) return;
    Reflect.apply(emitWarning, host, args);
  };
  host.emitWarning = filter;
  try {
    return load();
  } finally {
    host.emitWarning = emitWarning;
  }
}
