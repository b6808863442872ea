/**
 * The address of Ollama as its own tools read OLLAMA_HOST: a host, a port, both, or a URL; without a scheme the port
 * is 11434 unless it is said, with one it is the scheme's. 0.0.0.0 is what a server listens on, a client asks 127.0.0.1.
 */
export function ollamaAddress(ollamaHost: string | undefined): string {
  const text = (ollamaHost ?? "").trim().replaceAll(/^["']|["']$/g, "");
  const scheme = /^([a-z]+):\/\//i.exec(text)?.[1]?.toLowerCase() ?? null;
  const [authority = "", ...path] = text.replace(/^[a-z]+:\/\//i, "").split("/");
  const defaultPort = scheme === "https" ? "443" : scheme === "http" ? "80" : "11434";
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d*))?$/.exec(authority) ?? [null, authority];
  const host = bracketed ?? plain ?? "";
  const isPort = port !== undefined && port !== "" && Number(port) <= 65535;
  const reachable = host === "" || host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  const shown = reachable.includes(":") ? `[${reachable}]` : reachable;
  const folder = path.join("/").replace(/\/+$/, "");
  return `${scheme ?? "http"}://${shown}:${isPort ? port : defaultPort}${folder === "" ? "" : `/${folder}`}`;
}
