/** A permanent code such as WF3002; the table of all codes with their meaning is in this file. */
export type DiagnosticCode = `WF${number}`;
