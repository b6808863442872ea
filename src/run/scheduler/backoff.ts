import type { RetryRule } from "./graph.ts";

/**
 * How long to wait after attempt `attempt` (1-based) failed, in whole milliseconds:
 * delay x 2^(n-1), at most `maxDelayMs`, x [0.9, 1.1] by a hash of `key` (repeatable), never less than what
 * the other side asked for (`retryAfterMs`). SEMANTICS.md, "429/529".
 */
export function backoffMs(rule: RetryRule, attempt: number, key: string, retryAfterMs: number | null): number {
  const grown = rule.backoff === "fixed" ? rule.delayMs : rule.delayMs * 2 ** Math.min(attempt - 1, 40);
  const bounded = Math.min(grown, rule.maxDelayMs);
  const spread = rule.jitter ? 0.9 + 0.2 * fraction(key) : 1;
  return Math.max(Math.round(bounded * spread), retryAfterMs ?? 0);
}

/** FNV-1a over the key, mixed, as a number in [0, 1). Spread, not secrecy. */
function fraction(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i += 1) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
