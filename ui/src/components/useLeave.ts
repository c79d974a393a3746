/** Asks before something that was written and not stored is left. */
import { App } from "antd";
import { useCallback, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { useBlocker } from "@tanstack/react-router";

/** Answers how to leave: `leave(then)` goes on at once where nothing would be lost, else once people agree. */
export function useLeave(dirty: boolean): (then: () => void) => void {
  const { t } = useTranslation();
  const { modal } = App.useApp();
  const unsaved = useRef(dirty);
  useEffect(() => {
    unsaved.current = dirty;
  }, [dirty]);
  const agree = useCallback(
    () =>
      new Promise<boolean>((resolve) => {
        modal.confirm({
          title: t("record.leaveTitle"),
          content: t("record.leaveHint"),
          okText: t("record.leave"),
          okButtonProps: { danger: true },
          cancelText: t("record.stay"),
          onOk: () => resolve(true),
          onCancel: () => resolve(false),
        });
      }),
    [modal, t],
  );
  useBlocker({
    shouldBlockFn: async () => unsaved.current && !(await agree()),
    enableBeforeUnload: () => unsaved.current,
  });
  return useCallback(
    (then) => {
      if (!unsaved.current) {
        then();
        return;
      }
      void agree().then((agreed) => {
        if (!agreed) return;
        unsaved.current = false;
        then();
      });
    },
    [agree],
  );
}
