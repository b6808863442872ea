import { crc32 } from "node:zlib";
import type { Fact } from "../../run/fact.ts";
import type { ValueRef } from "../../run/value-ref.ts";
import type { Usage } from "../../util/usage.ts";
import { DamagedRow } from "./error.ts";
import { RUN_SPAN } from "./run-span.ts";

/** A row of `fact`, the fingerprint as text; its id holds the fact's place in the run. */
export interface FactRow {
  readonly id: number;
  readonly key: string;
  readonly fingerprint: string;
  readonly body: string;
  readonly crc: number;
}

/** A fact's states by number, in `body[0]`. Append only. */
const FACT_STATES = ["started", "succeeded", "failed", "waiting"] as const satisfies readonly Fact["state"][];

/**
 * All but the identity, as a list without its trailing nulls; new parts go to the end.
 * Most of a large run's bytes are facts, and names would double them.
 */
type FactBody = [
  state: number,
  starts: number,
  startedAt: number,
  endedAt?: Fact["endedAt"],
  output?: Fact["output"],
  extra?: Fact["extra"],
  failure?: Fact["failure"],
  model?: Fact["model"],
  usage?: number[] | null,
  costUsd?: Fact["costUsd"],
  artifacts?: ValueRef | null,
  isFromCache?: 1 | null,
];

/** The body of a fact. */
export function encodeFact(fact: Fact): string {
  const body: FactBody = [
    FACT_STATES.indexOf(fact.state),
    fact.starts,
    fact.startedAt,
    fact.endedAt,
    fact.output,
    fact.extra,
    fact.failure,
    fact.model,
    fact.usage && encodeUsage(fact.usage),
    fact.costUsd,
    fact.artifacts ?? null,
    fact.isFromCache === true ? 1 : null,
  ];
  while (body.at(-1) === null) body.pop();
  return JSON.stringify(body);
}

/** The checksum of a fact at its place `n` in the run. */
export function factCrc(key: string, fingerprint: string, body: string, n: number): number {
  return crc32(`${key} ${fingerprint} ${body}`, n);
}

/** The fact of a row. Throws DamagedRow. */
export function decodeFact(row: FactRow): Fact {
  if (factCrc(row.key, row.fingerprint, row.body, row.id % RUN_SPAN) !== row.crc) {
    throw new DamagedRow(`the record of '${row.key}' does not match its checksum`);
  }
  const body = JSON.parse(row.body) as FactBody;
  return {
    key: row.key,
    fingerprint: row.fingerprint,
    state: FACT_STATES[body[0]] as Fact["state"],
    starts: body[1],
    startedAt: body[2],
    endedAt: body[3] ?? null,
    output: body[4] ?? null,
    extra: body[5] ?? null,
    failure: body[6] ?? null,
    model: body[7] ?? null,
    usage: body[8] ? decodeUsage(body[8]) : null,
    costUsd: body[9] ?? null,
    ...(body[10] ? { artifacts: body[10] } : {}),
    ...(body[11] === 1 ? { isFromCache: true } : {}),
  };
}

function encodeUsage(usage: Usage): number[] {
  return [usage.inputTokens, usage.outputTokens, usage.cacheReadTokens, usage.cacheWriteTokens, usage.calls];
}

function decodeUsage([
  inputTokens = 0,
  outputTokens = 0,
  cacheReadTokens = 0,
  cacheWriteTokens = 0,
  calls = 0,
]: number[]): Usage {
  return { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, calls };
}

/** A fingerprint for its column: a digest in hex becomes half as many bytes, any other text stays as it is. */
export function packFingerprint(fingerprint: string): string | Uint8Array {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(fingerprint) ? Buffer.from(fingerprint, "hex") : fingerprint;
}

/** SQL that gives the fingerprint of a row as it was written. */
export const UNPACKED = "iif(typeof(fingerprint) = 'blob', lower(hex(fingerprint)), fingerprint)";
