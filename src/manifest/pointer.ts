/** Where a node is in a manifest: keys and list indices from the top, e.g. `["steps", "draft", "needs", 0]`. */
export type Pointer = readonly (string | number)[];
