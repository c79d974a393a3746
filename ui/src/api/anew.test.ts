import { QueryClient, QueryObserver } from "@tanstack/react-query";
import { expect, test } from "vitest";
import { readAnew } from "@/api/anew";

test("what is being read for the first time is read once more, and what was read before is read anew", async () => {
  const client = new QueryClient();
  const answers: ((value: string) => void)[] = [];
  const observer = new QueryObserver(client, {
    queryKey: ["jobs", 1],
    queryFn: () => new Promise<string>((answer) => answers.push(answer)),
  });
  const stop = observer.subscribe(() => undefined);
  const renewed = readAnew(client, ["jobs"]);
  answers[0]?.("from before");
  await expect.poll(() => answers.length).toBe(2);
  answers[1]?.("as it is");
  await renewed;
  expect(client.getQueryData(["jobs", 1])).toBe("as it is");

  const again = readAnew(client, ["jobs"]);
  expect(answers).toHaveLength(3);
  answers[2]?.("later");
  await again;
  expect(client.getQueryData(["jobs", 1])).toBe("later");
  expect(answers).toHaveLength(3);
  stop();
});
