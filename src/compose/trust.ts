import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { decodeSource } from "../manifest/decode.ts";
import { asksPeople } from "../plan/approvals.ts";
import type { Plan } from "../plan/types.ts";
import { readIssuers } from "../policy/issuers.ts";
import { POLICY_FILE } from "../policy/policy.ts";
import type { Issuer } from "../run/identity.ts";
import { nearest } from "../util/project.ts";
import { err, ok, type Result } from "../util/result.ts";

/** Who vouches for the people whom a run of the plan asks. The error is a sentence about the policy of the manifest's project. */
export function trustOf(plan: Plan, manifest: string): Result<readonly Issuer[], string> {
  return asksPeople(plan) ? readTrust(dirname(manifest)) : ok([]);
}

/** Likewise for the folder of a manifest; nobody where the policy is wrong, which `validate` tells by itself. */
export function trustAround(folder: string): readonly Issuer[] {
  const trust = readTrust(folder);
  return trust.ok ? trust.value : [];
}

/** By the bytes of a policy; nobody where it is wrong. */
export function issuersIn(policy: Uint8Array): readonly Issuer[] {
  const trust = issuersOf(policy);
  return trust.ok ? trust.value : [];
}

/** By the nearest policy above, inside of the repository. */
function readTrust(folder: string): Result<readonly Issuer[], string> {
  if (!existsSync(folder)) return ok([]);
  const repository = nearest(folder, [".git"]);
  const place = nearest(folder, [POLICY_FILE]);
  if (place === null || (repository !== null && relative(repository, place).startsWith(".."))) return ok([]);
  return issuersOf(readFileSync(join(place, POLICY_FILE)));
}

function issuersOf(policy: Uint8Array): Result<readonly Issuer[], string> {
  const source = decodeSource(POLICY_FILE, policy);
  if (!source.ok) return err(`${POLICY_FILE}: ${source.error[0]?.message ?? "it is no text"}`);
  return readIssuers(source.value);
}
