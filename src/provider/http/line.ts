import { BodyTooLarge } from "./node-fetch.ts";

/** The lines of a body that are not empty, each at most so long (UTF-16 units). */
export async function* linesOf(body: AsyncIterable<Uint8Array>, longest: number): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of body) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = parts.pop() ?? "";
    for (const line of parts) if (line.trim() !== "") yield line;
    if (rest.length > 4 * longest) throw new BodyTooLarge(`a line of more than ${4 * longest} characters`);
  }
  rest += decoder.decode();
  if (rest.trim() !== "") yield rest;
}
