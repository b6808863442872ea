import type { Pointer } from "../../manifest/pointer.ts";
import type { Piece } from "../problems.ts";

/** Where in the file a step says that it waits for another. */
export interface EdgePlace {
  readonly pointer: Pointer;
  readonly piece?: Piece;
}
