import { createSurroundings, portablePath, type SurroundingsOptions } from "../compose.ts";
import { startRun } from "../engine/local/start.ts";
import type { LocalRun } from "../engine/local/run.ts";
import type { BudgetChoice } from "../plan/budget-choice.ts";
import type { AutoChoice } from "../plan/auto-model.ts";
import { approvalsOf } from "../plan/approvals.ts";
import { identityJson, isHeldUp, nameOf, type Identity } from "../run/identity.ts";
import type { Failure } from "../run/failure.ts";
import type { Json, JsonObject } from "../util/json.ts";
import type { Project } from "../util/project.ts";
import { err, ok, type Result } from "../util/result.ts";

/** All that the first start of a run takes. */
export interface Beginning extends SurroundingsOptions {
  readonly runId: string;
  readonly project: Project;
  /** Absolute path of the manifest. */
  readonly manifest: string;
  /** Complete and valid. */
  readonly inputs: JsonObject;
  /** What was chosen, to be chosen again by a resume. `replay` is the absolute path of the recording. */
  readonly choice: {
    readonly model: readonly string[];
    readonly only: readonly string[];
    readonly replay: string | null;
    readonly auto: AutoChoice | null;
    readonly budget: BudgetChoice | null;
    /** The one of `variants`; null where there is none. */
    readonly variant: string | null;
    /** All that it does is to bring a message to a session (PlannedDelivery). */
    readonly delivery?: Json;
  };
}

/** A run that was started. */
export interface Begun {
  readonly run: LocalRun;
  /** Redacted, as the run has them. */
  readonly inputs: JsonObject;
  readonly startedAt: number;
}

/** Why a run was not started: what is missing, a sentence each, or a failure before its first step. */
export type Refusal =
  | { readonly kind: "request"; readonly problems: readonly string[] }
  | { readonly kind: "failure"; readonly failure: Failure };

/** Starts a run for the first time. Throws StoreError, with code `taken` when there is a run of that id. */
export function beginRun(beginning: Beginning): Result<Begun, Refusal> {
  const { runId, plan, project, manifest, recording, simulated, choice, store } = beginning;
  const around = createSurroundings(beginning);
  if (!around.ok) return err({ kind: "request", problems: around.error });
  const unknown = unknownInitiator(beginning);
  if (unknown !== null) return err({ kind: "request", problems: [unknown] });
  const { startedBy = null } = beginning;
  const inputs = around.value.redactor.value(beginning.inputs) as JsonObject;
  const kept = {
    ...choice,
    replay: choice.replay === null ? null : portablePath(choice.replay, project),
    origin: recording?.origin ?? null,
    simulated,
    auto: choice.auto as unknown as Json,
    budget: choice.budget as unknown as Json,
  };
  const first = {
    runId,
    plan,
    manifestPath: portablePath(manifest, project),
    inputs,
    choice: kept,
    ...vouchedFor(startedBy),
  };
  const started = startRun(first, around.value);
  if (!started.ok) return err({ kind: "failure", failure: started.error });
  return ok({ run: started.value, inputs, startedAt: store.findRun(runId)?.startedAt ?? 0 });
}

function vouchedFor(startedBy: Identity | null): { readonly initiator?: Json } {
  return startedBy === null ? {} : { initiator: identityJson(startedBy) };
}

/** A question that nobody could ever answer is told before anything is paid; null where there is none. */
function unknownInitiator({ plan, trust = [], startedBy = null, simulated }: Beginning): string | null {
  if (simulated || (startedBy?.person ?? null) !== null) return null;
  const unanswerable = approvalsOf(plan).find(({ approval }) => approval.notInitiator && isHeldUp(approval, trust));
  if (unanswerable === undefined) return null;
  const why = startedBy === null ? "no token says who starts this run" : `${nameOf(startedBy)} may be several people`;
  return `'${unanswerable.id}' may not be answered by who started the run (not_initiator), and ${why}: start it in a job of ${trust.map(({ issuer }) => issuer).join(" or ")}, or give a token as MUSTER_ID_TOKEN`;
}
