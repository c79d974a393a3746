import { useMutation, useQueryClient } from "@tanstack/react-query";
import { key, write } from "@/api/client";
import { jobs, type Job } from "@/api/queries/jobs";

export type JobVerb = "retry" | "cancel" | "undo";

/** Go on with a failed job, end one, or take back what it did. */
export function useHandleJob(id: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (verb: JobVerb) => write<Job>(key(`jobs:${verb}`, id)),
    onSettled: () => client.invalidateQueries({ queryKey: jobs.all }),
  });
}
