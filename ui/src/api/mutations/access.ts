import { useMutation, useQueryClient, type QueryKey } from "@tanstack/react-query";
import { key, write } from "@/api/client";
import { people, roles, scopes, type Role, type RoleResource, type Scope } from "@/api/queries/access";
import { session } from "@/api/queries/session";
import type { User } from "@/api/types";

/** What people are made of and changed to; roles by name. */
export type PersonGiven = Partial<
  Pick<User, "nickname" | "username" | "email" | "phone" | "blocked"> & { password: string; roles: string[] }
>;

/** A mutation after which these are read anew. */
function useWrite<Given, Answer = unknown>(act: (given: Given) => Promise<Answer>, ...stale: QueryKey[]) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: act,
    onSuccess: () =>
      Promise.all([session.all, ...stale].map((queryKey) => client.invalidateQueries({ queryKey }))),
  });
}

export const useCreatePerson = () =>
  useWrite((body: PersonGiven) => write<User>("users:create", { body }), people.all);

export const useUpdatePerson = () =>
  useWrite(
    ({ id, ...body }: PersonGiven & { id: number }) => write<User[]>(key("users:update", id), { body }),
    people.all,
  );

export const useDestroyPerson = () =>
  useWrite((id: number) => write<number>(key("users:destroy", id)), people.all);

export type RoleGiven = Partial<
  Pick<Role, "title" | "description" | "strategy" | "snippets" | "default"> & { name: string }
>;

export const useCreateRole = () =>
  useWrite((body: RoleGiven) => write<Role>("roles:create", { body }), roles.all);

export const useUpdateRole = () =>
  useWrite(
    ({ name, ...body }: RoleGiven & { name: string }) => write<Role[]>(key("roles:update", name), { body }),
    roles.all,
  );

export const useDestroyRole = () =>
  useWrite((name: string) => write<number>(key("roles:destroy", name)), roles.all, people.all);

export type ResourceGiven = Pick<RoleResource, "name" | "usingActionsConfig" | "actions">;

const resources = (role: string, action: string): string =>
  `roles/${encodeURIComponent(role)}/resources:${action}`;

/** Set what a role may do on one collection: made where there is no setting yet. */
export const useSetResource = (role: string) =>
  useWrite(
    ({ there, ...body }: ResourceGiven & { there: boolean }) =>
      there
        ? write<unknown>(key(resources(role, "update"), body.name), { body })
        : write<unknown>(resources(role, "create"), { body }),
    roles.all,
  );

/** Let the general setting count for a collection. */
export const useDestroyResource = (role: string) =>
  useWrite((name: string) => write<number>(key(resources(role, "destroy"), name)), roles.all);

export const useSetApplications = (role: string) =>
  useWrite(
    (names: string[]) =>
      write<string[]>(`roles/${encodeURIComponent(role)}/applications:set`, { body: names }),
    roles.all,
  );

export type ScopeGiven = Pick<Scope, "name" | "resourceName" | "scope">;

export const useCreateScope = () =>
  useWrite((body: ScopeGiven) => write<Scope>("rolesResourcesScopes:create", { body }), scopes.all);
