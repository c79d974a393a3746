/** The records of the API as the pages use them, named once. */
export interface User {
  id: number;
  nickname: string | null;
  username: string | null;
  email: string | null;
  phone: string | null;
  blocked: boolean;
  appLang: string | null;
  systemSettings: { theme?: ThemeChoice } | null;
  createdAt: string;
  updatedAt: string;
}

export type ThemeChoice = "light" | "dark" | "system";

export interface SignedIn extends User {
  roles: { name: string; title: string | null }[];
}

/** What the chosen role may do. */
export interface Rights {
  role: string;
  strategy: { actions: string[] };
  /** `<collection>:<action>` → what is allowed. */
  actions: Record<string, unknown>;
  resources: string[];
  snippets: string[];
  allowAll: boolean;
  allowConfigure: boolean;
}

/** What all pages of an application show. */
export interface Settings {
  title: string | null;
  logo: string | null;
  appLang: string | null;
  enabledLanguages: string[] | null;
  color?: string | null;
}
