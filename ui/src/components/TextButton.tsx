/** A word within a text or table that does something: it looks like a link, and is reached by keyboard as one. */
import { Button } from "antd";
import type { ReactNode } from "react";

const AS_TEXT = { padding: 0, height: "auto", whiteSpace: "normal", textAlign: "start" } as const;

export function TextButton({ onClick, children }: { onClick: () => void; children: ReactNode }) {
  return (
    <Button type="link" size="small" style={AS_TEXT} onClick={onClick}>
      <span dir="auto">{children}</span>
    </Button>
  );
}
