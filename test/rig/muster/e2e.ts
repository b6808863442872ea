import { inject, test } from "vitest";
import { startFakeAnthropic, type FakeAnthropic } from "../fake-anthropic/fake-anthropic.ts";
import { Project } from "./project.ts";

/** Stories through the real command: each gets a model server of its own (which answers at once) and an empty folder. */
export const story = test.extend<{ fake: FakeAnthropic; project: Project }>({
  // eslint-disable-next-line no-empty-pattern -- vitest reads the names of the parameters
  fake: async ({}, use) => {
    const fake = await startFakeAnthropic();
    await use(fake);
    await fake.close();
  },
  project: async ({ fake }, use) => {
    const project = new Project(inject("musterScript"), fake.url);
    await use(project);
    await project.close();
  },
});
