import { createAgentStep } from "../../../src/engine/step/agent.ts";
import { createApprovalStep } from "../../../src/engine/step/approval.ts";
import { createRunStep } from "../../../src/engine/step/run.ts";
import { createHttpStep } from "../../../src/engine/step/http.ts";
import { createSqlStep } from "../../../src/engine/step/sql.ts";
import { createStateStep } from "../../../src/engine/step/state.ts";
import { createValueStep } from "../../../src/engine/step/value.ts";
import { createSendStep } from "../../../src/engine/step/send.ts";
import { createWaitStep } from "../../../src/engine/step/wait.ts";
import { createFileReader } from "../../../src/engine/workspace/file.ts";
import { digestOf, findFiles } from "../../../src/engine/workspace/workspace-files.ts";
import { createGlob } from "../../../src/engine/workspace/glob.ts";
import type { StepHandler } from "../../../src/engine/step/handler.ts";
import type { Surroundings } from "../../../src/engine/local/surroundings.ts";
import type { LocalRun } from "../../../src/engine/local/run.ts";
import type { RunOutcome } from "../../../src/engine/local/run-outcome.ts";
import { systemResolve } from "../../../src/network/resolve.ts";
import { createEvaluator } from "../../../src/expression/evaluate.ts";
import type { Plan } from "../../../src/plan/types.ts";
import type { Provider } from "../../../src/provider/provider.ts";
import type { Failure } from "../../../src/run/failure.ts";
import { createRedactor } from "../../../src/run/redact.ts";
import { report } from "../../../src/run/report.ts";
import type { ScopeRecord } from "../../../src/run/state.ts";
import type { Store } from "../../../src/store/store.ts";
import type { Tool } from "../../../src/tool/tool.ts";
import type { Json, JsonObject } from "../../../src/util/json.ts";
import type { Result } from "../../../src/util/result.ts";
import { silentLog } from "../../../src/util/log.ts";
import { createSchemaCheck } from "../../../src/util/schema-check.ts";
import type { FakeClock } from "../clock.ts";

export interface TestSurroundings {
  readonly store: Store;
  readonly clock: FakeClock;
  readonly provider: Provider;
  readonly secrets?: { readonly [name: string]: string };
  readonly onEvents?: Surroundings["onEvents"];
  /** In place of real processes; default: real ones, in `workspace`. */
  readonly runStep?: StepHandler;
  readonly workspace?: string;
  /** What agents may use; default: nothing. */
  readonly tools?: readonly Tool[];
  /** Made before, for many runs: compiling schemas takes longer than a small run. Default: its own. */
  readonly shared?: Pick<Surroundings, "check" | "evaluator">;
}

/** What a run needs, with a scripted model and a fake clock; leases of other runners may be taken. */
export function surroundings(options: TestSurroundings): Surroundings {
  const { store, clock, provider, secrets = {}, workspace = "/nowhere", onEvents = () => {} } = options;
  const { check, evaluator } = options.shared ?? { check: createSchemaCheck(), evaluator: createEvaluator() };
  const redactor = createRedactor(new Map(Object.entries(secrets)));
  if (!redactor.ok) throw new Error("a secret of this test is too short");
  const realRunStep = createRunStep({
    workspace,
    environment: { PATH: process.env["PATH"] ?? "" },
    check,
  });
  return {
    store,
    clock,
    owner: { host: "test", pid: 1, processStart: "1", renewedAt: clock.now() },
    mayTake: () => true,
    evaluator,
    check,
    glob: createGlob(workspace),
    file: createFileReader(workspace),
    repository: {
      isMadeUp: false,
      find: (path, isGlob) => findFiles(workspace, path, isGlob),
      digest: (path) => digestOf(workspace, path),
    },
    unitFiles: null,
    cache: null,
    redactor: redactor.value,
    secrets,
    onEvents,
    log: silentLog,
    concurrency: null,
    hurry: false,
    isAttended: false,
    isCopy: false,
    isFree: false,
    isLive: true,
    handlers: {
      agent: createAgentStep({
        providerFor: () => provider,
        batchProviderFor: () => provider,
        check,
        programs: { workspace: "/", environment: {} },
        tools: options.tools ?? [],
        openServer: () => {
          throw new Error("there is no server");
        },
      }),
      run: options.runStep ?? holding(realRunStep, clock),
      http: createHttpStep({ resolve: systemResolve, check }),
      sql: createSqlStep({ workspace, node: process.execPath, environment: {}, resolve: systemResolve, check }),
      state: createStateStep(check),
      value: createValueStep(check),
      wait: createWaitStep(),
      send: createSendStep(),
      approval: createApprovalStep(),
    },
  };
}

/** The same steps, but the clock stands while one of them works. */
function holding(handler: StepHandler, clock: FakeClock): StepHandler {
  return {
    prepare(step, context) {
      const work = handler.prepare(step, context);
      if (!work.ok || work.value.kind === "now") return work;
      const { run } = work.value;
      return {
        ok: true,
        value: {
          ...work.value,
          async run(attempt) {
            const release = clock.hold();
            return await run(attempt).finally(release);
          },
        },
      };
    },
  };
}

/** The run that was started; a start that failed is a mistake in the test. */
export function started(run: Result<LocalRun, Failure>): LocalRun {
  if (!run.ok) throw new Error(`the run did not start: ${run.error.message}`);
  return run.value;
}

/** The report of a run that has ended, as `--report` writes it. */
export function reportOf(
  plan: Plan,
  store: Store,
  runId: string,
  outcome: Pick<RunOutcome, "outputs" | "spend" | "failure"> &
    Partial<Pick<RunOutcome, "budgets">> & { readonly record: ScopeRecord },
): JsonObject {
  const summary = store.findRun(runId);
  if (summary === null) throw new Error(`there is no run ${runId}`);
  const { inputs } = summary.frozen as { readonly inputs: JsonObject };
  const info = { runId, plan, startedAt: summary.startedAt, inputs };
  const end = {
    budgets: [],
    ...outcome,
    status: summary.status,
    finishedAt: summary.updatedAt,
    durationMs: summary.activeMs,
    simulated: false,
    replayed: null,
  } as const;
  return report(info, outcome.record, end, (ref) =>
    "inline" in ref ? ref.inline : (JSON.parse(Buffer.from(store.getBlob(ref.blob)).toString("utf8")) as Json),
  );
}
