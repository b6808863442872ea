import type { McpServer } from "@modelcontextprotocol/server";

/** Serves over stdin and stdout; settles when the client closes them (null), or with the signal that ends the process. */
export async function processConnection(createServer: () => McpServer): Promise<"SIGINT" | "SIGTERM" | null> {
  const { serveStdio } = await import("@modelcontextprotocol/server/stdio");
  const ended = new Promise<"SIGINT" | "SIGTERM" | null>((resolve) => {
    for (const stream of [process.stdin, process.stdout]) stream.once("close", () => resolve(null));
    process.stdin.once("end", () => resolve(null));
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve(signal));
  });
  const handle = serveStdio(createServer, {
    onerror: (error) => void process.stderr.write(`muster mcp: ${error.message}\n`),
  });
  const how = await ended;
  await handle.close();
  return how;
}
