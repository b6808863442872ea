import { expect, it } from "vitest";
import { ollamaAddress } from "../../../../src/provider/openai/ollama-host.ts";

// The cases of Ollama's own tests (envconfig, TestHost), and what a client makes of a server's address.
it.each([
  [undefined, "http://127.0.0.1:11434"],
  ["", "http://127.0.0.1:11434"],
  ["1.2.3.4", "http://1.2.3.4:11434"],
  [":1234", "http://127.0.0.1:1234"],
  ["1.2.3.4:1234", "http://1.2.3.4:1234"],
  ["example.com", "http://example.com:11434"],
  ["example.com:1234", "http://example.com:1234"],
  [":66000", "http://127.0.0.1:11434"],
  ["[::1]", "http://[::1]:11434"],
  ["[::]:1337", "http://[::1]:1337"],
  ["0.0.0.0", "http://127.0.0.1:11434"],
  ["http://1.2.3.4", "http://1.2.3.4:80"],
  ["https://1.2.3.4", "https://1.2.3.4:443"],
  ["https://1.2.3.4:4321", "https://1.2.3.4:4321"],
  ["https://example.com/ollama/", "https://example.com:443/ollama"],
  ['"1.2.3.4"', "http://1.2.3.4:11434"],
])("reads OLLAMA_HOST=%s as %s", (text, address) => {
  expect(ollamaAddress(text)).toBe(address);
});
