import type { Cages } from "../engine/process/cgroup.ts";
import { serveProcess } from "../engine/process/serve-process.ts";
import { createGuardedFetch } from "../network/guarded-fetch.ts";
import type { Resolve } from "../network/resolve.ts";
import { refusalOf } from "../plan/permissions.ts";
import { failure } from "../run/failure.ts";
import { err, ok } from "../util/result.ts";
import type { FindWay } from "../tool/mcp/tools.ts";
import { StdioTransport } from "../tool/mcp/stdio-transport.ts";
import { INSTALL_SANDBOX, type PreparedSandbox } from "../tool/sandbox/sandbox.ts";

/** From SIGTERM to SIGKILL when a server is stopped. */
const KILL_GRACE_MS = 2_000;

/** What servers get of the environment: where programs are, who the user is, how they write. Keys have other names. */
const usual =
  /^(?:PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_\w+|TZ|TMPDIR|TERM|XDG_RUNTIME_DIR|MUSTER_RUNS_FOLDER)$/;

export interface ServerOptions {
  /** What programs inherit: nothing secret. */
  readonly environment: { readonly [name: string]: string };
  readonly resolve: Resolve;
  readonly sandbox: () => PreparedSandbox | null;
  readonly cages: () => Cages | null;
}

/** Starts MCP servers that are programs, and finds those that run elsewhere. */
export function createFindWay({ environment, resolve, sandbox, cages }: ServerOptions): FindWay {
  const scrubbed = Object.fromEntries(Object.entries(environment).filter(([name]) => usual.test(name)));
  return async ({ server, values }, context) => {
    const { grant, program, workspace } = context;
    if (server.kind === "http") {
      const { StreamableHTTPClientTransport } = await import("@modelcontextprotocol/client");
      const url = new URL(server.url);
      const fetch = createGuardedFetch(
        url.origin,
        (host, isPrivate) => refusalOf(grant, { kind: "host", host, isPrivate }),
        resolve,
      );
      const transport = new StreamableHTTPClientTransport(url, { fetch, requestInit: { headers: values } });
      return ok({ transport, program: null });
    }
    const prepared = sandbox();
    const shutIn = server.sandbox === "off" ? null : prepared;
    if (shutIn === null && server.sandbox === "require")
      return err(
        failure("tool", "mcp_not_started", `the MCP server '${server.name}' needs a sandbox, and there is none`, {
          help: INSTALL_SANDBOX,
        }),
      );
    const own = { ...values, ...program.env };
    const wrapped =
      shutIn === null
        ? { argv: prepared?.tie(server.argv) ?? server.argv, env: { ...scrubbed, ...own } }
        : shutIn.wrap({
            argv: server.argv,
            workspace,
            files: grant.files,
            memoryBytes: program.memoryBytes,
            processes: program.processes,
            env: own,
          });
    const { memoryBytes, processes } = program;
    const started = await serveProcess({
      ...wrapped,
      cwd: workspace,
      // It lives as long as its agent works, and waits most of the time.
      limits: { memoryBytes, processes, cpuMs: Infinity },
      cages: cages(),
      isShutIn: prepared !== null,
      killGraceMs: KILL_GRACE_MS,
    });
    if (!started.ok) {
      const message = `the MCP server '${server.name}' could not be started: ${started.error}`;
      return err(failure("tool", "mcp_not_started", message, { help: "install it, or name it with its path" }));
    }
    const { deserializeMessage } = await import("@modelcontextprotocol/client");
    const stdio = new StdioTransport(started.value, deserializeMessage);
    return ok({ transport: stdio, program: { process: started.value, stdio } });
  };
}
