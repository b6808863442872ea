import { readFileSync } from "node:fs";
import { join } from "node:path";
import { SchemaGuide } from "../../editor/schema-guide.ts";
import type { SchemaNode } from "../../manifest/schema-node.ts";
import type { ExitCode } from "../exit-code.ts";
import { serve } from "../language-server/server.ts";
import { packageRoot } from "../package-root.ts";
import { projectPolicy } from "../project-policy.ts";
import type { Terminal } from "../terminal.ts";

/** `muster lsp`: ends with the editor's `exit`, or with its input. */
export function run(terminal: Terminal): Promise<ExitCode> {
  const { env, cwd } = terminal;
  const schema = JSON.parse(readFileSync(join(packageRoot(), "schemas/workflow.v1.json"), "utf8")) as SchemaNode;
  serve({
    input: process.stdin,
    output: process.stdout,
    env,
    cwd,
    guide: new SchemaGuide(schema),
    policyIn: (folder) => projectPolicy({ ...terminal, cwd: folder }),
  });
  return new Promise(() => {});
}
