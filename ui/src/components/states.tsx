/** What stands in place of content: while it is read, when it could not be, and when there is none yet. */
import { Button, Empty, Flex, Result, Skeleton, Typography } from "antd";
import { useTranslation } from "react-i18next";
import type { ReactNode } from "react";
import { ApiError } from "@/api/client";
import { errorText } from "@/api/errors";
import styles from "@/components/states.module.css";

export function Loading() {
  const { t } = useTranslation();
  return (
    <div role="status" aria-label={t("common.loading")}>
      <Skeleton active paragraph={{ rows: 6 }} />
    </div>
  );
}

interface FailedProps {
  error: unknown;
  retry?: (() => void) | undefined;
  /** What failed, where it is not the page. */
  title?: string;
}

export function Failed({ error, retry, title }: FailedProps) {
  const { t } = useTranslation();
  const id = error instanceof ApiError ? error.requestId : null;
  const forbidden = error instanceof ApiError && error.status === 403;
  return (
    <div role="alert">
      <Result
        status={forbidden ? "403" : "warning"}
        title={
          <h2 className={styles["title"]}>
            {forbidden ? t("errors.forbidden") : (title ?? t("errors.pageTitle"))}
          </h2>
        }
        subTitle={
          <Flex vertical gap={4} align="center">
            <span>{forbidden ? t("errors.forbiddenHint") : errorText(t, error)}</span>
            {id && <Typography.Text type="secondary">{t("common.requestId", { id })}</Typography.Text>}
          </Flex>
        }
        extra={retry && !forbidden && <Button onClick={retry}>{t("common.retry")}</Button>}
      />
    </div>
  );
}

interface NothingProps {
  /** What is missing. */
  title: string;
  /** What to do next. */
  hint?: string;
  action?: ReactNode;
}

export function Nothing({ title, hint, action }: NothingProps) {
  return (
    <Empty
      image={Empty.PRESENTED_IMAGE_SIMPLE}
      description={
        <Flex vertical gap={4} align="center">
          <Typography.Text strong>{title}</Typography.Text>
          {hint !== undefined && <Typography.Text type="secondary">{hint}</Typography.Text>}
        </Flex>
      }
    >
      {action}
    </Empty>
  );
}

interface ShownProps<T> {
  of: { data: T | undefined; error: unknown; refetch: () => unknown };
  children: (data: T) => ReactNode;
}

/** The answer of a query, or how it stands with it. An older answer stays while a newer one can not be had. */
export function Shown<T>({ of, children }: ShownProps<T>) {
  if (of.data !== undefined) return children(of.data);
  if (of.error !== null) return <Failed error={of.error} retry={() => void of.refetch()} />;
  return <Loading />;
}
