import type { Provider } from "../provider.ts";
import type { RecordingEntry } from "./recording.ts";
import { recordingEntry } from "./render.ts";

/**
 * A provider that passes on what another one answers and gives each finished exchange to `write`, in the order of
 * their ends. A cancelled call is not an exchange and is left out. `write` must not throw; redacting is its part.
 */
export function createRecorder(inner: Provider, write: (entry: RecordingEntry) => void): Provider {
  return {
    name: inner.name,
    origin: inner.origin,
    async *call(request, context) {
      for await (const event of inner.call(request, context)) {
        const isCancelled = event.type === "failed" && event.failure.class === "cancelled";
        if (event.type !== "text" && !isCancelled) write(recordingEntry(request, context, event));
        yield event;
      }
    },
  };
}
