/** Which parts of the application there are to offer. */
import { useQuery } from "@tanstack/react-query";
import { plugins } from "@/api/queries/administration";

/** Whether a plugin works here; not before that is known. */
export function useWorks(plugin: string): boolean {
  const { data } = useQuery(plugins.working());
  return data?.includes(plugin) ?? false;
}

/** The plugin that brings files in and out. */
export const TRANSFER = "import-export";
