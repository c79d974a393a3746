/** Of many that were asked for at once, what became of each (status 200 or 207). */
export interface Outcome {
  name: string;
  /** What speaks against it, as sentences; none: it is done. */
  errors: { code: string; message: string }[];
}

interface Refused {
  name: string;
  errors: { code?: string; message?: string }[];
}

/** A record has `errors` too, a number: its figure. */
const isRefused = (answer: unknown): answer is Refused =>
  typeof answer === "object" && answer !== null && "errors" in answer && Array.isArray(answer.errors);

/** The answers come in the order of the names. */
export function outcomes(names: readonly string[], answers: readonly unknown[]): Outcome[] {
  return names.map((name, index) => {
    const answer = answers[index];
    const errors = isRefused(answer) ? answer.errors : [];
    return {
      name,
      errors: errors.map(({ code = "UNKNOWN", message = "" }) => ({ code, message })),
    };
  });
}

export const failed = (all: readonly Outcome[]): Outcome[] => all.filter(({ errors }) => errors.length > 0);
