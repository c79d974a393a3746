import { useMutation, useQueryClient } from "@tanstack/react-query";
import { key, write } from "@/api/client";
import { environments } from "@/api/queries/environments";

/** Forget one that is stopped for good. */
export function useForget() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (name: string) => write<number>(key("environments:destroy", name)),
    onSettled: () => client.invalidateQueries({ queryKey: environments.all }),
  });
}
