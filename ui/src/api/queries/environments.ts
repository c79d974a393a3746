import { queryOptions } from "@tanstack/react-query";
import { read } from "@/api/client";
import type { Environment } from "@/api/fleet";

/** Where applications can run. */
export const environments = {
  all: ["environments"] as const,
  list: () =>
    queryOptions({
      queryKey: environments.all,
      queryFn: ({ signal }) => read<Environment[]>("environments:list", { signal }),
    }),
};
