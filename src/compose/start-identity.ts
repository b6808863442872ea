import type { Plan } from "../plan/types.ts";
import type { Identity, Issuer } from "../run/identity.ts";
import { systemClock } from "../util/clock.ts";
import { ok, type Result } from "../util/result.ts";
import type { Environment } from "./environment.ts";
import { verifiedIdentity } from "./identity.ts";
import { trustOf } from "./trust.ts";

/** Who vouches for people in a run, and for whom they do as the one who starts it. */
export interface StartIdentity {
  readonly trust: readonly Issuer[];
  readonly startedBy: Identity | null;
}

/** Of a start of a run that asks people; nobody otherwise. The error is a sentence about a policy or a token that is wrong. */
export async function startIdentity(
  { plan, manifest, simulated }: { readonly plan: Plan; readonly manifest: string; readonly simulated: boolean },
  env: Environment,
): Promise<Result<StartIdentity, string>> {
  const trust = simulated ? ok([]) : trustOf(plan, manifest);
  if (!trust.ok) return trust;
  const startedBy = await verifiedIdentity(env, trust.value, systemClock.now());
  return startedBy.ok ? ok({ trust: trust.value, startedBy: startedBy.value }) : startedBy;
}
