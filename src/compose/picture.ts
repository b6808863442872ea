/** Parts of the live picture of a run, for commands that show several runs. */
export { cut } from "../reporter/tree/cell.ts";
export { rowsOf } from "../reporter/tree/frame.ts";
export { Painter, type Screen } from "../reporter/tree/painter.ts";
