import { isJsonObject, readJson } from "../../util/json.ts";

/**
 * The body of an error as OpenAI writes it, `{ "error": { "message": ... } }`: the SDK reads no other, and servers that
 * speak its API put the message at the top (vLLM), into `detail` (FastAPI) or give a bare text (Ollama).
 */
export function errorBody(text: string): string {
  const body = readJson(text);
  if (!body.ok || !isJsonObject(body.value)) return text;
  const { error, message, detail } = body.value as { readonly [name: string]: unknown };
  if (typeof error === "string") return JSON.stringify({ error: { message: error } });
  if (error !== undefined) return text;
  if (typeof message === "string") return JSON.stringify({ error: body.value });
  if (detail === undefined) return text;
  return JSON.stringify({ error: { message: typeof detail === "string" ? detail : JSON.stringify(detail) } });
}
