import { useMutation, useQueryClient } from "@tanstack/react-query";
import { toQuery, type ImportAsked } from "@/api/queries/imports";
import { jobs } from "@/api/queries/jobs";
import { upload } from "@/api/upload";

interface Start {
  file: File;
  asked: ImportAsked;
  onProgress: (share: number) => void;
  signal: AbortSignal;
}

/** Send a whole file; answers the number of the job that reads it. */
export function useImport(collection: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async ({ file, asked, ...sending }: Start) => {
      const query = toQuery(asked);
      const { jobId } = await upload<{ jobId: number }>(`${collection}:import`, {
        query,
        body: file,
        ...sending,
      });
      return jobId;
    },
    onSuccess: () => client.invalidateQueries({ queryKey: jobs.all }),
  });
}
