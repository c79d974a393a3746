/** What the preflight found, and which fields of the form it speaks of. */
import { ApiError } from "@/api/client";

export interface Finding {
  level: "ok" | "warning" | "error";
  code: string;
  message: string;
  /** What to do; with the statement to run at its end where there is one. */
  remedy: string;
}

/** A field of the form, as antd names them. */
export type FieldPath = (string | number)[];

const FIELDS: Readonly<Record<string, FieldPath>> = {
  SERVER_UNREACHABLE: ["database", "host"],
  LOGIN_REFUSED: ["database", "username"],
  PRIVILEGE_MISSING: ["database", "username"],
  DATABASE_NOT_FOUND: ["database", "database"],
  STORAGE_UNFIT: ["database", "storage"],
  DOMAIN_UNRESOLVED: ["cname"],
  DOMAIN_ELSEWHERE: ["cname"],
  ENVIRONMENT_FULL: ["environments"],
  DATABASE_NOT_SHARED: ["environments"],
};

const RENAMED: Readonly<Record<string, FieldPath>> = {
  "options.database.dialect": ["dialect"],
  "options.sleepAfter": ["sleep"],
  "options.autoStart": ["startMode"],
};

/** The field of the form that the server means by its name: `options.database.host` → `["database", "host"]`. */
export function fieldOf(name: string): FieldPath {
  return RENAMED[name] ?? name.replace(/^options\./, "").split(".");
}

/** The field that a finding speaks of; `null`: of the whole. */
export const fieldOfFinding = (finding: Finding): FieldPath | null => FIELDS[finding.code] ?? null;

/** A remedy as its sentence and the statement to run. */
export function remedyOf(remedy: string): { sentence: string; statement: string | null } {
  const found = /(?:^|: )((?:ALTER|CREATE|GRANT) .*)$/s.exec(remedy);
  if (!found) return { sentence: remedy, statement: null };
  return { sentence: remedy.slice(0, found.index), statement: found[1] ?? null };
}

/** The stamp of an application that is there already and can be taken over. */
export function stampOf(findings: readonly Finding[]): string | null {
  const held = findings.find((finding) => finding.code === "HOLDS_APPLICATION");
  return held ? (/\(stamp ([^)\s]+)\)/.exec(held.message)?.[1] ?? null) : null;
}

export interface FieldError {
  name: FieldPath;
  errors: string[];
}

/** What findings say at the fields of the form: those that speak against it. */
export function errorsOf(findings: readonly Finding[]): FieldError[] {
  return findings
    .filter((finding) => finding.level === "error")
    .flatMap((finding) => {
      const name = fieldOfFinding(finding);
      return name ? [{ name, errors: [finding.message] }] : [];
    });
}

/** What a refusal says: at the fields that it names; as findings what it found elsewhere. */
export function refusal(error: unknown): { fields: FieldError[]; findings: Finding[] } {
  if (!(error instanceof ApiError)) return { fields: [], findings: [] };
  const fields: FieldError[] = [];
  const findings: Finding[] = [];
  for (const { code, message, field } of error.all) {
    const { sentence, statement } = remedyOf(message);
    const finding: Finding = { level: "error", code, message: sentence, remedy: statement ?? "" };
    if (typeof field === "string") fields.push({ name: fieldOf(field), errors: [message] });
    else findings.push(finding);
  }
  return { fields: [...fields, ...errorsOf(findings)], findings };
}
