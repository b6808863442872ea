import type { ModelEvent } from "../../provider/provider.ts";

/** An answer that comes in one piece. */
export async function* once(event: Promise<ModelEvent>): AsyncIterable<ModelEvent> {
  yield await event;
}
