import { isJsonObject, type Json, type JsonObject } from "../../util/json.ts";

/** Where the answer to a call is to be found: on the record from before it is handed in until it is answered. */
export interface Ticket {
  /** Names what was handed in together. */
  readonly group: string;
  readonly customId: string;
  /** How many requests the group has. */
  readonly size: number;
  /** When it was about to be handed in, milliseconds since 1970. */
  readonly at: number;
  /** null = about to be handed in: whether it was is not known. */
  readonly batch: string | null;
}

export function ticketJson({ group, customId, size, at, batch }: Ticket): JsonObject {
  return { group, custom_id: customId, size, at, batch };
}

/** null = there is none. */
export function readTicket(value: Json | null): Ticket | null {
  if (!isJsonObject(value)) return null;
  const { group, custom_id: customId, size, at, batch = null } = value;
  if (typeof group !== "string" || typeof customId !== "string") return null;
  if (typeof size !== "number" || typeof at !== "number") return null;
  return { group, customId, size, at, batch: typeof batch === "string" ? batch : null };
}
