/** Tell people, in a corner of the page, what came of what they did. */
import { App } from "antd";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { ApiError } from "@/api/client";
import { errorText } from "@/api/errors";

export interface Told {
  done: (sentence: string) => void;
  /** What they chose can not be taken, and what can. */
  refused: (sentence: string) => void;
  /** It is done, but not all of it: stays until it is read. */
  partly: (sentence: string) => void;
  /** What happened and what to try, with the request's id for whoever looks after the server. */
  failed: (error: unknown) => void;
}

export function useTold(): Told {
  const { message, notification } = App.useApp();
  const { t } = useTranslation();
  return useMemo(
    () => ({
      done: (sentence) => void message.success(sentence),
      refused: (sentence) => void message.warning(sentence),
      partly: (sentence) => notification.warning({ title: sentence, role: "alert", duration: 0 }),
      failed: (error) => {
        const id = error instanceof ApiError ? error.requestId : null;
        const text = errorText(t, error);
        notification.error({
          title: t("errors.title"),
          description: id ? `${text} (${t("common.requestId", { id })})` : text,
          role: "alert",
        });
      },
    }),
    [message, notification, t],
  );
}
