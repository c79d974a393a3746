/** Applications and environments, as the main application's API answers them: by its document, all fields of each. */
import type { components } from "@/api/schema";

type Schemas = components["schemas"];

/** A record of which the answer has each field. */
type Whole<T> = { [Name in keyof T]-?: Exclude<T[Name], undefined> };

type Shown = Whole<Schemas["insula.Application"]>;
type Options = Whole<Shown["options"]>;

export type Observed = Shown["status"];
export type Wanted = Shown["wanted"];
export type StartMode = Options["startMode"];

/** What nobody has said of these is as the main application's. */
export type ApplicationOptions = Omit<Options, Unsaid> & Partial<Pick<Options, Unsaid>>;
type Unsaid = "sleepAfter" | "lang" | "timezone";

/** What is being done with it, where that takes longer than a moment. */
export type Doing = NonNullable<Shown["doing"]>;

/** Why it does not come up, and what can be done. */
export type Failure = NonNullable<Shown["failure"]>;

export type Application = Omit<Shown, "displayName" | "options" | "createdAt"> & {
  displayName: string | null;
  options: ApplicationOptions;
  createdAt: string;
};

/** What the launcher and the switcher show of one. */
export type Card = Whole<Schemas["insula.Card"]>;

/** Something that has happened to an application. */
export type Happened = Omit<Whole<Schemas["insula.ApplicationEvent"]>, "at"> & { at: string };

export type Environment = Whole<Schemas["insula.Environment"]>;

/** The live topics of the main application. */
export const TOPICS = { applications: "applications", environments: "environments" } as const;
