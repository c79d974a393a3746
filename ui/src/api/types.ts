/** The records of the API as the pages use them, named once: those of its document, and what it leaves open. */
import type { components } from "@/api/schema";

type Schemas = components["schemas"];

/** Fields of a record of which the answer has each. */
type Whole<T, K extends keyof T> = { [Name in K]-?: Exclude<T[Name], undefined> };

export interface User extends Whole<
  Schemas["users"],
  "nickname" | "username" | "email" | "phone" | "appLang"
> {
  id: number;
  blocked: boolean;
  systemSettings: { theme?: ThemeChoice } | null;
  createdAt: string;
  updatedAt: string;
}

export type ThemeChoice = "light" | "dark" | "system";

export interface SignedIn extends User {
  roles: { name: string; title: string | null }[];
}

/** What the chosen role may do. */
export type Rights = Schemas["insula.Rights"];

/** What all pages of an application show. */
export type Settings = Pick<
  Schemas["insula.Settings"],
  "title" | "logo" | "color" | "appLang" | "enabledLanguages"
>;
