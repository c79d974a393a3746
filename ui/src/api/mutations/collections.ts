import { useMutation, useQueryClient } from "@tanstack/react-query";
import { key, write } from "@/api/client";
import { collections } from "@/api/queries/collections";

type Body = Record<string, unknown>;

/** Writes metadata; afterwards all of it is read anew, since one change may make or take fields elsewhere. */
function useMetadataChange<T, R>(mutationFn: (given: T) => Promise<R>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn,
    onSuccess: () => client.invalidateQueries({ queryKey: collections.all }),
  });
}

const fieldsOf = (collection: string): string => `collections/${encodeURIComponent(collection)}/fields`;

export const useCreateCollection = () =>
  useMetadataChange((body: Body) => write<{ name: string }>("collections:create", { body }));

export const useUpdateCollection = () =>
  useMetadataChange(({ name, body }: { name: string; body: Body }) =>
    write<unknown>(key("collections:update", name), { body }),
  );

/** `cascade`: relations of other collections to it go, too. */
export const useDropCollection = () =>
  useMetadataChange(({ name, cascade }: { name: string; cascade: boolean }) =>
    write<number>(key("collections:destroy", name), { query: { cascade } }),
  );

export const useMoveCollection = () =>
  useMetadataChange(({ name, target }: { name: string; target: string }) =>
    write<unknown>("collections:move", { query: { sourceId: name, targetId: target } }),
  );

export const useCreateField = (collection: string) =>
  useMetadataChange((body: Body) => write<{ name: string }>(`${fieldsOf(collection)}:create`, { body }));

export const useUpdateField = (collection: string) =>
  useMetadataChange(({ name, body }: { name: string; body: Body }) =>
    write<unknown>(key(`${fieldsOf(collection)}:update`, name), { body }),
  );

export const useDropField = (collection: string) =>
  useMetadataChange((name: string) => write<number>(key(`${fieldsOf(collection)}:destroy`, name)));

export const useMoveField = (collection: string) =>
  useMetadataChange(({ name, target }: { name: string; target: string }) =>
    write<unknown>(`${fieldsOf(collection)}:move`, { query: { sourceId: name, targetId: target } }),
  );
