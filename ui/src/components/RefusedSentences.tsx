/** Above a form: what the server refused of it and no item of it is about. */
import { Alert } from "antd";

interface Props {
  of: readonly string[];
  /** Between each and what follows, in px. */
  gap?: number;
}

export function RefusedSentences({ of, gap = 16 }: Props) {
  return of.map((sentence) => (
    <Alert key={sentence} type="error" showIcon role="alert" title={sentence} style={{ marginBottom: gap }} />
  ));
}
