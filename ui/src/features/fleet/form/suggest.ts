/** An id for who has typed none: of the name that people see, with a number behind it where it is taken. */
import { useCallback } from "react";
import { useQueryClient } from "@tanstack/react-query";
import { applications } from "@/api/queries/applications";
import { idFrom } from "@/features/fleet/form/names";

const MOST_TRIES = 9;

/** Answers a free id; empty where the server shall make one. */
export function useSuggestion(): (shown: string) => Promise<string> {
  const client = useQueryClient();
  return useCallback(
    async (shown: string) => {
      const id = idFrom(shown);
      if (!id) return "";
      for (let nth = 1; nth <= MOST_TRIES; nth++) {
        const tried = nth === 1 ? id : `${id.slice(0, 60)}-${nth}`;
        const taken = await client.query({ ...applications.get(tried), retry: false }).catch(() => true);
        if (!taken) return tried;
      }
      return "";
    },
    [client],
  );
}
