/** What every page looks like: a title, a sentence, the main action to the right, and the content below. */
import { Flex, Typography } from "antd";
import { useEffect, type ReactNode } from "react";
import { useQuery } from "@tanstack/react-query";
import { settings } from "@/api/queries/session";
import { ownName } from "@/lib/boot";
import styles from "@/components/Page.module.css";

interface Props {
  title: string;
  /** One sentence, or what identifies the thing shown. */
  hint?: ReactNode | undefined;
  /** Above the title: where this page belongs. */
  trail?: ReactNode;
  actions?: ReactNode;
  /** As wide as the window allows, for tables of data. */
  wide?: boolean;
  children: ReactNode;
}

export function Page({ title, hint, trail, actions, wide = false, children }: Props) {
  const { data } = useQuery(settings.get());
  const application = data?.title ?? ownName;
  useEffect(() => {
    document.title = `${title} · ${application}`;
  }, [title, application]);
  return (
    <div className={wide ? styles["wide"] : styles["page"]}>
      {trail}
      <Flex justify="space-between" align="flex-start" gap={16} wrap className={styles["head"] ?? ""}>
        <div className={styles["heading"]}>
          <Typography.Title level={1} className={styles["title"] ?? ""} title={title} dir="auto">
            {title}
          </Typography.Title>
          {hint !== undefined && <Typography.Text type="secondary">{hint}</Typography.Text>}
        </div>
        {actions !== undefined && (
          <Flex gap={8} wrap>
            {actions}
          </Flex>
        )}
      </Flex>
      {children}
    </div>
  );
}
