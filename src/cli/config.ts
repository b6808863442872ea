import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { suggest } from "../diagnostic/suggest.ts";
import { isJsonObject, type Json } from "../util/json.ts";
import { UsageError } from "./exit-code.ts";

/** Flags that a file or the environment may set, as configuration files spell them. */
export const configurable = {
  state: { option: "state", variable: "MUSTER_STATE", kind: "text" },
  concurrency: { option: "concurrency", variable: "MUSTER_CONCURRENCY", kind: "count" },
  format: { option: "format", variable: "MUSTER_FORMAT", kind: "text" },
  log_level: { option: "logLevel", variable: "MUSTER_LOG_LEVEL", kind: "text" },
  color: { option: "color", variable: "MUSTER_COLOR", kind: "switch" },
} as const;

type Key = keyof typeof configurable;

/** A default of a flag, and where it was found, for messages. */
export interface Setting {
  readonly option: string;
  readonly value: string | number | boolean;
  readonly from: string;
}

export interface ConfigPlaces {
  /** `.muster/config.yaml` of the project. */
  readonly project: string;
  /** `~/.config/muster/config.yaml`, or under XDG_CONFIG_HOME. */
  readonly user: string;
}

/** Where the configuration of a project and of its user lie. */
export function configPlaces(projectRoot: string, env: { readonly [name: string]: string | undefined }): ConfigPlaces {
  const base = env["XDG_CONFIG_HOME"] || join(env["HOME"] ?? "/", ".config");
  return { project: join(projectRoot, ".muster", "config.yaml"), user: join(base, "muster", "config.yaml") };
}

/**
 * Defaults for flags, from the weakest to the strongest: user, project, environment. A flag on the command line is
 * over all of them. UsageError for a file that holds something else.
 */
export async function readSettings(
  places: ConfigPlaces,
  env: { readonly [name: string]: string | undefined },
): Promise<readonly Setting[]> {
  const fromFiles = [...(await readFileSettings(places.user)), ...(await readFileSettings(places.project))];
  const fromEnv = (Object.keys(configurable) as Key[]).flatMap((key) => {
    const { variable } = configurable[key];
    const text = env[variable];
    return text === undefined || text === "" ? [] : [setting(key, text, variable)];
  });
  return [...fromFiles, ...fromEnv];
}

async function readFileSettings(path: string): Promise<readonly Setting[]> {
  if (!existsSync(path)) return [];
  const { parse } = await import("yaml");
  let data: unknown;
  try {
    data = parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new UsageError(`${path}: ${(error as Error).message}`);
  }
  if (data === null) return [];
  if (!isJsonObject(data)) throw new UsageError(`${path}: it must hold names of flags with values`);
  return Object.entries(data).map(([key, value]) => {
    if (!Object.hasOwn(configurable, key)) {
      const near = suggest(key, Object.keys(configurable));
      throw new UsageError(
        `${path}: there is no setting '${key}'${near === null ? "" : `; did you mean '${near}'?`} (known: ${Object.keys(configurable).join(", ")})`,
      );
    }
    return setting(key as Key, value, `${path}: ${key}`);
  });
}

function setting(key: Key, value: Json, from: string): Setting {
  const { option, kind } = configurable[key];
  if (kind === "count") {
    const count = Number(value);
    if (!Number.isSafeInteger(count) || count < 1) throw new UsageError(`${from}: it must be a whole number above 0`);
    return { option, value: count, from };
  }
  if (kind === "switch") {
    if (value !== true && value !== false && value !== "true" && value !== "false")
      throw new UsageError(`${from}: it must be true or false`);
    return { option, value: String(value) === "true", from };
  }
  if (typeof value !== "string") throw new UsageError(`${from}: it must be a text`);
  return { option, value, from };
}
