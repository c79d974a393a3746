import type { Person, Role } from "@/api/queries/access";

/** What a person is called: whichever of their names there is. */
export const nameOf = (person: Pick<Person, "id" | "nickname" | "username" | "email">): string =>
  person.nickname ?? person.username ?? person.email ?? `#${person.id}`;

export const titleOf = (role: Pick<Role, "name" | "title">): string => role.title ?? role.name;
