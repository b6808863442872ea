/** How far the steps of a run are, by path (`group/inner`); a step that is not in it is shown as planned. */
export type GraphStatuses = ReadonlyMap<string, GraphStatus>;

export type GraphStatus = "running" | "waiting" | "succeeded" | "failed" | "skipped" | "cancelled";

/** Colours of a box by status, readable in black on white paper: fill and border, `#rrggbb`. */
export const statusColors: { readonly [status in GraphStatus]: { readonly fill: string; readonly stroke: string } } = {
  running: { fill: "#dbeafe", stroke: "#2563eb" },
  waiting: { fill: "#fef3c7", stroke: "#d97706" },
  succeeded: { fill: "#dcfce7", stroke: "#16a34a" },
  failed: { fill: "#fee2e2", stroke: "#dc2626" },
  skipped: { fill: "#f3f4f6", stroke: "#9ca3af" },
  cancelled: { fill: "#ffedd5", stroke: "#ea580c" },
};

/** A graph without a run. */
export const noStatuses: GraphStatuses = new Map<string, GraphStatus>([]);
