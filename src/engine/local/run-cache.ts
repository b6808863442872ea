import { StoreError, type CacheEntry, type CacheStore } from "../../store/store.ts";
import type { Artifact } from "../../run/artifact.ts";
import type { ReadValue } from "../../run/step-value.ts";
import type { ValueRef } from "../../run/value-ref.ts";
import type { Json } from "../../util/json.ts";
import type { AttemptResult } from "../step/handler.ts";
import type { LeftFiles } from "../workspace/resolved-files.ts";
import type { Start } from "./sink.ts";

/** What other runs gave, as one run uses it. */
export interface RunCache {
  readonly find: CacheStore["find"];
  /** Takes the files of an entry over into this run and its workspaces; false when a content is damaged. */
  readonly adopt: (files: LeftFiles) => Promise<boolean>;
  /** Hands the files of this run over to the cache. */
  readonly hand: (artifacts: readonly Artifact[]) => Promise<void>;
}

/** What an earlier run gave for the same question. */
export interface CacheHit {
  readonly key: string;
  readonly output: ValueRef;
  readonly extra: CacheEntry["extra"];
  readonly model: string | null;
  readonly artifacts: readonly Artifact[];
}

export interface CacheTools {
  readonly cache: RunCache;
  readonly now: () => number;
  readonly read: ReadValue;
  readonly keep: (value: Json) => ValueRef;
}

/**
 * Looks an outcome up; null when there is none, or it is too old. `damaged` when there is one that cannot be read,
 * which is a miss as well.
 */
export function findCached(key: string, ttlMs: number | null, tools: CacheTools): CacheHit | "damaged" | null {
  const entry = tools.cache.find(key);
  if (entry === null || entry === "damaged") return entry;
  if (ttlMs !== null && tools.now() - entry.createdAt >= ttlMs) return null;
  try {
    const { extra, model } = entry;
    const artifacts = entry.artifacts === null ? [] : (tools.read(entry.artifacts) as unknown as readonly Artifact[]);
    // Kept anew: whoever clears up leaves alone what is about to be named.
    return { key, output: tools.keep(tools.read(entry.output)), extra, model, artifacts };
  } catch (error) {
    if (error instanceof StoreError && error.code === "corrupt") return "damaged";
    throw error;
  }
}

/** The work of an attempt, with the cache before and behind it: files of a hit are taken over, those of a miss handed on. */
export function cachedWork(start: Start, hit: CacheHit | null, { cache, read }: CacheTools): Start["work"] {
  const { work, step, path } = start;
  return {
    ...work,
    run: async (attempt) => {
      if (hit !== null) {
        const { artifacts, output, extra, model, key } = hit;
        if (await cache.adopt({ step: path, workspace: step.workspace, artifacts })) {
          const known = { extra, artifacts, model, usage: null, costUsd: null, isFromCache: true };
          return { ...known, ok: true, output: read(output) };
        }
        attempt.event("cache.damaged", { key });
      }
      const result: AttemptResult = await work.run(attempt);
      if (result.ok && result.artifacts !== undefined) await cache.hand(result.artifacts);
      return result;
    },
  };
}
