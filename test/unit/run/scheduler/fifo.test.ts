import { expect, test } from "vitest";
import { Fifo } from "../../../../src/run/scheduler/fifo.ts";

test("first in, first out, also while it drops what is behind it", () => {
  const fifo = new Fifo<number>();
  const out: (number | undefined)[] = [];
  for (let i = 0; i < 5000; i += 1) {
    fifo.push(2 * i);
    fifo.push(2 * i + 1);
    out.push(fifo.shift());
  }
  expect(fifo.size).toBe(5000);
  expect([...fifo].slice(0, 2)).toEqual([5000, 5001]);
  while (fifo.size > 0) out.push(fifo.shift());
  expect(out).toEqual(Array.from({ length: 10_000 }, (_, i) => i));
  expect(fifo.shift()).toBeUndefined();
});
