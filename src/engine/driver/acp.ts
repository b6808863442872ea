import { randomUUID } from "node:crypto";
import { Readable, Writable } from "node:stream";
import type { ClientConnection, RequestPermissionRequest } from "@agentclientprotocol/sdk/unstable";
import type { Grant } from "../../plan/permissions.ts";
import type { CallContext, ModelEvent, ModelRequest, Provider } from "../../provider/provider.ts";
import { failure, type Failure } from "../../run/failure.ts";
import { unknownUsage, type Usage } from "../../util/usage.ts";
import { DEFAULT_OUTPUT_LIMIT_BYTES } from "../process/process.ts";
import { ProcessTree } from "../process/process-tree.ts";
import { OutputBuffer } from "../process/output-buffer.ts";
import { startProcess } from "../process/start-process.ts";
import type { AttemptContext } from "../step/handler.ts";
import { permissionRefusal } from "./acp-permission.ts";
import { AcpTurn } from "./acp-turn.ts";
import { once } from "./once.ts";
import { environmentOf, type Program, type ProgramAttempt, type ProgramSurroundings } from "./program.ts";
import { lastPromptOf, promptOf } from "./prompt.ts";

/** From asking it to stop to SIGTERM, and from there to SIGKILL. */
const CANCEL_GRACE_MS = 1_000;
const KILL_GRACE_MS = 2_000;
/** How long the end of a process is waited for when its pipe was closed. */
const EXIT_WAIT_MS = 500;
/** How much of stderr stays on the record of a failure (bytes, the first ones). */
const RECORDED_STDERR = 16 * 1024;
/** Of the protocol (agentclientprotocol.com/protocol/v1/initialization, 2026-11): it wants somebody to log in. */
const AUTH_REQUIRED = -32000;

/** Somebody who answers as long as an attempt lives. */
export interface AttemptProvider extends Provider {
  /** Ends what it has started. */
  close(): Promise<void>;
}

/** A coding agent that is at work. */
interface Session {
  readonly tree: ProcessTree;
  readonly connection: ClientConnection;
  readonly id: string;
  readonly turn: AcpTurn;
  /** Prompts that it was given. */
  asked: number;
  /** What was told of its cost before this prompt, USD. */
  paidUsd: number;
}

/**
 * A coding agent as somebody who answers, over the Agent Client Protocol: one process and one session for an attempt, so
 * that the repair turn goes on in its conversation. What it asks to do is answered from the permissions; what it does
 * without asking nobody here can forbid.
 */
export function createAcpProvider(
  program: Program & { readonly mode: string | null },
  grant: Grant,
  attempt: ProgramAttempt & Pick<AttemptContext, "event" | "redactor">,
  surroundings: ProgramSurroundings,
): AttemptProvider {
  const cwd = attempt.folder ?? surroundings.workspace;
  const stderr = new OutputBuffer(RECORDED_STDERR);
  let tree: ProcessTree | null = null;
  /** How its process ended, if it did before it was told to. */
  let gone = new Promise<Failure>(() => {});
  let session: Session | null = null;
  return {
    name: "acp",
    origin: "live",
    call: (request, context) => once(answer(request, context)),
    close: async () => {
      session?.connection.close();
      await tree?.stop(KILL_GRACE_MS);
    },
  };

  async function answer(request: ModelRequest, context: CallContext): Promise<ModelEvent> {
    const { signal } = context;
    const stop = (): void => void stopGently();
    signal.addEventListener("abort", stop, { once: true });
    try {
      context.sent?.();
      session ??= await begin(context);
      return await prompt(session, request);
    } catch (error) {
      const why = await reasonOf(error);
      await tree?.stop(KILL_GRACE_MS);
      stderr.end();
      return { type: "failed", failure: { ...why, partial: stderr.text || null }, usage: null };
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  /** It is told first: agents save what they have. */
  async function stopGently(): Promise<void> {
    if (session !== null) {
      await Promise.race([
        session.connection.agent.notify("session/cancel", { sessionId: session.id }).catch(() => {}),
        new Promise((resolve) => setTimeout(resolve, CANCEL_GRACE_MS)),
      ]);
    }
    await tree?.stop(KILL_GRACE_MS);
  }

  async function begin({ signal, unit }: CallContext): Promise<Session> {
    const { client, methods, ndJsonStream, PROTOCOL_VERSION } = await import("@agentclientprotocol/sdk/unstable");
    const argv = program.argv("");
    if (!argv.ok) throw new AcpProblem(argv.error);
    signal.throwIfAborted();
    const mark = randomUUID();
    const env = environmentOf(program, attempt, unit, surroundings);
    const request = {
      command: { argv: argv.value },
      cwd,
      env,
      stdin: "",
      outputLimitBytes: DEFAULT_OUTPUT_LIMIT_BYTES,
    };
    const started = await startProcess(request, mark);
    if (!started.ok) throw new AcpProblem(notStarted(started.error));
    const { child, pid } = started.value;
    tree = new ProcessTree(pid, mark);
    child.stderr.on("data", (chunk: Buffer) => void stderr.add(chunk));
    child.stdin?.on("error", () => {}); // it may be gone already
    const turn = new AcpTurn(attempt);
    const connection = client({ name: "muster" })
      .onRequest(methods.client.session.requestPermission, ({ params }) => decide(params, turn))
      .onNotification(methods.client.session.update, ({ params }) => turn.update(params.update))
      .connect(
        ndJsonStream(
          Writable.toWeb(child.stdin as Writable) as WritableStream<Uint8Array>,
          Readable.toWeb(child.stdout),
        ),
      );
    gone = new Promise((resolve) => child.once("exit", (code, end) => resolve(ended(code, end))));
    void gone.then((why) => connection.close(new AcpProblem(why)));
    const { agent } = connection;
    await agent.request(methods.agent.initialize, {
      protocolVersion: PROTOCOL_VERSION,
      clientCapabilities: {},
      clientInfo: { name: "muster", version: "1" },
    });
    const { sessionId, modes } = await agent.request(methods.agent.session.new, { cwd, mcpServers: [] });
    const { mode } = program;
    if (mode !== null && modes?.currentModeId !== mode)
      await agent.request(methods.agent.session.setMode, { sessionId, modeId: mode });
    return { tree, connection, id: sessionId, turn, asked: 0, paidUsd: 0 };
  }

  async function prompt(at: Session, request: ModelRequest): Promise<ModelEvent> {
    const { turn, connection, id } = at;
    const text = at.asked === 0 ? promptOf(request) : lastPromptOf(request);
    at.asked += 1;
    turn.begin();
    const response = await connection.agent.request("session/prompt", {
      sessionId: id,
      prompt: [{ type: "text", text }],
    });
    const { stopReason, usage } = response;
    const used = usageOf(usage);
    const costUsd = turn.costUsd === null ? null : Math.max(0, turn.costUsd - at.paidUsd);
    at.paidUsd = turn.costUsd ?? at.paidUsd;
    const partial = turn.answer === "" ? null : turn.answer.slice(0, RECORDED_STDERR);
    if (stopReason === "cancelled")
      return failed(
        failure("cancelled", "cancelled", `the agent of '${attempt.label}' was stopped`, { partial }),
        used,
      );
    if (stopReason === "max_turn_requests") {
      const message = `the agent of '${attempt.label}' was not done after as many turns as it may take`;
      return failed(failure("tool", "max_turns", message, { help: "give it less to do", partial }), used);
    }
    const reply = {
      text: turn.answer,
      stopReason: stopReason === "end_turn" ? ("end" as const) : stopReason,
      model: request.model,
      usage: used,
      ...(costUsd === null ? {} : { costUsd }),
    };
    return { type: "done", reply };
  }

  function decide({ toolCall, options }: RequestPermissionRequest, turn: AcpTurn) {
    const reason = permissionRefusal(toolCall, grant, cwd);
    if (reason !== null) turn.denied(toolCall.toolCallId, toolCall.title, reason);
    // Never for always: the next call is another one.
    const option = options.find(({ kind }) => kind === (reason === null ? "allow_once" : "reject_once"));
    if (option === undefined) return { outcome: { outcome: "cancelled" as const } };
    return { outcome: { outcome: "selected" as const, optionId: option.optionId } };
  }

  /** That its pipe was closed says little: the end of the process, which comes with it, says more. */
  async function reasonOf(thrown: unknown): Promise<Failure> {
    if (thrown instanceof AcpProblem) return thrown.failure;
    const isAnswer = typeof (thrown as { readonly code?: unknown } | null)?.code === "number";
    if (isAnswer || tree === null) return failureOf(thrown);
    const late = new Promise<null>((resolve) => setTimeout(() => resolve(null), EXIT_WAIT_MS));
    return (await Promise.race([gone, late])) ?? failureOf(thrown);
  }

  function failureOf(error: unknown): Failure {
    const { code, message = String(error) } = (error ?? {}) as { readonly code?: unknown; readonly message?: string };
    if (code === AUTH_REQUIRED) {
      const help = "log in with that program, or give it a key by `env` of the agent";
      return failure("auth", "login_required", `the agent of '${attempt.label}' is not logged in: ${message}`, {
        help,
      });
    }
    // What it has done by then nobody knows: it is not tried again unasked.
    return failure("exit", "acp_error", `the agent of '${attempt.label}' failed: ${message}`);
  }

  function notStarted(why: string): Failure {
    return failure("exit", "not_started", `the program of '${attempt.label}' could not be started: ${why}`, {
      help: "install it, or name it with its path",
    });
  }

  function ended(code: number | null, signal: string | null): Failure {
    const how = code === null ? `by ${signal ?? "a signal"}` : `with exit code ${code}`;
    const name = code === null ? "signal" : `exit_${code}`;
    return failure("exit", name, `the program of '${attempt.label}' ended ${how} before it had answered`);
  }
}

/** A failure on its way out of the protocol. */
class AcpProblem extends Error {
  readonly failure: Failure;
  constructor(why: Failure) {
    super(why.message);
    this.failure = why;
  }
}

function failed(why: Failure, usage: Usage): ModelEvent {
  return { type: "failed", failure: why, usage };
}

/** What it says of its tokens, which not every agent does; its input does not include cached ones. */
function usageOf(
  said:
    | {
        readonly inputTokens: number;
        readonly outputTokens: number;
        readonly cachedReadTokens?: number | null;
        readonly cachedWriteTokens?: number | null;
      }
    | null
    | undefined,
): Usage {
  if (said === null || said === undefined) return unknownUsage;
  return {
    inputTokens: said.inputTokens,
    outputTokens: said.outputTokens,
    cacheReadTokens: said.cachedReadTokens ?? 0,
    cacheWriteTokens: said.cachedWriteTokens ?? 0,
    calls: 1,
  };
}
